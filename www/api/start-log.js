// What a server has logged before it accepts: who starts it gets to see why it did not.

/** How many lines are kept: the last ones. */
const MOST_LINES = 2000;

/** The log of a server that starts. */
export class StartLog {
  /** @type {string[]} */
  #lines = [];
  #dropped = 0;

  /** @param {string} line */
  add(line) {
    this.#lines.push(line);
    // Not one by one: that would move all that are left each time.
    if (this.#lines.length < 2 * MOST_LINES) return;
    this.#dropped += this.#lines.length - MOST_LINES;
    this.#lines = this.#lines.slice(-MOST_LINES);
  }

  /** The lines that are kept, after one that says how many are not. */
  get lines() {
    const kept = this.#lines.slice(-MOST_LINES);
    const dropped = this.#dropped + this.#lines.length - kept.length;
    return dropped > 0 ? [`… ${dropped} lines before these`, ...kept] : kept;
  }
}
