/// <reference lib="webworker" />
//
// The service worker: keeps the whole site, so that it works offline after the first visit, and
// makes pages cross-origin isolated on hosts that cannot send the headers for it.
//
// Messages that a page may send, each answered through the port that comes with it once it is done:
//   "isolate"  from now on answer with COOP and COEP; the page then reloads once
//   "update"   a newer version that waits takes over now; pages that are open then reload
//
// The site's files are kept by their hashes (manifest.json), so that a new version fetches only
// what changed.

/** @typedef {{ bytes: number, sha256: string }} Entry */
/** @typedef {{ version: string, files: Record<string, Entry> }} Manifest */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const scope = new URL(worker.registration.scope);

// The build replaces this: a change in any file changes this script, which is how the browser sees
// a new version.
const VERSION = "WASGI_VERSION";
// Caches belong to the origin, which may hold other sites: the scope tells ours.
const FILES = `wasgi files ${scope.pathname}`;
const STATE = `wasgi state ${scope.pathname}`;
const ISOLATE = "isolate";
const MANIFEST = "manifest.json";

// Whoever works on the site wants the files of the last build, not those of the first visit.
const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(scope.hostname);

/**
 * How many files are fetched at a time: fewer than a browser's connections to a host, so that the
 * page has some.
 */
const CONCURRENCY = 3;

worker.addEventListener("install", (event) => event.waitUntil(precache()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => event.waitUntil(answer(event)));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) return;
  if (!url.pathname.startsWith(scope.pathname) || request.headers.has("range")) return;
  event.respondWith(respond(request, url));
});

/** Fetches the files of this version that an earlier version has not kept. */
async function precache() {
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
  await putState(MANIFEST + VERSION, JSON.stringify(manifest));
}

/** @returns {Promise<Manifest>} */
async function fetchManifest() {
  const response = await fetch(new URL(MANIFEST, scope), { cache: "no-store" });
  if (!response.ok)
    throw new Error(`${MANIFEST} answered ${response.status}: build the site again.`);
  const manifest = await response.json();
  // A site is uploaded file by file: the browser tries again at the next visit.
  if (manifest.version !== VERSION)
    throw new Error(`The site is being updated to ${manifest.version}.`);
  return manifest;
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

/** Forgets the files and manifests of earlier versions, and takes the open pages. */
async function activate() {
  const manifest = await keptManifest();
  if (manifest) {
    const wanted = new Set(
      Object.entries(manifest.files).map(([path, { sha256 }]) => keyOf(path, sha256)),
    );
    const files = await caches.open(FILES);
    for (const { url } of await files.keys()) if (!wanted.has(url)) await files.delete(url);
    const state = await caches.open(STATE);
    const current = stateKey(MANIFEST + VERSION);
    for (const { url } of await state.keys()) {
      if (url.startsWith(stateKey(MANIFEST)) && url !== current) await state.delete(url);
    }
  }
  await worker.clients.claim();
}

/** @param {ExtendableMessageEvent} event */
async function answer(event) {
  if (event.data === "isolate") {
    await putState(ISOLATE, "yes");
    isolating = Promise.resolve(true);
  }
  if (event.data === "update") await worker.skipWaiting();
  event.ports[0]?.postMessage(event.data);
}

/**
 * @param {Request} request
 * @param {URL} url
 */
async function respond(request, url) {
  const response = await (isLoopback ? networkFirst(request, url) : keptFirst(request, url));
  return (await isIsolating()) ? isolated(response) : response;
}

/**
 * @param {Request} request
 * @param {URL} url
 */
async function keptFirst(request, url) {
  return (await kept(url)) ?? fetch(request);
}

/**
 * @param {Request} request
 * @param {URL} url
 */
async function networkFirst(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const response = await kept(url);
    if (response) return response;
    throw error;
  }
}

/**
 * The file that `url` asks for, if it is kept. Queries are the page's own affair.
 * @param {URL} url
 */
async function kept(url) {
  const manifest = await keptManifest();
  if (!manifest) return undefined;
  const path = url.pathname.slice(scope.pathname.length);
  if (path === MANIFEST) return Response.json(manifest);
  const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  const entry = manifest.files[name];
  return entry && (await caches.open(FILES)).match(keyOf(name, entry.sha256));
}

/**
 * The same response, with the headers that make a page cross-origin isolated and let such a page
 * load it.
 * @param {Response} response
 */
function isolated(response) {
  // What the browser answers itself (an error, a redirect that it is to follow) cannot be changed.
  if (response.status === 0 || response.type === "opaqueredirect") return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  headers.set("cross-origin-resource-policy", "same-origin");
  const { status, statusText } = response;
  const hasBody = ![101, 204, 205, 304].includes(status);
  return new Response(hasBody ? response.body : null, { status, statusText, headers });
}

/**
 * @param {string} path
 * @param {string} sha256
 */
function keyOf(path, sha256) {
  return new URL(`${path}?sha256=${sha256}`, scope).href;
}

/** @type {Promise<Manifest | undefined> | undefined} */
let manifestPromise;

/** The manifest of this version, once it has been installed. */
function keptManifest() {
  manifestPromise ??= getState(MANIFEST + VERSION).then((text) =>
    text ? JSON.parse(text) : undefined,
  );
  return manifestPromise;
}

/** @type {Promise<boolean> | undefined} */
let isolating;

/** Whether a page has asked for isolation. */
function isIsolating() {
  isolating ??= getState(ISOLATE).then(Boolean);
  return isolating;
}

/** @param {string} name */
function stateKey(name) {
  return new URL(`?state=${name}`, scope).href;
}

/**
 * The worker is ended and started as the browser likes: what it must remember is in a cache.
 * @param {string} name
 * @param {string} value
 */
async function putState(name, value) {
  await (await caches.open(STATE)).put(stateKey(name), new Response(value));
}

/** @param {string} name */
async function getState(name) {
  return (await (await caches.open(STATE)).match(stateKey(name)))?.text();
}
