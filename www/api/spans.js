// The trace as the machine sends it: records of seven numbers.

import { Records } from "./records.js";

/**
 * @typedef {object} Span
 * @property {number} request the request's number, from 1 in the order in which they were sent
 * @property {number} process the process id; 0 before a process had the request
 * @property {number} thread the thread's number in its process
 * @property {string} name what the time went to
 * @property {number} start milliseconds since the server's start
 * @property {number} end milliseconds since the server's start; Infinity while it has not ended
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
/** What a thread does: one of these at a time. */
const OF_THREADS = new Set(["gil", "run", "sleep", "lock", "io"]);
const FIELDS = 7;
/** Spans kept; the oldest go first. */
const MOST = 200_000;

/** Spans that have come in. */
export class Spans {
  /** @type {Span[]} */
  #read = [];
  /** How many were read and are kept no longer. */
  #dropped = 0;
  #unread = new Records(FIELDS, MOST);
  /**
   * Those that have not ended, by what can only do one thing at a time.
   * @type {Map<string, Span>}
   */
  #open = new Map();

  /** @param {Uint8Array} records */
  add(records) {
    this.#unread.add(records);
  }

  /** @returns {Span[]} all so far that have ended, as a new array */
  read() {
    this.#take();
    return this.#read.slice();
  }

  /**
   * What has come since the last call.
   * @param {number} position what the last call returned; 0 at first
   * @returns {{ spans: Span[], position: number }}
   */
  since(position) {
    this.#take();
    const spans = this.#read.slice(Math.max(0, position - this.#dropped));
    return { spans, position: this.#dropped + this.#read.length };
  }

  /** @returns {Span[]} those that have not ended, as far as is known */
  open() {
    this.#take();
    return [...this.#open.values()];
  }

  /** A request is over: nothing of it goes on. @param {number} request */
  over(request) {
    this.#take();
    for (const [key, span] of this.#open) if (span.request === request) this.#open.delete(key);
  }

  #take() {
    this.#unread.drain((numbers, at) => {
      const span = {
        request: numbers[at],
        process: numbers[at + 1],
        thread: numbers[at + 2],
        name: NAMES[numbers[at + 3]],
        start: numbers[at + 4],
        end: numbers[at + 5],
        on: numbers[at + 6],
      };
      if (span.end === Infinity) {
        this.#open.set(keyOf(span), span);
        return;
      }
      if (this.#open.size > 0) {
        const key = keyOf(span);
        const open = this.#open.get(key);
        if (open && span.end > open.start) this.#open.delete(key);
      }
      this.#read.push(span);
    });
    const over = this.#read.length - MOST;
    if (over > 0) {
      this.#read.splice(0, over);
      this.#dropped += over;
    }
  }
}

/** @param {Span} span */
function keyOf({ request, process, thread, name }) {
  return OF_THREADS.has(name) ? `${process}/${thread}` : `${request} ${name}`;
}
