// The machine role: the kernel, the masters and the client in Rust; here are its devices: workers,
// timers, assets.

import { initSync, Machine } from "#wasgi_core";
import { Bell } from "../link/bell.js";
import { Link } from "../link/link.js";
import { loadAssets } from "./assets.js";
import { Claims } from "./claims.js";
import { ImageCache } from "./image_cache.js";
import { MachineLoop, now } from "./machine_loop.js";
import { Origins } from "./origins.js";
import { ProcessWorker } from "./processes.js";
import { DIRECTORY, Project } from "./project.js";

/**
 * @typedef {import("#wasgi_core").FromMachine} FromMachine
 * @typedef {import("#wasgi_core").ToMachine} ToMachine
 * @typedef {import("#wasgi_core").PythonAssets} PythonAssets
 */

/** An image is kept for the next visit when those that start now have started, in milliseconds. */
const STORE_AFTER = 3000;

/** At most so many workers boot before there is a server to run in them. */
const SPARES = 8;

/** What the log says where a master cannot fork, before the reason. */
const NO_FORK = "wasgi: each worker imports the app by itself: ";

/** Memory that a worker takes, in megabytes: see `src/machine`. */
const WORKER = 64;

/** @param {import("#wasgi_core").MachineInit} init */
export async function runMachine(init) {
  initSync({ module: init.core });
  const worker = new MachineWorker(init);
  self.onmessage = ({ data }) => worker.accept(data);
  // From here on it sleeps, and can be woken.
  worker.work();
  /** @type {FromMachine} */
  const ready = { ready: {} };
  self.postMessage(ready);
}

/** The machine and its devices. */
class MachineWorker {
  #machine = new Machine(DIRECTORY);
  #project = new Project(this.#machine);
  /** @type {Map<number, ProcessWorker>} */
  #processes = new Map();
  #claims = Claims.shared();
  #base;
  #bell;
  /** @type {Link<ToMachine, FromMachine>} */
  #page;
  #loop;
  #cache;
  #origins;
  /** @type {Promise<PythonAssets> | undefined} */
  #loading;

  /** @param {import("#wasgi_core").MachineInit} init */
  constructor({ core, base, line, bell }) {
    this.#base = base;
    this.#bell = new Bell(bell, () => this.work());
    this.#page = new Link(self, line);
    this.#loop = new MachineLoop(
      {
        deadline: () => this.#machine.deadline(),
        tick: (now) => this.#machine.tick(now),
        flush: () => this.#machine.flush(this),
        isReady: () => this.#some((link) => link.isReady()),
        isPosted: () => this.#some((link) => link.isPosted()),
        takeNext: () => this.#takeNext(),
      },
      this.#bell,
    );
    this.#cache = new ImageCache(base);
    this.#origins = new Origins(
      core,
      base,
      () => this.#machine.is_quiet(),
      (image) => {
        if (image) setTimeout(() => this.#cache.store(image), STORE_AFTER);
        else void this.#cache.forget();
      },
    );
    if (this.#claims) this.#machine.share_claims(new Claims(this.#claims));
    this.#machine.set_room(room());
    this.#machine.set_processors(navigator.hardwareConcurrency);
  }

  /** Does what there is to do. */
  work() {
    this.#loop.work();
  }

  /** @param {unknown} data what the event loop has brought from the page */
  accept(data) {
    this.#page.accept(data);
    this.work();
  }

  // --- what has come

  /** @param {(link: import("../link/link.js").Waiting) => boolean} is */
  #some(is) {
    if (is(this.#page)) return true;
    for (const { link } of this.#processes.values()) if (is(link)) return true;
    return false;
  }

  /** Takes the message that was said first, of page and processes. */
  #takeNext() {
    /** @type {ProcessWorker | null} */
    let from = null;
    /** @type {import("../link/link.js").Waiting | null} */
    let first = this.#page.isReady() ? this.#page : null;
    for (const process of this.#processes.values()) {
      if (process.link.isReady() && (!first || process.link.isBefore(first))) {
        first = process.link;
        from = process;
      }
    }
    if (!first) return false;
    if (from) from.link.take(from.take);
    else this.#page.take(this.#takeFromPage);
    return true;
  }

  /** @param {Uint8Array | ToMachine} message */
  #takeFromPage = (message) => {
    if (message instanceof Uint8Array) this.#machine.deliver_page(message, now());
    else if ("files" in message) this.#changeFiles(message.files);
    else if ("start" in message) this.#start(message.start);
    else if ("signal" in message) this.#machine.signal(message.signal, now());
    else this.#preload(message.preload);
  };

