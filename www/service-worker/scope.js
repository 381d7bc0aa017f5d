/// <reference lib="webworker" />

/** This service worker. */
export const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The folder that the site is in. */
export const scope = new URL(worker.registration.scope);
