import { words } from "../words/words.js";
import { barsOf } from "./bars.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */

/** How many requests are shown: the latest. */
const MOST_REQUESTS = 5000;

/**
 * What was measured of one server: its spans, a bar for each request, and which are the last burst.
 */
export class Trace {
  /** @type {Bar[]} in the order of their start */
  bars = [];
  /** @type {Span[]} of the latest requests */
  spans = [];
  /** @type {Map<number, Bar>} */
  #byRequest = new Map();
  /** Requests that were there before the last press of Send. @type {Set<number>} */
  #before = new Set();
  /** When Send was pressed last, by this page's clock. */
  #pressed = 0;
  /** The same moment by both clocks. @type {{ at: number, pressed: number } | null} */
  #began = null;

  /** Forgets all: a new server's clock starts at zero. */
  clear() {
    this.bars = [];
    this.spans = [];
    this.#byRequest.clear();
    this.#before.clear();
    this.#began = null;
  }

  /** What comes from now on is the last burst. */
  beginBurst() {
    this.#pressed = performance.now();
    this.#began = null;
    this.#before = new Set(this.#byRequest.keys());
  }

  /**
   * @param {Span[]} spans everything measured so far
   * @param {(request: number) => boolean} answered whether a request is known to be over
   * @param {boolean} busy whether requests of the last burst are on their way
   */
  update(spans, answered, busy) {
    const recent = recentSpans(spans);
    // The machine's clock, as far as this page can tell: the burst's first connection began when
    // Send was pressed.
    const first = recent.find(({ request }) => !this.#before.has(request));
    if (first) this.#began ??= { at: first.start, pressed: this.#pressed };
    const began = this.#began;
    const now = began ? began.at + performance.now() - began.pressed : 0;
    this.spans = recent;
    this.bars = barsOf(recent, (request) =>
      busy && !this.#before.has(request) && !answered(request) ? now : null,
    );
    this.#byRequest = new Map(this.bars.map((bar) => [bar.request, bar]));
  }

  /** The last burst; where nothing of it is measured yet, everything. */
  get burst() {
    const fresh = this.bars.filter(({ request }) => !this.#before.has(request));
    return fresh.length ? fresh : this.bars;
  }

  /** @param {number | null} request */
  barOf(request) {
    return (request !== null && this.#byRequest.get(request)) || null;
  }

  /**
   * Which process served a request, in words, as far as is known.
   * @param {number | null} request
   */
  processOf(request) {
    const process = this.barOf(request)?.process ?? null;
    return process === null ? null : words.timeline.process(process);
  }
}

/**
 * The spans of the latest requests, which are numbered in the order in which they were sent.
 * @param {Span[]} spans
 */
function recentSpans(spans) {
  let latest = 0;
  for (const { request } of spans) latest = Math.max(latest, request);
  return latest <= MOST_REQUESTS
    ? spans
    : spans.filter(({ request }) => request === 0 || request > latest - MOST_REQUESTS);
}
