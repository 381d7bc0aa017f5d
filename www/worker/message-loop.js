// The worker's own event loop: messages of the machine and timers come in; between them, threads
// run. With traffic, messages are waited for on the process's bell rather than in the browser's
// event loop.

import { Bell } from "../link/bell.js";
import { Hop } from "../link/hop.js";
import { clearTimeout, performance, setTimeout } from "./browser.js";

/**
 * How long messages are waited for on the bell after the last one, in milliseconds; and how long
 * without the browser's event loop.
 */
const LINGER = 1;
const TURN_AFTER = 4;

/** How late the bell's time-outs come, in milliseconds. */
const LATE = 0.1;

/** The longest time of `setTimeout`. */
const LONGEST = 0x7fffffff;

const now = () => performance.timeOrigin + performance.now();

/** What a process hears and says. */
export class MessageLoop {
  #process;
  #threads;
  #files;
  #bell;
  #link;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #timerAt = Infinity;
  /** When the last message was there. */
  #heardAt = -Infinity;
  #hop = new Hop(() => {
    this.#timerAt = Infinity;
    this.wake();
  });

  /**
   * @param {import("#wasgi_core").Process} process
   * @param {import("./threads.js").Threads} threads
   * @param {import("./project-files.js").ProjectFiles} files
   * @param {import("./process.js").MachineLink} link to the machine
   * @param {Int32Array | null} bell the process's
   */
  constructor(process, threads, files, link, bell) {
    this.#process = process;
    this.#threads = threads;
    this.#files = files;
    this.#link = link;
    this.#bell = new Bell(bell, () => this.wake());
  }

  // --- out

  /**
   * Sends what there is to say.
   * @param {boolean} [all] also what need not leave by itself
   */
  flush(all = false) {
    this.#process.flush(all, now());
  }

  /** Sends what there is to say, and lets threads go on that can. */
  dispatch() {
    this.flush();
    if (this.#process.wakeThreads(now())) this.#threads.schedule();
  }

  /**
   * Tells that the process has ended.
   * @param {number} code an exit code, or minus a signal's number
   */
  exit(code) {
    this.#process.exiting();
    this.flush(true);
    this.#link.post({ exit: code });
  }

  // --- in

  /** @param {unknown} data what the browser's event loop has brought */
  accept(data) {
    this.#link.accept(data);
    this.wake();
  }

  /** Something has come while the worker slept in the browser's event loop. */
  wake() {
    this.#threads.turnInTask();
    if (!this.#threads.scheduled) this.#threads.pump();
  }

  /**
   * Takes what has come: messages, timers that are due.
   * @returns {boolean} whether the browser's event loop may hold something back
   */
  turn() {
    this.#receiveAll();
    return !this.#bell.state || this.#link.isPosted();
  }

  /**
   * Takes the messages that have come, for a call that is about what they say.
   * @returns {boolean} false if the browser's event loop holds something back
   */
  receiveMessages() {
    if (this.#link.isReady()) {
      this.#heardAt = performance.now();
      while (this.#link.receive(this.#deliver));
    }
    return !this.#link.isPosted();
  }

  /** @param {Uint8Array | import("#wasgi_core").ToWorker} message */
  #deliver = (message) => {
    if (message instanceof Uint8Array) this.#process.deliver(message, now());
    else if ("files" in message) this.#files.update(message.files);
  };

  #receiveAll() {
    this.#bell.awake();
    let received = false;
    while (this.#link.receive(this.#deliver)) received = true;
    if (received) this.#heardAt = performance.now();
    const due = this.#process.deadline() <= now();
    if (due) this.#process.tick(now());
    if (received || due) this.dispatch();
  }

  // --- all threads wait

  /**
   * Waits on the bell for what comes, for as long as there is traffic.
   * @returns {number | undefined} the thread to resume
   */
  awaitThread() {
    // Nobody will call soon: what could wait for the next message leaves now.
    this.flush(true);
    for (;;) {
      this.#receiveAll();
      const next = this.#process.nextThread(now());
      if (next !== undefined || !this.#bell.state || this.#link.isPosted()) return next;
      const time = performance.now();
      const due = this.#process.deadline() - now();
      const patience = Math.max(this.#heardAt + LINGER - time, due < 1 ? due : 0);
      if (patience <= 0 || time - this.#threads.turnedAt > TURN_AFTER) return undefined;
      // A worker is woken late by a tenth of a millisecond: the end of a timer's time is looked
      // for.
      const left = Math.min(patience, due - LATE);
      if (left > 0) this.#bell.wait(this.#isCalled, left);
    }
  }

  /** Returns to the browser's event loop, to wait there. */
  sleep() {
    // With traffic, that is given a turn, and no more.
    const hasTraffic =
      this.#bell.state && this.#heardAt + LINGER > performance.now() && !this.#link.isPosted();
    if (hasTraffic || !this.#bell.sleep(this.#isReady)) this.#threads.schedule();
    else this.#setTimer();
  }

  #isReady = () => this.#link.isReady();
  #isCalled = () => this.#link.isReady() || this.#link.isPosted();

  /**
   * A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new one
   * for each request.
   */
  #setTimer() {
    const at = this.#process.deadline();
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    clearTimeout(this.#timer);
    const rest = at - now();
    // Resuming from a message rather than from the timer's own task keeps timers free of the 4 ms
    // clamp that browsers put on nested ones; the last part of a millisecond, which timers leave
    // out, goes by in messages too.
    if (rest < 1) this.#hop.start();
    else this.#timer = setTimeout(() => this.#hop.start(), Math.min(Math.floor(rest), LONGEST));
  }
}
