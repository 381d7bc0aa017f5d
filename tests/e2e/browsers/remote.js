// A browser that does what a test asks of it, whichever it is: it only has to open an address.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

/**
 * @typedef {import("./checks.js").Check} Check
 * @typedef {import("./checks.js").Outcome} Outcome
 * @typedef {{ jspi: boolean, isolated: boolean, agent: string }} Abilities
 */

const FOLDER = "/checks/";
const OWN = ["checks.html", "checks.js", "realm-probe.js", "worker.js"];
/** @type {Record<string, string>} */
const TYPES = { ml: "text/html", js: "text/javascript" };
const ISOLATING = [
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-embedder-policy", "require-corp"],
];

/** What takes stack switching away from a worker, before anything else is done in it. */
const WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;\n";

/** What looks at the globals of a process. */
const PROBE = `import "..${FOLDER}realm-probe.js";\n`;

/**
 * A promise, and what resolves it.
 * @template T
 */
class Deferred {
  constructor() {
    /** @type {(value: T) => void} */
    this.resolve = () => {};
    /** @type {Promise<T>} */
    this.promise = new Promise((resolve) => (this.resolve = resolve));
  }
}

/**
 * The site once more, as a browser would have it that lacks something, with a page that takes
 * checks.
 */
export class Remote {
  /**
   * @param {string} site
   * @param {{ isolated?: boolean, jspi?: boolean }} [has] what there is
   */
  static async serve(site, { isolated = true, jspi = true } = {}) {
    const remote = new Remote(site, isolated, jspi);
    remote.server.listen(0, "127.0.0.1");
    await once(remote.server, "listening");
    return remote;
  }

  /** @param {string} site @param {boolean} isolated @param {boolean} jspi */
  constructor(site, isolated, jspi) {
    this.site = site;
    this.isolated = isolated;
    this.jspi = jspi;
    /** Whether the globals of processes that start are looked at. */
    this.probing = false;
    /** @type {Deferred<import("node:http").ServerResponse>} */
    this.asking = new Deferred();
    /** @type {Deferred<unknown>} */
    this.telling = new Deferred();
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((/** @type {unknown} */ error) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  /** What the browser is to open. */
  get url() {
    const address = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `http://127.0.0.1:${address.port}${FOLDER}checks.html`;
  }

  /** The browser has opened it: what it has. @returns {Promise<Abilities>} */
  opened() {
    return /** @type {Promise<Abilities>} */ (this.telling.promise);
  }

  /**
   * @param {Check} check
   * @returns {Promise<Outcome>}
   */
  async run(check) {
    const response = await this.asking.promise;
    this.asking = new Deferred();
    this.telling = new Deferred();
    response.end(JSON.stringify(check));
    return /** @type {Promise<Outcome>} */ (this.telling.promise);
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async answer(request, response) {
    const path = String(request.url);
    if (path === `${FOLDER}exchange`) {
      const parts = [];
      for await (const part of request) parts.push(part);
      this.telling.resolve(JSON.parse(Buffer.concat(parts).toString()));
      this.asking.resolve(response);
      return;
    }
    const own = path.startsWith(FOLDER) ? path.slice(FOLDER.length) : "";
    const [headers, body] = OWN.includes(own)
      ? [
          new Headers({ "content-type": TYPES[own.slice(-2)] }),
          await readFile(new URL(own, import.meta.url)),
        ]
      : await fetched(new URL(path.slice(1), this.site));
    this.isolate(headers);
    response.writeHead(200, Object.fromEntries(headers));
    if (path.endsWith("/process.js") && this.probing) response.write(PROBE);
    if (/\/(process|worker)\.js$/.test(path) && !this.jspi) response.write(WITHOUT_JSPI);
    response.end(body);
  }

  /** @param {Headers} headers */
  isolate(headers) {
    for (const [name, value] of ISOLATING) {
      if (this.isolated) headers.set(name, value);
      else headers.delete(name);
    }
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

/**
 * A file of the site.
 * @param {URL} url
 * @returns {Promise<[Headers, Buffer]>}
 */
async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The site has no ${url.pathname}.`);
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"])
    headers.delete(name);
  return [headers, Buffer.from(await response.arrayBuffer())];
}