  /** @param {import("#wasgi_core").FileChanges} files */
  #changeFiles(files) {
    this.#project.change(files, now());
    for (const process of this.#processes.values()) process.changeFiles(files);
    this.#page.tell({ filesWritten: {} });
  }

  /** @param {import("#wasgi_core").Start} start */
  #start(start) {
    this.#machine.start(start, now());
  }

  /** @param {import("#wasgi_core").Preload} preload */
  #preload({ id, workers }) {
    const prepare = async () => {
      const python = await this.#assets();
      // Later, there are spares as they are used.
      if (this.#processes.size > 0) return;
      await this.#origins.interpreter.expect(python, Math.min(workers, SPARES, room()));
    };
    prepare().then(
      () => this.#page.tell({ preloaded: { id, failure: null } }),
      (error) => this.#page.tell({ preloaded: { id, failure: String(error.message) } }),
    );
  }

  // --- assets

  /** What processes are made of; what could not be fetched is tried again by the next. */
  #assets() {
    return (this.#loading ??= this.#load().catch((error) => {
      this.#loading = undefined;
      throw error;
    }));
  }

  async #load() {
    const loaded = loadAssets(this.#base, (progress) => this.#page.tell({ progress }));
    const [{ python, whole }, image] = await Promise.all([loaded, this.#cache.load()]);
    whole.catch((error) => this.#assetsLost(`wasgi: ${error.message}`));
    if (image) this.#origins.interpreter.made(image);
    return python;
  }

  /**
   * Those that have what they need go on; who reads what is missing gets an error.
   * @param {string} why
   */
  #assetsLost(why) {
    this.#loading = undefined;
    this.#origins.lost();
    for (const pid of this.#processes.keys()) this.#machine.output(pid, why, now());
    this.work();
  }

  // --- what the machine wants of its devices

  /** @param {import("#wasgi_core").Spawn} spawn */
  spawn({ process: identity, replaced, forks }) {
    const origin = this.#origins.of(identity.ppid);
    const prepared = origin.take() ?? this.#origins.takeBlank(origin);
    const worker = prepared ?? this.#origins.worker();
    const process = new ProcessWorker(identity, worker, origin, this.#bell.state, this.#watcher);
    this.#processes.set(identity.pid, process);
    this.#assets().then(
      (python) => {
        if (!prepared) origin.start(worker, python);
        process.identify(this.#project.files, this.#claims);
        if (replaced) origin.prepare(python, this.#processes.size);
        this.#origins.expectForks(python, forks);
      },
      (error) => process.failed(String(error.message)),
    );
  }

  /** @type {import("./processes.js").Watcher} */
  #watcher = {
    message: (pid, message) => this.#machine.deliver_process(pid, message, now()),
    forked: (pid, forked) => {
      if ("refused" in forked) {
        this.#machine.output(pid, NO_FORK + forked.refused, now());
        return;
      }
      this.#origins.forked(pid, forked.image);
      // Its first worker may be long in coming: uWSGI's --cheap.
      this.#assets().then(
        (python) => this.#origins.of(pid).prepare(python),
        () => {},
      );
    },
    exited: (pid, status, reason) => {
      if (reason !== undefined) this.#machine.output(pid, reason, now());
      this.kill(pid);
      this.#machine.exited(pid, status, now());
    },
    posted: () => this.work(),
  };

  /** @param {number} pid a process that is to be no more */
  kill(pid) {
    const process = this.#processes.get(pid);
    if (!process) return;
    this.#processes.delete(pid);
    process.end();
    this.#origins.ended(pid);
  }

  /** @param {number} pid @param {Uint8Array} message a view of wasm memory */
  to_process(pid, message) {
    this.#processes.get(pid)?.send(message);
  }

  /** @param {Uint8Array} message a view of wasm memory */
  to_page(message) {
    this.#page.send(message);
  }

  /** @param {FromMachine} message */
  tell_page(message) {
    if ("exit" in message) this.#origins.settle();
    this.#page.tell(message);
  }
}

/**
 * How many workers may be asked for: half of the memory that the browser admits to, which is 8 GB
 * at most.
 */
function room() {
  const { deviceMemory = 4 } = /** @type {{ deviceMemory?: number }} */ (navigator);
  return Math.max(4, Math.floor((deviceMemory * 1024) / 2 / WORKER));
}
