/// <reference lib="webworker" />
//
// The service worker: keeps the whole site, so that it works offline after the first visit, and
// makes pages cross-origin isolated on hosts that cannot send the headers for it.
//
// Events: `install` keeps the files of this version, `activate` forgets those of earlier ones,
// `message` is a ServiceWorkerMessage of a page, `fetch` is answered with a kept file.

import { isIsolating, isolate, isolated } from "./service-worker/isolation.js";
import { forgetEarlier, keepFiles, keptFile } from "./service-worker/kept-files.js";
import { confined } from "./service-worker/policy.js";
import { scope, worker } from "./service-worker/scope.js";

/** @import { ServiceWorkerMessage } from "./service-worker/messages.js" */

// Whoever works on the site wants the files of the last build, not those of the first visit.
const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(scope.hostname);

worker.addEventListener("install", (event) => event.waitUntil(keepFiles()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => event.waitUntil(answer(event)));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) return;
  if (!url.pathname.startsWith(scope.pathname) || request.headers.has("range")) return;
  event.respondWith(respond(request, url));
});

/** Takes the open pages. */
async function activate() {
  await forgetEarlier();
  await worker.clients.claim();
}

/** @param {ExtendableMessageEvent} event */
async function answer(event) {
  const message = /** @type {ServiceWorkerMessage} */ (event.data);
  if (message === "isolate") await isolate();
  if (message === "update") await worker.skipWaiting();
  event.ports[0]?.postMessage(message);
}

/** @param {Request} request @param {URL} url */
async function respond(request, url) {
  const answer = await (isLoopback ? networkFirst(request, url) : keptFirst(request, url));
  const response = confined(url, answer);
  return (await isIsolating()) ? isolated(response) : response;
}

/** @param {Request} request @param {URL} url */
async function keptFirst(request, url) {
  return (await keptFile(url)) ?? fetch(request);
}

/** @param {Request} request @param {URL} url */
async function networkFirst(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const response = await keptFile(url);
    if (response) return response;
    throw error;
  }
}
