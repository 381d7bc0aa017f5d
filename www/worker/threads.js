// Suspends and resumes the stacks of Python's threads (JSPI). Which thread goes on is decided in
// Rust (src/event_loop/).

import { Stacks } from "./stacks.js";

/**
 * A wait that has begun: its stack is suspended as soon as `then` of the gate has been called for
 * it.
 * @typedef {{ resume: ((outcome: number) => void) | null, outcome: number }} Wait
 */

/**
 * Where messages and time come from.
 * @typedef {object} Outside
 * @property {() => boolean} hear takes what has come; returns whether the event loop may hold
 * something back
 * @property {() => number} idle all threads wait: what comes may be waited for; returns what
 * `next_thread` says then
 * @property {() => void} sleep all threads wait, and the event loop is to wait for what comes
 */

/**
 * What `next_thread` says of a thread that is to be started; other codes are how its wait ended.
 */
const START = 7;
const CODE_BITS = 3;
export const MAIN = 1;

/** What a process that runs in steps says while it has not ended. */
const NOT_YET = 1 << 16;

/** What a process says where an image of it may be made. */
export const FORK = 1 << 17;

/**
 * How long microtasks may follow each other before messages and timers have their turn, in
 * milliseconds.
 */
const TURN_AFTER = 4;

/**
 * The number that our handler has among Python's signals: the last but one of the real-time
 * signals.
 */
export const TICK_SIGNAL = 63;

/**
 * How often the running thread looks up: after how many of the interpreter's own checks (one for
 * each backward jump or call), so that a look comes about every LOOK_EVERY milliseconds but never
 * costs more than a few per cent.
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
const now = () => TIME_ORIGIN + performance.now();

/** The threads of this process. */
export class Threads {
  /** @param {Outside} outside */
  constructor(outside) {
    /** There is none before `serve`. @type {import("#wasgi_core").Process} */
    this.core = /** @type {any} */ (null);
    this.outside = outside;
    /** Waits whose `then` has not been called yet, in order. @type {Wait[]} */
    this.begun = [];
    /** @type {Map<number, Wait>} */
    this.waits = new Map();
    this.scheduled = false;
    /** Whom to resume, where that is known already: see `pump`. */
    this.next = 0;
    this.turnedAt = performance.now();
    const hop = new MessageChannel();
    hop.port1.onmessage = () => {
      this.turnedAround();
      this.pump();
    };
    this.hop = () => hop.port2.postMessage(0);
    this.pump = this.pump.bind(this);
    /**
     * What every `run_sync` of ours suspends on. Waits begin in the order in which `then` is called
     * for them.
     */
    this.gate = {
      then: (/** @type {(outcome: number) => void} */ resume) => {
        const wait = this.begun.shift();
        if (!wait || wait.outcome >= 0) resume(wait ? wait.outcome : 0);
        else wait.resume = resume;
      },
    };
    /** Starts the thread with a number: a Python callable. @type {any} */
    this.start = null;
    /** CPython's countdown to its next check for signals: an address. */
    this.clock = 0;
    /** @type {any} */
    this.module = null;
    /**
     * Where the stacks of those threads are that have one of their own.
     * @type {Map<number, import("./stacks.js").Stack>}
     */
    this.stackOf = new Map();
    /** The thread that is being started. */
    this.starting = 0;
    this.checks = 50;
    this.lookedAt = 0;
    this.quietUntil = Infinity;
    this.again = 0;
    /** @type {(now: number) => number} */
    this.core_check = () => 0;
  }

  /** @param {import("#wasgi_core").Process} core decides, from now on */
  serve(core) {
    this.core = core;
    this.core_check = core.check.bind(core);
    this.quietUntil = 0;
  }

  /**
   * Python's looking up, every so many of its checks.
   * @param {any} pyodide
   */
  attach(pyodide) {
    this.module = pyodide._module;
    this.stacks = new Stacks(this.module);
    this.module.mainStack = this.module.stackSave();
    this.module.enterStack = () => {
      const stack = this.stackOf.get(this.starting);
      this.module.stackRestore(stack ? stack.base + stack.size : this.module.mainStack);
    };
    this.clock = this.module.__Py_emscripten_signal_clock >> 2;
    this.module.lookUp = () => this.look();
    // Pyodide turns the checks on with a buffer; xtask/src/build/glue.rs has made them call
    // `lookUp` instead.
    pyodide.setInterruptBuffer(new Uint8Array(1));
  }

  /** @returns {number} the signal to raise, or 0 */
  look() {
    const time = performance.now();
    const since = time - this.lookedAt;
    this.lookedAt = time;
    if (since > 2 * LOOK_EVERY) this.checks = Math.max(1, this.checks >> 2);
    else if (since < LOOK_EVERY / 2) this.checks = Math.min(MOST_CHECKS, this.checks * 2);
    this.module.HEAP32[this.clock] = this.checks;
    if (time < this.quietUntil) return 0;
    if (this.core_check(TIME_ORIGIN + time) === 0) {
      this.quietUntil = time + LOOK_EVERY;
      return 0;
    }
    this.quietUntil = Infinity;
    return TICK_SIGNAL;
  }

  /** Our handler runs in Python: what the running thread should do, an `event_loop::Check`. */
  check() {
    this.quietUntil = performance.now() + QUIET;
    return this.core_check(now());
  }

  /**
   * Python should look up soon.
   * @param {number} [checks] after so many of its checks
   */
  soon(checks = 0) {
    this.quietUntil = 0;
    if (this.module) this.module.HEAP32[this.clock] = checks;
  }

