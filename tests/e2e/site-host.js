// The built site on a host of the tests' own.

import { once } from "node:events";
import { createServer } from "node:http";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */

/** What a host sends so that its pages are cross-origin isolated. */
export const ISOLATING = Object.freeze({
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
});
/** What comes with the site's own files besides the host's headers. */
const KEPT = ["content-type", "content-security-policy"];

/** A host of the built site, with headers and paths of its own and a network that can be cut. */
export class SiteHost {
  /** Whether it answers at all. */
  online = true;
  /** What it has in the place of the site's files, by path. @type {Map<string, string>} */
  replaced = new Map();

  #server = createServer((request, response) => this.#answer(request, response));
  /** @type {string} */
  #site;
  /** @type {Record<string, string>} */
  #headers;
  /** @type {(request: IncomingMessage, response: ServerResponse) => boolean} */
  #own;

  /**
   * @param {string} site where the built site is
   * @param {Record<string, string>} headers sent with everything
   * @param {(request: IncomingMessage, response: ServerResponse) => boolean} own answers what is
   * not the site's; whether it did
   */
  constructor(site, headers, own) {
    this.#site = site;
    this.#headers = headers;
    this.#own = own;
  }

  /**
   * @param {string} site
   * @param {Record<string, string>} [headers]
   * @param {(request: IncomingMessage, response: ServerResponse) => boolean} [own]
   */
  static async open(site, headers = {}, own = () => false) {
    const host = new SiteHost(site, headers, own);
    host.#server.listen(0, "127.0.0.1");
    await once(host.#server, "listening");
    return host;
  }

  /** Its address as a host on the loopback interface, where browsers trust plain HTTP. */
  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Its address as a host on the internet has: trusted, but not one for development. */
  get publicUrl() {
    return `http://site.localhost:${this.#port}/`;
  }

  get #port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#server.address()).port;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  async #answer(request, response) {
    if (!this.online) {
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    if (this.#own(request, response)) return;
    const path = String(request.url);
    const file = await fetch(new URL(`.${path}`, this.#site));
    response.statusCode = file.status;
    for (const name of KEPT) {
      const value = file.headers.get(name);
      if (value !== null && !(name in this.#headers)) response.setHeader(name, value);
    }
    response.end(this.replaced.get(path) ?? Buffer.from(await file.arrayBuffer()));
  }
}
