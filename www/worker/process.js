// The process role: one CPython behind our Rust in this worker.

import { Fork, initSync, Process } from "#wasgi_core";
import { Link } from "../link/link.js";
import { performance } from "./browser.js";
import { makeCalls } from "./calls.js";
import { Claims } from "./claims.js";
import { Host } from "./host.js";
import { makeImage } from "./image.js";
import { Inbox } from "./inbox.js";
import { MainThread } from "./main-thread.js";
import { MessageLoop } from "./message-loop.js";
import { ProjectFiles } from "./project-files.js";
import { bootPython } from "./python.js";
import { SharedBuffer } from "./shared-buffer.js";
import { ThreadState } from "./thread-state.js";
import { Threads } from "./threads.js";

/** @typedef {import("./image.js").Image} Image */

/**
 * @typedef {import("#wasgi_core").FromWorker} FromWorker
 * @typedef {import("#wasgi_core").ToWorker} ToWorker
 * @typedef {import("#wasgi_core").ProcessIdentity} ProcessIdentity
 */

/** @typedef {import("../link/link.js").Link<ToWorker, FromWorker>} MachineLink */

const now = () => performance.timeOrigin + performance.now();

/**
 * @param {import("#wasgi_core").ProcessInit} init
 * @param {import("./machine-port.js").MachinePort} port
 */
export async function runProcess({ core, python, memory }, port) {
  initSync({ module: core });
  const inbox = new Inbox(port);
  const interpreter = await Interpreter.boot(python, memory, inbox, port);
  tell(port, { ready: {} });
  await interpreter.run(await inbox.identity, inbox, port);
}

/**
 * Tells the machine something before there is a link.
 * @param {import("./machine-port.js").MachinePort} port
 * @param {FromWorker} message
 */
function tell(port, message) {
  port.postMessage(message);
}

/** CPython in this worker. It can boot before it is known which process it runs. */
class Interpreter {
  #pyodide;
  #host;
  #calls;
  #buffer = new SharedBuffer();
  #main;
  /** What it is a copy of. */
  #copied;

  /**
   * Boots CPython, or takes over the memory of one that has booted.
   * @param {import("#wasgi_core").PythonAssets} python
   * @param {import("#wasgi_core").MemoryOf} source
   * @param {Inbox} inbox
   * @param {import("./machine-port.js").MachinePort} port
   */
  static async boot(python, source, inbox, port) {
    const host = new Host(new Threads());
    const calls = makeCalls(host);
    const image = "awaited" in source ? inbox.image : "image" in source ? source.image : null;
    const { pyodide, copied } = await bootPython(python, {
      env: { HOME: "/home/wasgi" },
      stdout: (bytes) => host.print("stdout", bytes),
      stderr: (bytes) => host.print("stderr", bytes),
      image,
      calls,
    });
    const interpreter = new Interpreter(pyodide, copied, host, calls);
    // A copy is where the original was when its image was made.
    if (!copied) await interpreter.#prepare();
    if (image && !copied) {
      // It is not fit for others either.
      tell(port, { image: null });
    }
    if ("boot" in source && source.boot.makesImage) {
      const made = interpreter.#fork(new Map());
      tell(port, { image: "image" in made ? made.image : null });
    }
    return interpreter;
  }

  /**
   * @param {import("./pyodide.js").Pyodide} pyodide
   * @param {Image | null} copied
   * @param {Host} host
   * @param {ReturnType<typeof makeCalls>} calls the module `_wasgi`
   */
  constructor(pyodide, copied, host, calls) {
    this.#pyodide = pyodide;
    this.#copied = copied;
    this.#host = host;
    this.#calls = calls;
    host.attach(pyodide);
    if (!copied) {
      pyodide.registerJsModule("_wasgi", calls);
      pyodide.unregisterJsModule("pyodide_js");
    }
    this.#buffer.attach(pyodide, pyodide.pyimport("wasgi_runtime.bridge.buffer").shared);
    const { start } = pyodide.pyimport("wasgi_runtime.threads.thread_module");
    host.attachThreads(new ThreadState(pyodide));
    host.threads.attach(pyodide, start);
    this.#main = new MainThread(pyodide.pyimport("wasgi_runtime.process.main").step, this.#buffer);
  }

  /** Runs the main thread to where images are made of it. */
  async #prepare() {
    await this.#host.threads.runMain(this.#main);
  }

  /**
   * Runs a process to its end.
   * @param {ProcessIdentity} identity
   * @param {Inbox} inbox
   * @param {import("./machine-port.js").MachinePort} port
   */
  async run(identity, inbox, port) {
    const { threads } = this.#host;
    const { env, directory } = identity.process;
    const process = new Process(this.#buffer, identity.process, now(), Math.random());
    if (identity.claims) process.shareClaims(new Claims(identity.claims));
    const files = new ProjectFiles(this.#pyodide.FS, directory, identity.files);
    /** @type {MachineLink} */
    const link = new Link(port, identity.line, { waits: true });
    const loop = new MessageLoop(process, threads, files, link, identity.bell);
    this.#buffer.connect(link);
    threads.serve(process, loop);
    this.#host.serve(process, loop);
    this.#setEnvironment(env);
    files.writeAll(this.#copied?.given);
    process.booted();
    for (const message of identity.messages) process.deliver(message, now());
    loop.dispatch();
    inbox.pass((data) => loop.accept(data));
    threads.pump();
    loop.exit(await threads.endWith(this.#live(link, files)));
  }

  /** @param {[string, string][]} env */
  #setEnvironment(env) {
    const { environ } = this.#pyodide.pyimport("os");
    for (const [name, value] of env) environ.set(name, value);
  }

  /**
   * Goes on from where images are made, from fork to fork.
   * @param {MachineLink} link to the machine
   * @param {ProjectFiles} files
   * @returns {Promise<number>} how the process ends
   */
  async #live(link, files) {
    const { threads } = this.#host;
    let result = await threads.runMain(this.#main, Fork.Child);
    while (result === "fork") {
      link.post({ fork: this.#fork(files.given) });
      result = await threads.runMain(this.#main, Fork.Parent);
    }
    return result.exit;
  }

  /**
   * An image of this process, or why there is none.
   * @param {import("./project-files.js").Files} given the files of its project
   * @returns {import("#wasgi_core").Forked}
   */
  #fork(given) {
    try {
      return { image: makeImage(this.#pyodide, this.#calls, given) };
    } catch (error) {
      return { refused: String(/** @type {Error} */ (error).message) };
    }
  }
}
