// The running thread looks up now and then, to be told whether it is to let go of the GIL: CPython
// counts its own checks (one for each backward jump or call) down to zero, then asks here.

import { Check } from "#wasgi_core";
import { performance } from "./browser.js";

/**
 * The number that our handler has among Python's signals: the last but one of the real-time
 * signals.
 */
export const TICK_SIGNAL = 63;

/**
 * How often the running thread looks up: after how many checks, so that it comes about every
 * LOOK_EVERY milliseconds but never costs more than a few per cent.
 */
const MOST_CHECKS = 800;
const LOOK_EVERY = 0.25;

/**
 * The same where our handler came at a wrong moment: from one to so many, in turn, so as not to
 * keep step with a loop.
 */
const AGAIN_WITHIN = 7;

/** After our handler has run, the next signal for it comes no sooner, in milliseconds. */
const QUIET = 0.2;

const TIME_ORIGIN = performance.timeOrigin;

/** When and how often Python looks up. */
export class Preemption {
  /** @type {import("./pyodide.js").Module | null} */
  #module = null;
  /** CPython's countdown to its next check for signals: its index in memory. */
  #clock = 0;
  #checks = 50;
  #lookedAt = 0;
  #quietUntil = Infinity;
  #again = 0;
  /** @type {import("#wasgi_core").Process | null} */
  #process = null;

  /** @param {import("./pyodide.js").Pyodide} pyodide */
  attach(pyodide) {
    const module = (this.#module = pyodide._module);
    this.#clock = module.__Py_emscripten_signal_clock >> 2;
    module.lookUp = () => this.#look();
    // Pyodide turns the checks on with a buffer; xtask/src/build/glue.rs has made them call
    // `lookUp` instead.
    pyodide.setInterruptBuffer(new Uint8Array(1));
  }

  /** @param {import("#wasgi_core").Process} process decides, from now on */
  serve(process) {
    this.#process = process;
    this.#quietUntil = 0;
  }

  /** @returns {number} the signal to raise, or 0 */
  #look() {
    const time = performance.now();
    const since = time - this.#lookedAt;
    this.#lookedAt = time;
    if (since > 2 * LOOK_EVERY) this.#checks = Math.max(1, this.#checks >> 2);
    else if (since < LOOK_EVERY / 2) this.#checks = Math.min(MOST_CHECKS, this.#checks * 2);
    this.#countDownFrom(this.#checks);
    if (time < this.#quietUntil || !this.#process) return 0;
    if (this.#process.check(TIME_ORIGIN + time) === Check.GoOn) {
      this.#quietUntil = time + LOOK_EVERY;
      return 0;
    }
    this.#quietUntil = Infinity;
    return TICK_SIGNAL;
  }

  /**
   * Our handler runs in Python.
   * @param {import("#wasgi_core").Process} process
   * @returns {Check} what the running thread should do
   */
  check(process) {
    const time = performance.now();
    this.#quietUntil = time + QUIET;
    return process.check(TIME_ORIGIN + time);
  }

  /**
   * Python looks up soon.
   * @param {number} [checks] after so many of its checks
   */
  lookSoon(checks = 0) {
    this.#quietUntil = 0;
    this.#countDownFrom(checks);
  }

  /**
   * Our handler ran where it may do nothing.
   * @param {import("#wasgi_core").Process} process
   */
  lookAgain(process) {
    this.#again = (this.#again % AGAIN_WITHIN) + 1;
    // A signal comes before the thread gets far: a wait that has just ended counts as interrupted.
    // One check is our handler's own.
    this.lookSoon(process.hasSignal() ? 2 + (this.#again & 1) : this.#again);
  }

  /** A thread goes on: what it did not do while it waited does not count. */
  resumed() {
    this.#lookedAt = performance.now();
    this.#quietUntil = 0;
  }

  /** The worker has waited as a whole. */
  blocked() {
    this.#lookedAt = performance.now();
  }

  /** @param {number} checks */
  #countDownFrom(checks) {
    if (this.#module) this.#module.HEAP32[this.#clock] = checks;
  }
}