  /** Our handler ran where it may do nothing. */
  lookAgain() {
    this.again = (this.again % AGAIN_WITHIN) + 1;
    // A signal comes before the thread gets far: a wait that has just ended counts as interrupted.
    // One check is our handler's own.
    this.soon(this.core.has_signal() ? 2 + (this.again & 1) : this.again);
  }

  /**
   * The running thread waits.
   * @param {number} name
   * @param {number} key
   * @param {number} timeout milliseconds; negative: for ever
   * @param {boolean} again
   * @param {number} request
   * @returns {number} how the wait has ended; negative: its stack is to be suspended on the gate
   * now
   */
  wait(name, key, timeout, again, request) {
    return this.#leave(this.core.thread_wait(name, key, timeout, again, request, now()), false);
  }

  /**
   * The running thread lets go. To suspend a stack and to resume it is a good part of what a
   * request costs: where nobody else is to go on meanwhile, what comes is waited for here.
   * @param {number} thread
   * @param {boolean} turn also messages are to have their turn
   * @returns {number} how it ended; negative: the stack is to be suspended on the gate
   */
  #leave(thread, turn) {
    // What is due now goes on from here.
    this.scheduled = true;
    const hop = performance.now() - this.turnedAt > TURN_AFTER || (turn && this.turned());
    if (!hop) {
      this.next = this.core.next_thread(now()) || this.outside.idle();
      if (this.next >>> CODE_BITS === thread && thread !== 0) {
        const code = this.next & START;
        this.next = 0;
        this.scheduled = false;
        this.#resumes(thread);
        return code;
      }
    }
    const wait = { resume: null, outcome: -1 };
    this.begun.push(wait);
    this.waits.set(thread, wait);
    if (hop) this.hop();
    else queueMicrotask(this.pump);
    return -1;
  }

  /** @param {number} thread goes on */
  #resumes(thread) {
    this.lookedAt = performance.now();
    this.quietUntil = 0;
    if (thread === MAIN && this.core.has_signal()) this.soon();
  }

  /**
   * The running thread waits, and its stack cannot be suspended: all of the worker waits.
   * @param {number} name
   * @param {number} timeout milliseconds
   * @param {number} request
   */
  block(name, timeout, request) {
    // Where stacks can be suspended, other threads might be due.
    const alone = !this.module.jspiSupported;
    if (alone) this.core.thread_wait(name, 0, timeout, false, request, now());
    const end = performance.now() + timeout;
    const word = self.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null;
    for (let rest = timeout; rest > 0; rest = end - performance.now())
      if (word) Atomics.wait(word, 0, 0, rest);
    if (alone) while (this.core.next_thread(now()) === 0);
    this.lookedAt = performance.now();
  }

  /**
   * The life of the main thread: one stack that is suspended wherever it waits, or, where the
   * browser cannot, a call for each step from one wait to the next.
   * @param {any} step `wasgi_runtime.process.main.step`
   * @param {number} [outcome] of the fork that it goes on from
   * @returns {Promise<number>} how it ended, or FORK
   */
  async live(step, outcome) {
    this.starting = MAIN;
    if (this.module.jspiSupported) return step.callPromising(outcome);
    let code = step(outcome);
    while (code === NOT_YET) code = step(await this.gate);
    return code;
  }

  /**
   * The running thread lets others go first.
   * @param {boolean} turn also messages and timers
   * @param {number} request
   * @returns {number} as `wait`
   */
  yield(turn, request) {
    return this.#leave(this.core.thread_yield(turn, request, now()), turn);
  }

  /** Lets the next thread go on when the stack of the present one is out of the way. */
  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    if (performance.now() - this.turnedAt > TURN_AFTER) this.hop();
    else queueMicrotask(this.pump);
  }

  /**
   * Messages have their turn.
   * @returns {boolean} whether the event loop may hold others back
   */
  turned() {
    this.core.turned(now());
    return this.outside.hear();
  }

  /** This is a task of its own: the worker's event loop has turned. */
  turnedAround() {
    this.turnedAt = performance.now();
    this.turned();
  }

  /** Resumes or starts the next thread. */
  pump() {
    this.scheduled = true;
    const next = this.next || this.core.next_thread(now()) || this.outside.idle();
    this.next = 0;
    this.scheduled = false;
    if (next === 0) {
      this.outside.sleep();
      return;
    }
    const thread = next >>> CODE_BITS;
    const code = next & START;
    this.#resumes(thread);
    if (code === START) {
      this.starting = thread;
      this.run(this.start.callPromising(thread), thread);
      return;
    }
    const wait = /** @type {Wait} */ (this.waits.get(thread));
    this.waits.delete(thread);
    wait.outcome = code;
    wait.resume?.(code);
  }

  /**
   * A new thread.
   * @returns {number} its number; 0 if there is no room for one, -1 if the browser cannot suspend
   * stacks
   */
  spawn() {
    if (!this.module.jspiSupported) return -1;
    const stack = this.stacks?.take();
    if (!stack) return 0;
    const thread = this.core.thread_spawn(now());
    if (thread) this.stackOf.set(thread, stack);
    else this.stacks?.give(stack);
    return thread;
  }

  /** The stack of the main thread, which has just begun. */
  mainStack() {
    return /** @type {Stacks} */ (this.stacks).first();
  }

  /** The stack of the thread that has just begun. */
  startedOn() {
    return /** @type {import("./stacks.js").Stack} */ (this.stackOf.get(this.starting));
  }

  /**
   * @template T
   * @param {Promise<T>} running a thread's stack
   * @param {number} thread
   */
  async run(running, thread) {
    try {
      return await running;
    } finally {
      const stack = this.stackOf.get(thread);
      if (stack) this.stacks?.give(stack);
      this.stackOf.delete(thread);
      this.core.thread_finish(now());
      this.schedule();
    }
  }
}
