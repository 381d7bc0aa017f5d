// What every `run_sync` of ours suspends its stack on: one permanent thenable.

import { bare } from "./bare.js";

/**
 * A wait that has begun.
 * @typedef {object} Wait
 * @property {((outcome: number) => void) | null} resume null: its stack is not suspended yet
 * @property {number | null} outcome null: the wait has not ended
 */

/** The threads that wait. */
export class Gate {
  /** Waits whose `then` has not been called yet, in order. @type {Wait[]} */
  #begun = [];
  /** @type {Map<number, Wait>} */
  #waits = new Map();
  /** What Python holds of it. */
  thenable = bare({
    then: (/** @type {(outcome: number) => void} */ resume) => this.#suspend(resume),
  });

  /** @param {number} thread will suspend its stack here next */
  begin(thread) {
    /** @type {Wait} */
    const wait = { resume: null, outcome: null };
    this.#begun.push(wait);
    this.#waits.set(thread, wait);
  }

  /**
   * Suspends a stack. Waits begin in the order in which this is called for them: several threads
   * can be at it in one checkpoint of microtasks.
   * @param {(outcome: number) => void} resume
   */
  #suspend(resume) {
    const wait = this.#begun.shift();
    if (!wait) resume(0);
    else if (wait.outcome !== null) resume(wait.outcome);
    else wait.resume = resume;
  }

  /**
   * Ends the wait of a thread.
   * @param {number} thread
   * @param {import("#wasgi_core").Outcome} outcome
   */
  end(thread, outcome) {
    const wait = /** @type {Wait} */ (this.#waits.get(thread));
    this.#waits.delete(thread);
    wait.outcome = outcome;
    wait.resume?.(outcome);
  }
}
