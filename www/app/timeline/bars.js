import { OF_THREADS } from "./phases.js";

/** @import { Span } from "../../api/spans.js" */

/**
 * One stretch of a bar, as it is drawn.
 *
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} start
 * @property {number} end
 * @property {number | null} process
 * @property {number} thread
 *
 * One request on the timeline: connect to last byte.
 *
 * @typedef {object} Bar
 * @property {number} request
 * @property {number | null} process
 * @property {number} thread
 * @property {number} start
 * @property {number} end
 * @property {boolean} open not answered in full yet: `end` is now
 * @property {number | null} taken when a worker took it, null while none has
 * @property {number} lane
 * @property {Phase[]} phases
 */

/**
 * Spans that are recorded before any worker has the request: they say nothing about who serves it.
 */
const BEFORE_ACCEPT = new Set(["connect", "backlog"]);

/**
 * Turns spans into one bar per request.
 *
 * @param {Span[]} spans
 * @param {(request: number) => number | null} [stillRunning] the present time (ms since the
 * server's start) for a request that is not answered in full yet; null for one that is, or of which
 * nobody knows
 * @returns {Bar[]} in the order of their start
 */
export function barsOf(spans, stillRunning = () => null) {
  /** @type {Map<number, Span[]>} */
  const byRequest = new Map();
  for (const span of spans) {
    // What comes after the last byte is no part of the bar: it runs from connect to the last byte.
    // Nor is what a thread does for no request in particular.
    if (span.name === "keepalive" || span.request === 0) continue;
    const list = byRequest.get(span.request);
    if (list) list.push(span);
    else byRequest.set(span.request, [span]);
  }
  const bars = [...byRequest].map(([request, list]) => barOf(request, list, stillRunning(request)));
  return bars.sort((a, b) => a.start - b.start || a.request - b.request);
}

/**
 * @param {number} request
 * @param {Span[]} spans at least one
 * @param {number | null} now
 * @returns {Bar}
 */
function barOf(request, spans, now) {
  /** @type {Phase[]} */
  const phases = spans.map(({ name, start, end, process, thread }) => ({
    name,
    start,
    end,
    // The trace writes 0 where no process had the request.
    process: process || null,
    thread,
  }));
  // Of two that start together the longer one is the outer one, and is painted first.
  phases.sort((a, b) => a.start - b.start || b.end - a.end);
  const owner = ownerOf(phases);
  // Spans of threads lie within others, or beside them in other threads.
  // A background task's thread goes on after the last byte.
  const doors = phases.filter((phase) => !OF_THREADS.has(phase.name));
  const last = (doors.length > 0 ? doors : phases).reduce(
    (latest, { end }) => Math.max(latest, end),
    -Infinity,
  );
  return {
    request,
    process: owner?.process ?? null,
    thread: owner?.thread ?? 0,
    start: phases[0].start,
    end: now === null ? last : Math.max(now, last),
    open: now !== null,
    taken: owner ? takenAt(phases) : null,
    lane: 0,
    phases,
  };
}

/**
 * The phase that names the worker: the application's if it got that far, else the last one that a
 * process recorded.
 *
 * @param {Phase[]} phases
 */
function ownerOf(phases) {
  const inside = phases.filter((phase) => !BEFORE_ACCEPT.has(phase.name) && phase.process !== null);
  return (
    inside.find((phase) => phase.name === "app") ??
    inside.findLast((phase) => !OF_THREADS.has(phase.name)) ??
    inside.at(-1)
  );
}

/**
 * When the worker began to work on it: after the backlog and after the queue for a thread.
 *
 * @param {Phase[]} phases
 */
function takenAt(phases) {
  const app = phases.find((phase) => phase.name === "app");
  if (app) return app.start;
  const queue = phases.find((phase) => phase.name === "queue");
  if (queue) return queue.end;
  const first = phases.find((phase) => !BEFORE_ACCEPT.has(phase.name));
  return first ? first.start : null;
}
