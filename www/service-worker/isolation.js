import { recall, remember } from "./memory.js";

const ISOLATE = "isolate";

/** @type {Promise<boolean> | undefined} */
let isolating;

/** Whether a page has asked for isolation. */
export function isIsolating() {
  isolating ??= recall(ISOLATE).then(Boolean);
  return isolating;
}

/** From now on responses are to be isolated. */
export async function isolate() {
  await remember(ISOLATE, "yes");
  isolating = Promise.resolve(true);
}

/**
 * The same response, with the headers that make a page cross-origin isolated and let such a page
 * load it.
 * @param {Response} response
 */
export function isolated(response) {
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
