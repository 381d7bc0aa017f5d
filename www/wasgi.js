// The public API: a Python web server in this tab.
//
//   const playground = await Playground.create({ assets: "./" });
//   await playground.writeFiles({ "app.py": source });
//   const server = await playground.start("gunicorn -w 2 app:app");
//   const response = await server.fetch("/");

import { PlaygroundError, ServerExit } from "./api/errors.js";
import { Server } from "./api/server.js";
import { StartLog } from "./api/start-log.js";
import { Taken } from "./api/taken.js";
import { ToPage } from "./api/kinds.js";
import { Outgoing, readFrames } from "./wire/frames.js";
import { Bell } from "./link/bell.js";
import { Hop } from "./link/hop.js";
import { Link } from "./link/link.js";

export {
  ConnectionLost,
  ConnectionRefused,
  PlaygroundError,
  ServerExit,
  WasgiError,
} from "./api/errors.js";
export { Connection } from "./api/connection.js";
export { Server } from "./api/server.js";

/**
 * @typedef {import("#wasgi_core").FromMachine} FromMachine
 * @typedef {import("#wasgi_core").ToMachine} ToMachine
 * @typedef {import("#wasgi_core").MachineInit} MachineInit
 */

const encoder = new TextEncoder();

/** How long messages are taken before the page has its turn, in milliseconds. */
const TURN_AFTER = 8;

/**
 * A computer of its own in this tab: files, a network, processes.
 *
 * Dispatches `progress` events while Python is fetched: `detail` is `{ step, loaded, total }` in
 * bytes.
 */
