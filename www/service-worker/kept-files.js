// The site's files, kept by their hashes (manifest.json), so that a new version fetches only what
// changed.

import { forgetOthers, recall, remember } from "./memory.js";
import { scope } from "./scope.js";

/** @import { Manifest } from "./messages.js" */

// The build replaces this: a change in any file changes this script, which is how the browser sees
// a new version.
const VERSION = "WASGI_VERSION";
const MANIFEST = "manifest.json";
// Caches belong to the origin, which may hold other sites: the scope tells ours.
const FILES = `wasgi files ${scope.pathname}`;

/**
 * How many files are fetched at a time: fewer than a browser's connections to a host, so that the
 * page has some.
 */
const CONCURRENCY = 3;

/** Fetches the files of this version that an earlier version has not kept. */
export async function keepFiles() {
  const manifest = await fetchManifest();
  const cache = await caches.open(FILES);
  const waiting = Object.entries(manifest.files);
  const fetchNext = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [path, { sha256 }] = next;
      const key = keyOf(path, sha256);
      if (await cache.match(key)) continue;
      const response = await fetch(new URL(path, scope), { cache: "no-cache" });
      await verify(path, sha256, response.clone());
      await cache.put(key, response);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, fetchNext));
  await remember(MANIFEST + VERSION, JSON.stringify(manifest));
}

/** Forgets the files and manifests of earlier versions. */
export async function forgetEarlier() {
  const manifest = await keptManifest();
  if (!manifest) return;
  const wanted = new Set(
    Object.entries(manifest.files).map(([path, { sha256 }]) => keyOf(path, sha256)),
  );
  const files = await caches.open(FILES);
  for (const { url } of await files.keys()) if (!wanted.has(url)) await files.delete(url);
  await forgetOthers(MANIFEST, MANIFEST + VERSION);
}

/**
 * The file that `url` asks for, if it is kept. Queries are the page's own affair.
 * @param {URL} url
 */
export async function keptFile(url) {
  const manifest = await keptManifest();
  if (!manifest) return undefined;
  const path = url.pathname.slice(scope.pathname.length);
  if (path === MANIFEST) return Response.json(manifest);
  const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  const entry = manifest.files[name];
  return entry && (await caches.open(FILES)).match(keyOf(name, entry.sha256));
}

/** @returns {Promise<Manifest>} */
async function fetchManifest() {
  const response = await fetch(new URL(MANIFEST, scope), { cache: "no-store" });
  if (!response.ok)
    throw new Error(`${MANIFEST} answered ${response.status}: build the site again.`);
  const manifest = /** @type {Manifest} */ (await response.json());
  // A site is uploaded file by file: the browser tries again at the next visit.
  if (manifest.version !== VERSION)
    throw new Error(`The site is being updated to ${manifest.version}.`);
  return manifest;
}

/** @type {Promise<Manifest | undefined> | undefined} */
let manifestPromise;

/** The manifest of this version, once it has been installed. */
function keptManifest() {
  manifestPromise ??= recall(MANIFEST + VERSION).then((text) =>
    text ? /** @type {Manifest} */ (JSON.parse(text)) : undefined,
  );
  return manifestPromise;
}

/**
 * @param {string} path
 * @param {string} sha256
 * @param {Response} response
 */
async function verify(path, sha256, response) {
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", await response.arrayBuffer()),
  );
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Error(`${path} is not the file that ${MANIFEST} lists.`);
}

/** @param {string} path @param {string} sha256 */
function keyOf(path, sha256) {
  return new URL(`${path}?sha256=${sha256}`, scope).href;
}
