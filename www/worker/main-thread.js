// The main thread of a process, as JavaScript calls it: `wasgi_runtime.process.main.step`.

import { Fork, Step } from "#wasgi_core";

/** How a run of the main thread has ended: with an exit code, or in a fork. */
/** @typedef {{ exit: number } | "fork"} MainResult */

/** Goes from one fork to the next, then to the process's end. */
export class MainThread {
  #step;
  #memory;

  /**
   * @param {import("./pyodide.js").StepMain} step
   * @param {import("./shared-buffer.js").SharedBuffer} memory
   */
  constructor(step, memory) {
    this.#step = step;
    this.#memory = memory;
  }

  /**
   * As one stack that is suspended wherever it waits (JSPI).
   * @param {Fork} [fork] that it goes on from
   * @returns {Promise<MainResult>}
   */
  async run(fork) {
    return this.#result(await this.#step.callPromising(fork));
  }

  /**
   * In steps, from one wait to the next.
   * @param {import("./gate.js").Gate} gate
   * @param {Fork} [fork] that it goes on from
   * @returns {Promise<MainResult>}
   */
  async runInSteps(gate, fork) {
    let step = this.#step(fork);
    while (step === Step.Waits) step = this.#step(await gate.thenable);
    return this.#result(step);
  }

  /**
   * @param {Step} step
   * @returns {MainResult}
   */
  #result(step) {
    return step === Step.Forks ? "fork" : { exit: this.#memory.number };
  }
}

export { Fork };
