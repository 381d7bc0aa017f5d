// The machine's ends of its links: to the page, and to each process.

import { Bell } from "../link/bell.js";
import { Link } from "../link/link.js";

/**
 * @typedef {import("#wasgi_core").MachineWorker} MachineWorker
 * @typedef {import("#wasgi_core").FromMachine} FromMachine
 * @typedef {import("#wasgi_core").ToMachine} ToMachine
 * @typedef {import("#wasgi_core").FromWorker} FromWorker
 * @typedef {import("#wasgi_core").ToWorker} ToWorker
 */

/**
 * A link, and how the machine receives a message of it.
 * @typedef {object} Source
 * @property {Link<ToMachine, FromMachine> | Link<FromWorker, ToWorker>} link
 * @property {() => void} receive
 */

/** The links. What Rust has of them is its `MachineLinks`. */
export class MachineLinks {
  page;
  bell;
  /** @type {Source} */
  #page;
  /** By process ids. @type {Map<number, Source>} */
  #processes = new Map();
  /** @type {MachineWorker | null} */
  #machine = null;

  /**
   * @param {import("../link/link.js").Port} port of the page
   * @param {import("#wasgi_core").Line | null} line to the page
   * @param {Int32Array | null} bell the machine's
   */
  constructor(port, line, bell) {
    this.bell = new Bell(bell, () => this.#served.work());
    /** @type {Link<ToMachine, FromMachine>} */
    const link = new Link(port, line);
    const receive = () => link.receive(this.#receiveFromPage);
    this.page = link;
    this.#page = { link, receive };
  }

  /** @param {MachineWorker} machine receives messages, from now on */
  serve(machine) {
    this.#machine = machine;
  }

  /** There is one before messages are received. */
  get #served() {
    return /** @type {MachineWorker} */ (this.#machine);
  }

  /**
   * Links a process.
   * @param {number} pid
   * @param {import("../link/link.js").Port} port of its worker
   */
  connect(pid, port) {
    const bell = Bell.shared();
    const [line, itsLine] = Link.lines(this.bell.state, bell);
    /** @type {Link<FromWorker, ToWorker>} */
    const link = new Link(port, line);
    /** @param {Uint8Array | FromWorker} message */
    const visit = (message) => {
      if (message instanceof Uint8Array) this.#served.framesFromProcess(pid, message);
      else this.#served.fromProcess(pid, message);
    };
    const receive = () => link.receive(visit);
    this.#processes.set(pid, { link, receive });
    return { link, line: itsLine, bell };
  }

  /** @param {number} pid a process that is no more */
  disconnect(pid) {
    this.#processes.delete(pid);
  }

  /** Whether a message can be received. */
  isReady = () => {
    if (this.#page.link.isReady()) return true;
    for (const { link } of this.#processes.values()) if (link.isReady()) return true;
    return false;
  };

  /** Whether the event loop has a message to bring. */
  isPosted() {
    if (this.#page.link.isPosted()) return true;
    for (const { link } of this.#processes.values()) if (link.isPosted()) return true;
    return false;
  }

  /** Whether a message can be received, or the event loop has one to bring. */
  isCalled = () => this.isReady() || this.isPosted();

  /**
   * Gives the machine the message that was said first, of page and processes.
   * @returns {boolean} whether there was one
   */
  receiveNext() {
    let first = this.#page.link.isReady() ? this.#page : null;
    for (const source of this.#processes.values()) {
      const { link } = source;
      if (link.isReady() && (!first || link.isBefore(first.link))) first = source;
    }
    first?.receive();
    return first !== null;
  }

  /** @param {Uint8Array | ToMachine} message */
  #receiveFromPage = (message) => {
    if (message instanceof Uint8Array) this.#served.framesFromPage(message);
    else this.#served.fromPage(message);
  };
}
