// The trace as the machine sends it: records of seven numbers.

/**
 * @typedef {object} Span
 * @property {number} request the request's number, from 1 in the order in which they were sent
 * @property {number} process the process id; 0 before a process had the request
 * @property {number} thread the thread's number in its process
 * @property {string} name what the time went to
 * @property {number} start milliseconds since the server's start
 * @property {number} end milliseconds since the server's start
 * @property {number} on what a thread waited for, by a number of its process: the same lock has the
 * same one, the worker's connections have 1; 0 is nothing that has a number
 */

/** The names, by their number in a record; see `trace::Name`. */
const NAMES = [
  "connect",
  "backlog",
  "parse",
  "queue",
  "app",
  "gil",
  "run",
  "sleep",
  "lock",
  "io",
  "write",
  "keepalive",
  "message",
  "receive",
  "send",
];
const FIELDS = 7;
/** Records kept; the oldest go first. */
const MOST = 200_000;
/** Records that have come are kept as bytes until somebody reads them, in blocks of so many. */
const BLOCK = 8 * FIELDS * 1000;
const MOST_BLOCKS = MOST / 1000 + 1;

/** Spans that have come in. */
export class Spans {
  /** @type {Span[]} */
  #read = [];
  /** The last one is being filled. @type {Uint8Array<ArrayBuffer>[]} */
  #unread = [];
  /** How many bytes of the last block are full. */
  #filled = BLOCK;

  /** @param {Uint8Array} records */
  add(records) {
    for (let at = 0; at < records.length;) {
      if (this.#filled === BLOCK) {
        if (this.#unread.length === MOST_BLOCKS) this.#unread.shift();
        this.#unread.push(new Uint8Array(BLOCK));
        this.#filled = 0;
      }
      const part = Math.min(records.length - at, BLOCK - this.#filled);
      const block = this.#unread[this.#unread.length - 1];
      block.set(part === records.length ? records : records.subarray(at, at + part), this.#filled);
      this.#filled += part;
      at += part;
    }
  }

  /** @returns {Span[]} all so far, as a new array */
  read() {
    const filled = this.#filled;
    const last = this.#unread.length - 1;
    this.#filled = BLOCK;
    for (const [index, bytes] of this.#unread.splice(0).entries()) {
      const numbers = new Float64Array(bytes.buffer);
      const length = index < last ? numbers.length : filled / 8;
      for (let at = 0; at < length; at += FIELDS) {
        this.#read.push({
          request: numbers[at],
          process: numbers[at + 1],
          thread: numbers[at + 2],
          name: NAMES[numbers[at + 3]],
          start: numbers[at + 4],
          end: numbers[at + 5],
          on: numbers[at + 6],
        });
      }
    }
    if (this.#read.length > MOST) this.#read.splice(0, this.#read.length - MOST);
    return this.#read.slice();
  }
}
