import { words } from "../words/words.js";
import { barOf, compareBars, isOfBar, prolong } from "./bars.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { RequestRecord } from "../../api/requests.js" */
/** @import { Bar, Known } from "./bars.js" */

/** How many requests are shown: the latest. */
const MOST_REQUESTS = 20_000;
/** How many spans of threads are kept: as many as the API keeps. */
const MOST_SPANS = 200_000;

/**
 * What is new of a server's trace, as `server.traceSince` gives it.
 * @typedef {object} News
 * @property {Span[]} spans
 * @property {Span[]} open all that have not ended
 * @property {RequestRecord[]} requests
 */

/**
 * What was measured of one server: its spans, a bar for each request, and which are the last burst.
 * Only what is new is worked on.
 */
export class Trace {
  /** @type {Bar[]} in the order of their start */
  bars = [];
  /** @type {Span[]} of threads */
  spans = [];
  /** Whether what threads do is looked at, for requests or for none. */
  showsThreads = false;
  /** The present time, when it was last looked at (ms since the server's start). */
  now = 0;
  /** @type {Map<number, Known>} */
  #known = new Map();
  /** @type {Map<number, Bar>} */
  #byRequest = new Map();
  /** Requests with spans that have not ended. @type {Set<number>} */
  #withOpen = new Set();
  /** Requests that were there before the last press of Send. @type {Set<number>} */
  #before = new Set();

  /** Forgets all: a new server's clock starts at zero. */
  clear() {
    this.bars = [];
    this.spans = [];
    this.#known.clear();
    this.#byRequest.clear();
    this.#withOpen.clear();
    this.#before.clear();
  }

  /** What comes from now on is the last burst. */
  beginBurst() {
    this.#before = new Set(this.#byRequest.keys());
  }

  /**
   * @param {News} news
   * @param {number} now by the trace's clock
   * @returns {boolean} whether a bar has changed: that an idle thread goes on waiting changes none
   */
  update({ spans, open, requests }, now) {
    /** @type {Set<number>} */
    const changed = new Set(this.#withOpen);
    for (const span of spans) {
      if (!isOfBar(span)) {
        if (span.request === 0) this.spans.push(span);
        continue;
      }
      this.spans.push(span);
      this.#of(span.request).spans.push(span);
      changed.add(span.request);
    }
    for (const record of requests) {
      changed.add(record.request);
      this.#of(record.request).record = record;
    }
    for (const request of this.#withOpen) this.#of(request).open = undefined;
    this.#withOpen.clear();
    for (const span of open) {
      if (span.request === 0) continue;
      const known = this.#of(span.request);
      (known.open ??= []).push(span);
      this.#withOpen.add(span.request);
      changed.add(span.request);
    }
    this.#redraw(changed, now);
    this.advance(now);
    return changed.size > 0;
  }

  /** Time goes on for what is on its way. @param {number} now */
  advance(now) {
    this.now = now;
    for (const bar of this.bars) if (bar.open) prolong(bar, now);
  }

  /** The server has exited: nothing is on its way any more. @param {number} now */
  end(now) {
    /** @type {RequestRecord[]} */
    const requests = [];
    for (const { record } of this.#known.values())
      if (record && record.end === null) requests.push({ ...record, end: now, outcome: "failed" });
    this.update({ spans: [], open: [], requests }, now);
  }

  /** Whether a request is on its way. */
  get isUnderWay() {
    return this.bars.some(({ open }) => open);
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

  /** What the client knows of a request. @param {number | null} request */
  recordOf(request) {
    return (request !== null && this.#known.get(request)?.record) || null;
  }

  /**
   * Which process served a request, in words, as far as is known.
   * @param {number | null} request
   */
  processOf(request) {
    const process = this.barOf(request)?.process ?? null;
    return process === null ? null : words.timeline.process(process);
  }

  /** @param {number} request */
  #of(request) {
    let known = this.#known.get(request);
    if (!known) {
      known = { spans: [], record: null };
      this.#known.set(request, known);
    }
    return known;
  }

  /** Makes the bars of some requests anew. @param {Set<number>} requests @param {number} now */
  #redraw(requests, now) {
    for (const request of requests) {
      const known = this.#of(request);
      if (known.record?.outcome === "sent again") {
        this.#known.delete(request);
        this.#byRequest.delete(request);
      } else if (known.record || known.spans.length > 0) {
        this.#byRequest.set(request, barOf(request, known, now));
      }
    }
    this.#forgetOldest();
    if (requests.size === 0) return;
    this.bars = [...this.#byRequest.values()].sort(compareBars);
  }

  #forgetOldest() {
    if (this.spans.length > MOST_SPANS) this.spans.splice(0, this.spans.length - MOST_SPANS);
    if (this.#byRequest.size <= MOST_REQUESTS) return;
    let latest = 0;
    for (const request of this.#byRequest.keys()) latest = Math.max(latest, request);
    const oldest = latest - MOST_REQUESTS;
    for (const request of this.#known.keys()) {
      if (request > oldest) continue;
      this.#known.delete(request);
      this.#byRequest.delete(request);
    }
    this.spans = this.spans.filter(({ request }) => request === 0 || request > oldest);
  }
}
