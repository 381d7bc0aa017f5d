/** How many lines are kept. */
const MOST_LINES = 50;

/**
 * The command lines that were run, and where among them the arrow keys are: past the newest stands
 * the line that is being typed.
 */
export class CommandHistory {
  /** @type {readonly string[]} newest last */
  #lines = [];
  #at = 0;
  #draft = "";

  /** Takes over the lines. @param {readonly string[]} lines newest last */
  set lines(lines) {
    this.#lines = lines;
    this.leave();
  }

  /** Back to the line that is being typed. */
  leave() {
    this.#at = this.#lines.length;
  }

  /**
   * @param {1 | -1} step −1 is one line older
   * @param {string} current what stands in the field
   * @returns {string | null} what is to stand there, or null where history ends
   */
  go(step, current) {
    const to = this.#at + step;
    if (to < 0 || to > this.#lines.length) return null;
    if (this.#at === this.#lines.length) this.#draft = current;
    this.#at = to;
    return to === this.#lines.length ? this.#draft : this.#lines[to];
  }
}

/**
 * The history after a command was run: no line stands in it twice.
 * @param {readonly string[]} lines
 * @param {string} command
 */
export function withCommand(lines, command) {
  return recent([...lines.filter((line) => line !== command), command]);
}

/** As many as are kept. @param {readonly string[]} lines */
export function recent(lines) {
  return lines.slice(-MOST_LINES);
}
