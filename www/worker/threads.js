// Suspends and resumes the stacks of Python's threads (JSPI). Which thread goes on is decided in
// Rust (src/event_loop/).

import { Outcome } from "#wasgi_core";
import { crossOriginIsolated, performance, queueMicrotask } from "./browser.js";
import { Gate } from "./gate.js";
import { Hop } from "../link/hop.js";
import { Preemption } from "./preemption.js";
import { Stacks } from "./stacks.js";

/** @typedef {import("#wasgi_core").WaitFor} WaitFor */

/** The main thread's number. */
const MAIN = 1;

/**
 * How long microtasks may follow each other before messages and timers have their turn, in
 * milliseconds.
 */
const TURN_AFTER = 4;

const now = () => performance.timeOrigin + performance.now();

/** The threads of this process. */
export class Threads {
  gate = new Gate();
  preemption = new Preemption();
  /** A pump is under way, or will come. */
  scheduled = false;
  /** When this worker's event loop last turned. */
  turnedAt = performance.now();
  /** @type {import("#wasgi_core").Process | null} */
  #process = null;
  /** @type {import("./message-loop.js").MessageLoop | null} */
  #loop = null;
  /** @type {import("./pyodide.js").Module | null} */
  #module = null;
  /** Starts the thread of a number. @type {import("./pyodide.js").StartThread | null} */
  #start = null;
  /** @type {Stacks | null} */
  #stacks = null;
  /** Where the stacks are of those threads that have one of their own. */
  #stackOf = /** @type {Map<number, import("./stacks.js").Stack>} */ (new Map());
  /** The thread that is being started. */
  #starting = MAIN;
  /** Whom to resume, where that is known already: see `#release`. @type {number | undefined} */
  #next;
  #hop = new Hop(() => {
    this.turnInTask();
    this.pump();
  });
  /** For `queueMicrotask`. */
  #pump = () => this.pump();

  /**
   * @param {import("./pyodide.js").Pyodide} pyodide
   * @param {import("./pyodide.js").StartThread} start starts the thread of a number
   */
  attach(pyodide, start) {
    const module = (this.#module = pyodide._module);
    this.#start = start;
    this.#stacks = new Stacks(module);
    module.mainStack = module.stackSave();
    // Where the stack of a task begins: see xtask/src/build/glue.rs.
    module.enterStack = () => {
      const stack = this.#stackOf.get(this.#starting);
      module.stackRestore(stack ? stack.base + stack.size : module.mainStack);
    };
    this.preemption.attach(pyodide);
  }

  /**
   * @param {import("#wasgi_core").Process} process decides, from now on
   * @param {import("./message-loop.js").MessageLoop} loop where messages and time come from
   */
  serve(process, loop) {
    this.#process = process;
    this.#loop = loop;
    this.preemption.serve(process);
  }

  /** There is one as soon as the process is known: no thread waits before. */
  get #known() {
    return /** @type {import("#wasgi_core").Process} */ (this.#process);
  }

  get #messages() {
    return /** @type {import("./message-loop.js").MessageLoop} */ (this.#loop);
  }

  get #interpreter() {
    return /** @type {import("./pyodide.js").Module} */ (this.#module);
  }

  // --- the running thread lets go

  /**
   * The running thread waits.
   * @param {WaitFor} what
   * @param {number | undefined} key
   * @param {number | undefined} timeout milliseconds; without one for ever
   * @param {boolean} again
   * @param {number | undefined} request
   * @returns {Outcome} Suspend: its stack is to be suspended on the gate now
   */
  wait(what, key, timeout, again, request) {
    return this.#release(this.#known.threadWait(what, key, timeout, again, request, now()), false);
  }

  /**
   * The running thread lets others go first.
   * @param {boolean} toMessages also messages and timers
   * @param {number | undefined} request
   * @returns {Outcome} as `wait`
   */
  yield(toMessages, request) {
    return this.#release(this.#known.threadYield(toMessages, request, now()), toMessages);
  }

  /**
   * The running thread lets go. To suspend a stack and to resume it is a good part of what a
   * request costs: where nobody else is to go on meanwhile, what comes is waited for here.
   * @param {number | undefined} thread whose call this is
   * @param {boolean} toMessages also messages are to have their turn
   * @returns {Outcome} as `wait`
   */
  #release(thread, toMessages) {
    if (thread === undefined) throw new Error("no thread runs: who waits was not resumed by wasgi");
    // What is due now goes on from here.
    this.scheduled = true;
    const hops = performance.now() - this.turnedAt > TURN_AFTER || (toMessages && this.turn());
    if (!hops) {
      this.#next = this.#find();
      if (this.#next === thread) {
        this.#next = undefined;
        this.scheduled = false;
        this.#resume(thread);
        return this.#known.outcome;
      }
    }
    this.gate.begin(thread);
    if (hops) this.#hop.start();
    else queueMicrotask(this.#pump);
    return Outcome.Suspend;
  }

  /**
   * The running thread waits, and its stack cannot be suspended: all of the worker waits.
   * @param {WaitFor} what
   * @param {number} timeout milliseconds
   * @param {number | undefined} request
   */
  block(what, timeout, request) {
    // Where stacks can be suspended, other threads might be due.
    const alone = !this.#interpreter.jspiSupported;
    if (alone) this.#known.threadWait(what, undefined, timeout, false, request, now());
    const end = performance.now() + timeout;
    const word = crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null;
    for (let rest = timeout; rest > 0; rest = end - performance.now())
      if (word) Atomics.wait(word, 0, 0, rest);
    if (alone) while (this.#known.nextThread(now()) === undefined);
    this.preemption.blocked();
  }

  // --- another goes on

  /** Lets the next thread go on when the stack of the present one is out of the way. */
  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    if (performance.now() - this.turnedAt > TURN_AFTER) this.#hop.start();
    else queueMicrotask(this.#pump);
  }

  /** Resumes or starts the next thread. */
  pump() {
    this.scheduled = true;
    const thread = this.#next ?? this.#find();
    this.#next = undefined;
    this.scheduled = false;
    if (thread === undefined) {
      this.#messages.sleep();
      return;
    }
    this.#resume(thread);
    const { outcome } = this.#known;
    if (outcome === Outcome.Start) {
      this.#starting = thread;
      const start = /** @type {import("./pyodide.js").StartThread} */ (this.#start);
      void this.#run(start.callPromising(thread), thread);
      return;
    }
    this.gate.end(thread, outcome);
  }

  /** @returns {number | undefined} the thread to resume, after waiting for what comes */
  #find() {
    return this.#known.nextThread(now()) ?? this.#messages.awaitThread();
  }

  /** @param {number} thread goes on */
  #resume(thread) {
    this.preemption.resumed();
    if (thread === MAIN && this.#known.hasSignal()) this.preemption.lookSoon();
  }

  // --- messages

  /**
   * Messages have their turn.
   * @returns {boolean} whether the event loop may hold others back
   */
  turn() {
    this.#known.turned(now());
    return this.#messages.turn();
  }

  /** The same in a task of its own: the worker's event loop has turned. */
  turnInTask() {
    this.turnedAt = performance.now();
    this.turn();
  }

  // --- threads begin and end

  /**
   * Runs the main thread until the process ends or forks: one stack that is suspended wherever it
   * waits, or, where the browser cannot, a call for each step from one wait to the next.
   * @param {import("./main-thread.js").MainThread} main
   * @param {import("#wasgi_core").Fork} [fork] that it goes on from
   */
  async runMain(main, fork) {
    this.#starting = MAIN;
    if (this.#interpreter.jspiSupported) return main.run(fork);
    return main.runInSteps(this.gate, fork);
  }

  /**
   * Runs a process's main thread, the last time.
   * @template T
   * @param {Promise<T>} running
   */
  endWith(running) {
    return this.#run(running, MAIN);
  }

  /**
   * A new thread.
   * @returns {number | undefined} its number; none if there is no room for one
   */
  spawn() {
    const stack = this.#stacks?.take();
    if (!stack) return undefined;
    const thread = this.#known.threadSpawn(now());
    if (thread !== undefined) this.#stackOf.set(thread, stack);
    else this.#stacks?.give(stack);
    return thread;
  }

  /** The stack of the main thread, which has just begun. */
  mainStack() {
    return /** @type {Stacks} */ (this.#stacks).first();
  }

  /** The stack of the thread that has just begun. */
  startedOn() {
    return /** @type {import("./stacks.js").Stack} */ (this.#stackOf.get(this.#starting));
  }

  /**
   * @template T
   * @param {Promise<T>} running a thread's stack
   * @param {number} thread
   */
  async #run(running, thread) {
    try {
      return await running;
    } finally {
      const stack = this.#stackOf.get(thread);
      if (stack) this.#stacks?.give(stack);
      this.#stackOf.delete(thread);
      this.#known.threadFinish(now());
      this.schedule();
    }
  }
}
