// The browser's EventSource interface over the machine's network (WHATWG HTML, section 9.2).

import { EventSource } from "eventsource";

import { ConnectionLost } from "./errors.js";
import { targetOf } from "./request.js";

/** @import { Server } from "./server.js" */
/** @import { ServerResponse } from "./response.js" */

/**
 * What an EventSource may be asked for.
 * @typedef {object} EventSourceOptions
 * @property {boolean} [withCredentials] as in a browser; here it only can be read back
 * @property {HeadersInit} [headers] more header fields of the request, such as cookies
 */

/** Redirects that are followed, as many as Fetch follows. */
const MOST_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks a server for events. Where the server has exited there is no other attempt: nobody will
 * answer it.
 * @param {Pick<Server, "fetch" | "code">} server
 * @param {number} port
 * @param {string | URL} path
 * @param {EventSourceOptions} options
 * @returns {EventSource}
 */
export function openEventSource(server, port, path, options) {
  const origin = `http://127.0.0.1:${port}`;
  const source = new EventSource(new URL(targetOf(String(path)), origin), {
    withCredentials: options.withCredentials,
    async fetch(url, init) {
      const headers = new Headers(options.headers);
      for (const [name, value] of Object.entries(init.headers)) headers.set(name, value);
      headers.set("Cache-Control", "no-cache");
      try {
        return await follow(server, new URL(url), {
          headers,
          signal: /** @type {AbortSignal} */ (init.signal),
        });
      } catch (error) {
        // After the event `error`, which the rejection brings about.
        if (server.code !== null) setTimeout(() => source.close());
        throw error;
      }
    },
  });
  return source;
}

/**
 * The response behind redirects within the server.
 * @param {Pick<Server, "fetch">} server
 * @param {URL} url
 * @param {{ headers: Headers, signal: AbortSignal }} init
 */
async function follow(server, url, init) {
  let at = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await server.fetch(at, init);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null)
      return eventResponse(response, at, redirects > 0);
    await response.body?.cancel();
    at = new URL(location, at);
    if (at.origin !== url.origin)
      throw new ConnectionLost(`The server redirects to ${at.href}, which is not in this tab.`);
  }
  throw new ConnectionLost(`The server redirects more than ${MOST_REDIRECTS} times.`);
}

/**
 * @param {ServerResponse} response
 * @param {URL} url
 * @param {boolean} redirected
 */
function eventResponse({ body, status, headers }, url, redirected) {
  return { body, status, headers, redirected, url: url.href };
}
