// The public API: a Python web server in this tab.
//
//   const playground = await Playground.create({ assets: "./" });
//   await playground.writeFiles({ "app.py": source });
//   const server = await playground.start("gunicorn -w 2 app:app");
//   const response = await server.fetch("/");

import { PlaygroundError, ServerExit } from "./api/errors.js";
import { Server } from "./api/server.js";
import { Outgoing, readFrames } from "./wire/frames.js";
import { Bell, Link } from "./worker/ring.js";

export {
  ConnectionLost,
  ConnectionRefused,
  PlaygroundError,
  ServerExit,
  WasgiError,
} from "./api/errors.js";
export { Connection } from "./api/connection.js";
export { Server } from "./api/server.js";

const encoder = new TextEncoder();

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
  #link;
  /** @type {Map<number, Server>} */
  #servers = new Map();
  /**
   * @type {Map<number, { resolve: (server: Server) => void, reject: (error: Error) => void, log: string[] }>}
   */
  #starting = new Map();
  /** @type {(() => void)[]} */
  #written = [];
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #preloading = new Map();
  #nextPreload = 1;
  #nextServer = 1;
  #disposed = false;

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
      role: "machine",
      core,
      base: base.href,
      line: itsLine,
      bell: bells[1],
    });
    return playground;
  }

  /** @param {Worker} worker @param {Int32Array | null} bell @param {Link} link */
  constructor(worker, bell, link) {
    super();
    this.#worker = worker;
    this.#bell = new Bell(bell, () => this.#listen());
    this.#link = link;
    /** @internal */
    this.outgoing = new Outgoing((message) => link.send(message));
  }

  /** @param {object} init */
  async #boot(init) {
    await new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => {
        if (data.op === "ready") resolve(undefined);
        else reject(new PlaygroundError(`The machine did not start: ${data.failed}`));
      };
      this.#worker.onerror = (event) => {
        reject(
          new PlaygroundError(
            `The machine did not start: ${event.message || "worker.js did not load"}`,
          ),
        );
      };
      this.#worker.postMessage(init);
    });
    this.#worker.onmessage = ({ data }) => {
      if (data.failed) {
        this.#crashed(data.failed);
        return;
      }
      this.#link.accept(data);
      this.#listen();
    };
    this.#worker.onerror = (event) => this.#crashed(event.message);
    this.#listen();
  }

  /** Takes what has come from the machine. */
  #listen() {
    do {
      this.#bell.awake();
      while (this.#link.take((message) => this.#receive(message)));
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

  /** @param {import("./worker/ring.js").Message} data */
  #receive(data) {
    if (data instanceof Uint8Array) {
      /** @type {Server[]} */
      const touched = [];
      // A copy: bodies of responses take no shared memory.
      readFrames(this.#copied(data), (kind, id, body) => {
        for (const server of this.#servers.values()) {
          if (server.receive(kind, id, body)) {
            if (!touched.includes(server)) touched.push(server);
            break;
          }
        }
      });
      for (const server of touched) server.settle();
      return;
    }
    const server = this.#servers.get(data.server);
    const starting = this.#starting.get(data.server);
    switch (data.op) {
      case "progress":
        this.dispatchEvent(new CustomEvent("progress", { detail: data }));
        break;
      case "files":
        this.#written.shift()?.();
        break;
      case "preloaded": {
        const preloading = this.#preloading.get(data.id);
        this.#preloading.delete(data.id);
        if (data.failed === undefined) preloading?.resolve();
        else
          preloading?.reject(new PlaygroundError(`Python could not be prepared: ${data.failed}`));
        break;
      }
      case "log":
        starting?.log.push(data.line);
        server?.logged({ line: data.line, stream: data.stream, time: data.time });
        break;
      case "listening":
        if (!server || !starting) break;
        this.#starting.delete(data.server);
        server.listening(data.address, data.port);
        starting.resolve(server);
        break;
      case "exit":
        this.#starting.delete(data.server);
        this.#servers.delete(data.server);
        server?.exited(data.code);
        starting?.reject(new ServerExit(data.code, starting.log));
        break;
    }
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
    this.#link.tell({ op: "preload", id, workers });
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
    this.#link.post({ op: "files", files: changes });
    await written;
  }

  /**
   * Starts a server. Resolves when it accepts; rejects with ServerExit when it exits before.
   * @param {string | string[]} command as typed in a shell, or its words
   * @param {{ onLog?: (entry: import("./api/server.js").LogEntry) => void, env?: Record<string, string> }}
   * [options] onLog sees every line, from the first
   * @returns {Promise<Server>}
   */
  async start(command, { onLog, env = {} } = {}) {
    this.#check();
    const id = this.#nextServer++;
    const line = typeof command === "string" ? command : command.join(" ");
    const server = new Server(id, line, this.outgoing, (message) => this.#link.tell(message));
    if (onLog) {
      server.addEventListener("log", (event) => onLog(/** @type {CustomEvent} */ (event).detail));
    }
    this.#servers.set(id, server);
    return new Promise((resolve, reject) => {
      this.#starting.set(id, { resolve, reject, log: [] });
      this.#link.tell({ op: "start", server: id, command, env: Object.entries(env).flat() });
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
