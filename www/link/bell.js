// A thread's bell: shared memory by which other threads wake it.

/** The words of a bell: its state; the next ticket; what a thread that sleeps waits on. */
const STATE = 0;
const TICKETS = 1;
const SLEEP = 2;
/** Of a bell, in bytes. */
const SIZE = 12;

/** The states: the thread runs and will look; it waits on the bell; it sleeps in its event loop. */
const AWAKE = 0;
const WAITING = 1;
const ASLEEP = 2;

/** What is posted to a thread that sleeps, to wake it, where nothing else does. */
const WAKE = 0;

/** Whether a thread can wait on memory in its event loop: else a posted message wakes it. */
const waitsAsleep = () => typeof Atomics.waitAsync === "function";

/** @typedef {{ postMessage(message: unknown, transfer?: Transferable[]): void }} Port */

/**
 * A thread's own bell. No call is lost: a caller writes its message, then exchanges the bell's
 * state for AWAKE; the thread sets the state, then looks for messages. These four steps have one
 * order for all threads (they are atomic). If the thread does not see the message, its look came
 * before the message was written, so its state was set before the caller exchanged it, and that
 * caller, or another before it, found the state and woke the thread, which looks again.
 */
export class Bell {
  /** Whether a call would be noticed in the event loop. */
  #listens = false;

  /**
   * @param {Int32Array | null} state what callers have too; null where memory cannot be shared
   * @param {() => void} called the thread is called while it sleeps
   */
  constructor(state, called) {
    this.state = state;
    this.called = called;
  }

  /** The memory of a bell. */
  static shared() {
    return globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(SIZE)) : null;
  }

  /** The thread runs, and looks before it sleeps. */
  awake() {
    if (this.state) Atomics.store(this.state, STATE, AWAKE);
  }

  /**
   * Waits for a call. Nothing else of the thread goes on meanwhile.
   * @param {() => boolean} isReady whether there is something already
   * @param {number} timeout milliseconds
   */
  wait(isReady, timeout) {
    const { state } = this;
    if (!state) return;
    Atomics.store(state, STATE, WAITING);
    if (!isReady()) Atomics.wait(state, STATE, WAITING, timeout);
    Atomics.store(state, STATE, AWAKE);
  }

  /**
   * The thread is about to return to its event loop, where callers find it by a message.
   * @param {() => boolean} isReady whether there is something already
   * @returns {boolean} false if there is: the thread is to go on
   */
  sleep(isReady) {
    if (!this.state) return true;
    this.#listen();
    Atomics.store(this.state, STATE, ASLEEP);
    if (!isReady()) return true;
    // A caller may have called already; the thread will look in vain then.
    this.awake();
    return false;
  }

  /**
   * From here on, a call is noticed in the event loop: one listener serves until there is one,
   * however often the thread wakes.
   */
  #listen() {
    if (this.#listens || !this.state || !waitsAsleep()) return;
    const wait = Atomics.waitAsync(this.state, SLEEP, 0);
    if (!wait.async) return;
    this.#listens = true;
    void wait.value.then(() => {
      this.#listens = false;
      this.called();
    });
  }

  /**
   * Calls a thread that may wait or sleep.
   * @param {Int32Array} state its bell's
   * @param {Port} port where it gets messages
   */
  static call(state, port) {
    const was = Atomics.exchange(state, STATE, AWAKE);
    if (was === WAITING) Atomics.notify(state, STATE, 1);
    else if (was === ASLEEP) {
      if (waitsAsleep()) Atomics.notify(state, SLEEP, 1);
      else port.postMessage(WAKE);
    }
  }

  /**
   * Calls a thread that may wait, after a message was posted. That message wakes a thread that
   * sleeps, and it may sleep again by now: so its state is left as it is.
   * @param {Int32Array} state its bell's
   */
  static callWaiting(state) {
    if (Atomics.compareExchange(state, STATE, WAITING, AWAKE) === WAITING)
      Atomics.notify(state, STATE, 1);
  }

  /**
   * A number for a message to this thread: those of all its links are in the order of their
   * tickets.
   * @param {Int32Array} state
   */
  static ticket(state) {
    return Atomics.add(state, TICKETS, 1);
  }

  /** @param {unknown} data that was posted: whether it is a call and no message */
  static isCall(data) {
    return data === WAKE;
  }
}
