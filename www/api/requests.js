// What the machine's client knows of requests: records of eight numbers.

import { Records } from "./records.js";

/**
 * A request as the client in the machine knows it. Times are milliseconds since the server's start.
 * @typedef {object} RequestRecord
 * @property {number} request its number in the trace
 * @property {number | null} process the process that has its connection
 * @property {number} sent when it was sent
 * @property {number | null} accepted when its connection was accepted; null while it waits in the
 * backlog
 * @property {number | null} head when the head of the answer was there
 * @property {number | null} end when its last byte came, or when it failed; null while it is on its
 * way
 * @property {"" | "complete" | "failed" | "sent again"} outcome how it ended: "sent again" under
 * another number, as its kept connection was closed before it was read
 */

/** By their number in a record; see `client::Outcome`. */
const OUTCOMES = /** @type {const} */ (["", "complete", "failed", "sent again"]);
const FIELDS = 8;
/** Bytes before the records. */
const HEAD = 16;
/** Requests kept; the oldest go first. */
const MOST = 50_000;

/** Requests of a server. */
export class Requests {
  #unread = new Records(FIELDS, MOST);
  /** @type {Map<number, RequestRecord>} */
  #known = new Map();
  /** Which have come or changed since somebody asked. @type {Map<number, RequestRecord>} */
  #changed = new Map();
  /** Whether an event loop serves many requests at a time. */
  awaits = false;
  /** The server's start, by the clock of `performance.timeOrigin + performance.now()`. */
  #origin = NaN;

  /**
   * @param {Uint8Array} body the server's start, how it serves, and records
   * @param {(stream: number, request: number) => void} underWay hears of those that are on their
   * way
   */
  add(body, underWay) {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.#origin = view.getFloat64(0, true);
    this.awaits = view.getFloat64(8, true) === 1;
    for (let at = HEAD; at < body.length; at += 8 * FIELDS) {
      const isUnderWay = view.getFloat64(at + 56, true) === 0;
      if (isUnderWay) underWay(view.getFloat64(at + 8, true), view.getFloat64(at, true));
    }
    this.#unread.add(body.subarray(HEAD));
  }

  /** The present time in milliseconds since the server's start; NaN before it had a request. */
  get now() {
    return performance.timeOrigin + performance.now() - this.#origin;
  }

  /** @returns {RequestRecord[]} in the order in which they came to be known */
  read() {
    this.#take();
    return [...this.#known.values()];
  }

  /** Whether a request is known to have ended. @param {number} request */
  isOver(request) {
    this.#take();
    return (this.#known.get(request)?.end ?? null) !== null;
  }

  /** Those that have come or changed since the last call. */
  news() {
    this.#take();
    const news = [...this.#changed.values()];
    this.#changed.clear();
    return news;
  }

  #take() {
    this.#unread.drain((numbers, at) => {
      const request = numbers[at];
      const record = {
        request,
        process: numbers[at + 2] || null,
        sent: numbers[at + 3],
        accepted: timeOf(numbers[at + 4]),
        head: timeOf(numbers[at + 5]),
        end: timeOf(numbers[at + 6]),
        outcome: OUTCOMES[numbers[at + 7]],
      };
      this.#known.set(request, record);
      this.#changed.set(request, record);
    });
    for (const request of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      this.#known.delete(request);
    }
  }
}

/** @param {number} number NaN where it has not come */
function timeOf(number) {
  return Number.isNaN(number) ? null : number;
}