export class Playground extends EventTarget {
  /** @type {Worker} */
  #worker;
  #bell;
  /** Where messages are copied to. */
  #message = new Uint8Array(16_384);
  /** @type {Link<FromMachine, ToMachine>} */
  #link;
  /** @type {Map<number, Server>} */
  #servers = new Map();
  /**
   * @type {Map<number, {
   *   resolve: (server: Server) => void,
   *   reject: (error: Error) => void,
   *   log: StartLog
   * }>}
   */
  #starting = new Map();
  /** @type {(() => void)[]} */
  #written = [];
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #preloading = new Map();
  #nextPreload = 1;
  #hop = new Hop(() => {
    this.#turning = false;
    this.#listen();
  });
  /** The page has its turn, and then there is more to take. */
  #turning = false;
  #nextServer = 1;
  #disposed = false;
  /** @type {Taken} */
  #taken;

  /**
   * Boots the machine. Python is fetched at the first start, or by `preload`.
   * @param {{ assets?: string | URL }} [options] where `dist/` is served; the folder of this module
   * by default
   * @returns {Promise<Playground>}
   */
  static async create({ assets = new URL("./", import.meta.url) } = {}) {
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
      throw new PlaygroundError(
        "This browser has no WebAssembly or no Web Workers: use a current one.",
      );
    }
    const base = new URL(assets, document.baseURI);
    const url = new URL("wasgi_core_bg.wasm", base);
    let core;
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      core = await WebAssembly.compileStreaming(response);
    } catch (error) {
      throw new PlaygroundError(
        `${url.href} could not be loaded (${/** @type {Error} */ (error).message}): does assets point to dist/?`,
      );
    }
    const worker = new Worker(new URL("worker.js", base), {
      type: "module",
      name: "wasgi machine",
    });
    const bells = [Bell.shared(), Bell.shared()];
    const [line, itsLine] = Link.lines(bells[0], bells[1]);
    const playground = new Playground(worker, bells[0], new Link(worker, line));
    await playground.#boot({
      core,
      base: base.href,
      line: itsLine,
      bell: bells[1],
    });
    return playground;
  }

  /**
   * @param {Worker} worker
   * @param {Int32Array | null} bell
   * @param {Link<FromMachine, ToMachine>} link
   */
  constructor(worker, bell, link) {
    super();
    this.#worker = worker;
    this.#bell = new Bell(bell, () => this.#listen());
    this.#link = link;
    /** @internal */
    this.outgoing = new Outgoing((message) => link.send(message));
    this.#taken = new Taken(this.outgoing);
  }

  /** @param {MachineInit} init */
  async #boot(init) {
    await new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => {
        /** @type {FromMachine} */
        const message = data;
        if ("ready" in message) resolve(undefined);
        else if ("failed" in message)
          reject(new PlaygroundError(`The machine did not start: ${message.failed}`));
      };
      this.#worker.onerror = (event) => {
        reject(
          new PlaygroundError(
            `The machine did not start: ${event.message || "worker.js did not load"}`,
          ),
        );
      };
      /** @type {import("#wasgi_core").Role} */
      const role = { machine: init };
      this.#worker.postMessage(role);
    });
    this.#worker.onmessage = ({ data }) => {
      if (typeof data === "object" && "failed" in data) {
        this.#crashed(data.failed);
        return;
      }
      this.#link.accept(data);
      this.#listen();
    };
    this.#worker.onerror = (event) => this.#crashed(event.message);
    this.#listen();
  }

  /** Takes what has come from the machine; after a while, the page has its turn first. */
  #listen() {
    const until = performance.now() + TURN_AFTER;
    do {
      this.#bell.awake();
      while (this.#link.receive(this.#receive)) {
        if (performance.now() > until) {
          if (!this.#turning) this.#hop.start();
          this.#turning = true;
          return;
        }
      }
    } while (!this.#bell.sleep(() => this.#link.isReady()));
  }

  /**
   * A message as browsers' own functions take it, not in shared memory, until the next one comes.
   * @param {Uint8Array} message
   */
  #copied(message) {
    if (message.length > this.#message.length) return message.slice();
    this.#message.set(message);
    return this.#message.subarray(0, message.length);
  }

  /** @param {Uint8Array | FromMachine} message */
  #receive = (message) => {
    if (message instanceof Uint8Array) this.#receiveFrames(message);
    else if ("log" in message) this.#logged(message.log);
    else if ("progress" in message)
      this.dispatchEvent(new CustomEvent("progress", { detail: message.progress }));
    else if ("filesWritten" in message) this.#written.shift()?.();
    else if ("preloaded" in message) this.#preloaded(message.preloaded);
    else if ("listening" in message) this.#listening(message.listening);
    else if ("exit" in message) this.#exited(message.exit);
  };

  /** @param {Uint8Array} message */
  #receiveFrames(message) {
    /** @type {Server[]} */
    const touched = [];
    // A copy: bodies of responses take no shared memory.
    readFrames(this.#copied(message), (kind, id, body) => {
      if (kind === ToPage.Spans || kind === ToPage.Requests) this.#taken.add(body.length);
      for (const server of this.#servers.values()) {
        if (server.receive(kind, id, body)) {
          if (!touched.includes(server)) touched.push(server);
          break;
        }
      }
    });
    for (const server of touched) server.settle();
  }

  /** @param {import("#wasgi_core").LogLine} entry */
  #logged({ server, line, stream, time }) {
    this.#taken.add(line.length);
    this.#starting.get(server)?.log.add(line);
    this.#servers.get(server)?.logged({ line, stream, time });
  }

  /** @param {import("#wasgi_core").Preloaded} preloaded */
  #preloaded({ id, failure }) {
    const preloading = this.#preloading.get(id);
    this.#preloading.delete(id);
    if (failure === null) preloading?.resolve();
    else preloading?.reject(new PlaygroundError(`Python could not be prepared: ${failure}`));
  }

  /** @param {import("#wasgi_core").Listening} listening */
  #listening({ server: id, address, port }) {
    const server = this.#servers.get(id);
    const starting = this.#starting.get(id);
    if (!server || !starting) return;
    this.#starting.delete(id);
    server.listening(address, port);
    starting.resolve(server);
  }

  /** @param {import("#wasgi_core").ServerExited} exited */
  #exited({ server: id, code }) {
    const starting = this.#starting.get(id);
    const server = this.#servers.get(id);
    this.#starting.delete(id);
    this.#servers.delete(id);
    server?.exited(code);
    starting?.reject(new ServerExit(code, starting.log.lines));
  }

  /** @param {string} message */
  #crashed(message) {
    const error = new PlaygroundError(
      `The machine has crashed (${message}): create a new Playground.`,
    );
    for (const [id, server] of this.#servers) {
      server.exited(70);
      this.#starting.get(id)?.reject(error);
    }
    this.#servers.clear();
    this.#starting.clear();
    this.#abandonPreloads(error);
    this.#disposed = true;
    this.dispatchEvent(new CustomEvent("crash", { detail: error }));
  }

  /** @param {Error} error */
  #abandonPreloads(error) {
    for (const { reject } of this.#preloading.values()) reject(error);
    this.#preloading.clear();
  }

  #check() {
    if (this.#disposed) throw new PlaygroundError("This playground is disposed: create a new one.");
  }

  /**
   * Fetches and boots Python now, so that the first start need not.
   * @param {{ workers?: number }} [options] how many processes the server that will be started has:
   * that many boot, eight at most
   * @returns {Promise<void>} resolves when they are ready, or a start has taken them; where
   * processes run already, when Python is fetched. Rejects with PlaygroundError if Python cannot be
   * fetched or booted; who does not wait hears of it from `start`
   */
  preload({ workers = 1 } = {}) {
    this.#check();
    const id = this.#nextPreload++;
    const prepared = /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => this.#preloading.set(id, { resolve, reject }))
    );
    // It may be left alone, and then its failure is not an unhandled one.
    prepared.catch(() => {});
    this.#link.sendJson({ preload: { id, workers } });
    return prepared;
  }

  /**
   * Writes files into the working directory of every process.
   * @param {Record<string, string | Uint8Array | null>} files by relative path; null deletes
   * @returns {Promise<void>}
   */
  async writeFiles(files) {
    this.#check();
    const changes = new Map();
    for (const [name, content] of Object.entries(files)) {
      const parts = name.split("/");
      if (
        name.startsWith("/") ||
        parts.some((part) => part === "" || part === "." || part === "..")
      ) {
        throw new PlaygroundError(
          `"${name}" is no path below the working directory: write it like "pkg/app.py".`,
        );
      }
      changes.set(name, typeof content === "string" ? encoder.encode(content) : content);
    }
    const written = new Promise((resolve) => this.#written.push(() => resolve(undefined)));
    this.#link.post({ files: changes });
    await written;
  }

  /**
   * Starts a server. Resolves when it accepts; rejects with ServerExit when it exits before.
   * @param {string | string[]} command as typed in a shell, or its words
   * @param {{
   *   onLog?: (entry: import("./api/server.js").LogEntry) => void,
   *   env?: Record<string, string>
   * }} [options] onLog sees every line, from the first
   * @returns {Promise<Server>}
   */
  async start(command, { onLog, env = {} } = {}) {
    this.#check();
    const id = this.#nextServer++;
    const line = typeof command === "string" ? command : command.join(" ");
    const server = new Server(id, line, this.outgoing, (message) => this.#link.sendJson(message));
    if (onLog) {
      server.addEventListener("log", (event) => onLog(/** @type {CustomEvent} */ (event).detail));
    }
    this.#servers.set(id, server);
    return new Promise((resolve, reject) => {
      this.#starting.set(id, { resolve, reject, log: new StartLog() });
      this.#link.sendJson({ start: { server: id, command, env: Object.entries(env) } });
    });
  }

  /** Ends every process and the machine. */
  async dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#worker.terminate();
    for (const [id, server] of this.#servers) {
      server.exited(137);
      this.#starting.get(id)?.reject(new ServerExit(137, ["The playground was disposed."]));
    }
    this.#servers.clear();
    this.#starting.clear();
    this.#abandonPreloads(
      new PlaygroundError("The playground was disposed before Python was prepared."),
    );
  }
}
