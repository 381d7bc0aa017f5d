// The processes that run, each in a Web Worker of its own.

import { Bell } from "../link/bell.js";
import { Link } from "../link/link.js";

/**
 * @typedef {import("#wasgi_core").FromWorker} FromWorker
 * @typedef {import("#wasgi_core").ToWorker} ToWorker
 * @typedef {import("#wasgi_core").FileChanges} FileChanges
 * @typedef {import("#wasgi_core").Identity} Identity
 */

/**
 * What becomes of a process, for the machine.
 * @typedef {object} Watcher
 * @property {(pid: number, message: Uint8Array) => void} message it says something in frames
 * @property {(pid: number, forked: import("#wasgi_core").Forked) => void} forked
 * @property {(pid: number, status: number, reason?: string) => void} exited it has ended: with this
 * exit code, or by the signal of this negative number; its reason is a line for the log
 * @property {() => void} posted something has come by the event loop
 */

/** The exit code that tells a master not to try again. */
const BOOT_FAILURE = 3;
/** The exit status of a process whose interpreter crashes. */
const ABORTED = -6;

/** A process. */
export class ProcessWorker {
  #identity;
  #watcher;
  #bell = Bell.shared();
  #line;
  /** What is said to it before it has its identity. @type {Uint8Array[] | null} */
  #early = [];
  /** Whether its interpreter has come up. */
  #booted = false;
  /** Whether it is no more. */
  #ended = false;

  /**
   * @param {Identity} identity
   * @param {Worker} worker
   * @param {import("./origins.js").Origin} origin what it is a copy of
   * @param {Int32Array | null} bell the machine's
   * @param {Watcher} watcher
   */
  constructor(identity, worker, origin, bell, watcher) {
    this.#identity = identity;
    this.#watcher = watcher;
    this.worker = worker;
    this.origin = origin;
    const [line, itsLine] = Link.lines(bell, this.#bell);
    this.#line = itsLine;
    /** @type {Link<FromWorker, ToWorker>} */
    this.link = new Link(worker, line);
    this.take = this.take.bind(this);
    worker.onmessage = ({ data }) => this.#posted(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.failed(event.message || "the process could not be started");
    };
  }

  get pid() {
    return this.#identity.pid;
  }

  /**
   * Tells the worker which process it is.
   * @param {FileChanges} files of the working directory
   * @param {Int32Array | null} claims of connections
   */
  identify(files, claims) {
    /** @type {ToWorker} */
    const message = {
      identity: {
        process: this.#identity,
        files,
        messages: this.#early ?? [],
        line: this.#line,
        bell: this.#bell,
        claims,
      },
    };
    this.worker.postMessage(message);
    this.#early = null;
  }

  /** @param {Uint8Array} message frames; a view that is good until this returns */
  send(message) {
    if (this.#early) this.#early.push(message.slice());
    else this.link.send(message);
  }

  /** @param {FileChanges} files that have changed; before it has an identity, it gets them all */
  changeFiles(files) {
    if (!this.#early) this.link.post({ files });
  }

  /**
   * Takes a message that has come by the link.
   * @param {Uint8Array | FromWorker} message
   */
  take(message) {
    if (message instanceof Uint8Array) {
      this.#booted = true;
      this.#watcher.message(this.pid, message);
    } else if ("fork" in message) {
      this.#watcher.forked(this.pid, message.fork);
    } else if ("exit" in message) {
      this.#exited(message.exit);
    }
  }

  /** @param {FromWorker} data what the event loop has brought */
  #posted(data) {
    if (this.#ended) return;
    if (typeof data === "object" && "failed" in data) {
      this.failed(data.failed);
    } else if (!this.origin.hear(data, this.worker)) {
      this.link.accept(data);
      this.#watcher.posted();
    }
  }

  /**
   * A crash of the interpreter is a crash of the process; one that never came up is a failure to
   * boot.
   * @param {string} reason
   */
  failed(reason) {
    if (this.#ended) return;
    // What it said before counts.
    this.#watcher.posted();
    this.#exited(this.#booted ? ABORTED : BOOT_FAILURE, reason);
    this.#watcher.posted();
  }

  /** @param {number} status @param {string} [reason] */
  #exited(status, reason) {
    if (this.#ended) return;
    this.#watcher.exited(this.pid, status, reason);
  }

  /** Ends it, whatever it does. */
  end() {
    this.#ended = true;
    this.worker.terminate();
    this.origin.ended(this.worker);
  }
}
