import { scope } from "./scope.js";

// The browser ends and starts the worker as it likes: what it must remember is in a cache. Caches
// belong to the origin, which may hold other sites: the scope tells ours.
const STATE = `wasgi state ${scope.pathname}`;

/** @param {string} name */
function keyOf(name) {
  return new URL(`?state=${name}`, scope).href;
}

/** @param {string} name @param {string} value */
export async function remember(name, value) {
  await (await caches.open(STATE)).put(keyOf(name), new Response(value));
}

/** @param {string} name */
export async function recall(name) {
  return (await (await caches.open(STATE)).match(keyOf(name)))?.text();
}

/**
 * Forgets what has names that begin alike.
 * @param {string} prefix
 */
export async function forget(prefix) {
  const state = await caches.open(STATE);
  for (const { url } of await state.keys())
    if (url.startsWith(keyOf(prefix))) await state.delete(url);
}
