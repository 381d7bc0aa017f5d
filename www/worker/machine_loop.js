// The machine's loop: takes what has come, lets the machine carry out what it wants, and waits for
// more.

/**
 * How long messages are waited for on the bell after the last one, in milliseconds; and how long
 * without the event loop.
 */
const LINGER = 1;
const TURN_AFTER = 4;
/** Messages that are taken before it is seen to what they ask for. */
const TAKEN_TOGETHER = 32;

export const now = () => performance.timeOrigin + performance.now();

/**
 * What the loop works for.
 * @typedef {object} Worked
 * @property {() => number} deadline when `tick` is due, in milliseconds since the epoch
 * @property {(now: number) => void} tick
 * @property {() => void} flush carries out what is to be done
 * @property {() => boolean} isReady whether a message can be taken
 * @property {() => boolean} isPosted whether the event loop has one to bring
 * @property {() => boolean} takeNext takes the message that was said first; false: there is none
 */

/** The loop. */
export class MachineLoop {
  #worked;
  #bell;
  #hop = new MessageChannel();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #timerAt = Infinity;
  /** When the last message was there. */
  #heardAt = -Infinity;
  /** Whether the event loop turns, and then there is more to do. */
  #turning = false;
  #isCalled = () => this.#worked.isReady() || this.#worked.isPosted();
  #expire = () => {
    this.#timerAt = Infinity;
    this.work();
  };

  /**
   * @param {Worked} worked
   * @param {import("../link/bell.js").Bell} bell the machine's
   */
  constructor(worked, bell) {
    this.#worked = worked;
    this.#bell = bell;
    this.#hop.port1.onmessage = () => {
      this.#turning = false;
      this.work();
    };
  }

  /**
   * Does what there is to do, then waits for more: on the bell as long as there is traffic, else in
   * the event loop.
   */
  work() {
    const worked = this.#worked;
    const bell = this.#bell;
    bell.awake();
    const turnedAt = performance.now();
    let working = true;
    while (working) {
      if (worked.deadline() <= now()) worked.tick(now());
      const taken = this.#take();
      worked.flush();
      const time = performance.now();
      if (taken) this.#heardAt = time;
      if (time - turnedAt > TURN_AFTER) {
        if (!this.#turning) this.#hop.port2.postMessage(0);
        this.#turning = true;
        return;
      }
      if (taken) continue;
      const rest = Math.min(this.#heardAt + LINGER - time, worked.deadline() - now());
      if (rest > 0 && bell.state && !worked.isPosted()) bell.wait(this.#isCalled, rest);
      else working = !bell.sleep(worked.isReady);
    }
    this.#schedule();
  }

  /** Takes what has come, in the order in which it was said. */
  #take() {
    let count = 0;
    while (count < TAKEN_TOGETHER && this.#worked.takeNext()) count += 1;
    return count > 0;
  }

  // A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new one
  // for each request.
  #schedule() {
    const at = this.#worked.deadline();
    if (at >= this.#timerAt) return;
    this.#timerAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, Math.max(0, at - now()));
  }
}
