// The site's files, kept by their hashes, so that a new version fetches only what changed. What is
// kept may be rewritten by any script of this origin: a file is served only if it has the hash that
// this script lists.

import { forget } from "./memory.js";
import { scope } from "./scope.js";

/** @import { Manifest } from "./messages.js" */

// The build replaces these two: a change in any file changes this script, which is how the browser
// sees a new version.
const VERSION = "WASGI_VERSION";
/** @type {Manifest["files"]} */
const files = JSON.parse("WASGI_FILES");

const MANIFEST = "manifest.json";
// Caches belong to the origin, which may hold other sites: the scope tells ours.
const FILES = `wasgi files ${scope.pathname}`;

/**
 * How many files are fetched at a time: fewer than a browser's connections to a host, so that the
 * page has some.
 */
const CONCURRENCY = 3;

/**
 * Fetches the files of this version that an earlier version has not kept. Where the host has
 * others, because it is being updated file by file, this version is not installed: the browser
 * tries again at the next visit.
 */
export async function keepFiles() {
  const cache = await caches.open(FILES);
  const waiting = Object.keys(files);
  const keepNext = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (await genuine(path, await cache.match(keyOf(path)))) continue;
      if (await keep(path)) continue;
      throw new Error(`${path} is not the file that belongs to ${VERSION}: is the site updated?`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, keepNext));
}

/** Forgets the files of earlier versions. */
export async function forgetEarlier() {
  const wanted = new Set(Object.keys(files).map(keyOf));
  const cache = await caches.open(FILES);
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
  // Where earlier versions kept their lists.
  await forget(MANIFEST);
}

/**
 * The file that `url` asks for, if it is one of the site's: as it was kept, or else fetched again.
 * Queries are the page's own affair.
 * @param {URL} url
 */
export async function keptFile(url) {
  const path = pathOf(url);
  if (path === MANIFEST) return Response.json({ version: VERSION, files });
  if (!Object.hasOwn(files, path)) return undefined;
  const cache = await caches.open(FILES);
  return (await genuine(path, await cache.match(keyOf(path)))) ?? (await keep(path));
}

/**
 * The name of a file in the site.
 * @param {URL} url
 */
export function pathOf(url) {
  const path = url.pathname.slice(scope.pathname.length);
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}

/**
 * Fetches a file and keeps it.
 * @param {string} path
 * @returns {Promise<Response | undefined>} none if the host has another file, or none
 */
async function keep(path) {
  const response = await fetch(new URL(path, scope), { cache: "no-cache" });
  const file = response.ok ? await genuine(path, response) : undefined;
  if (file) await (await caches.open(FILES)).put(keyOf(path), file.clone());
  return file;
}

/**
 * @param {string} path
 * @param {Response | undefined} response
 * @returns {Promise<Response | undefined>} the file as it was built; none if this is another
 */
async function genuine(path, response) {
  if (!response) return undefined;
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== files[path].sha256) return undefined;
  // What else the host says of it (its type, its policies) stays.
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.set("content-length", String(bytes.byteLength));
  return new Response(bytes, { headers });
}

/** @param {string} path */
function keyOf(path) {
  return new URL(`${path}?sha256=${files[path].sha256}`, scope).href;
}
