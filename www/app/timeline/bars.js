import { OF_THREADS } from "./phases.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { RequestRecord } from "../../api/requests.js" */

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
 * @property {Phase[]} phases those that have not ended last until `end`
 * @property {number} settled how many of the phases have ended: those are the first
 *
 * What is known of one request.
 *
 * @typedef {object} Known
 * @property {Span[]} spans those that have ended
 * @property {RequestRecord | null} record null for one that this page's client did not send
 * @property {Span[]} [open] those that have not ended
 */

/**
 * Spans that are recorded before any worker has the request: they say nothing about who serves it.
 */
const BEFORE_ACCEPT = new Set(["connect", "backlog"]);

/** What the app's time is made of, besides the phases of threads. */
const AFTER_APP = new Set(["write", "keepalive"]);

/**
 * Turns spans into one bar per request, of those that are over.
 *
 * @param {Span[]} spans
 * @returns {Bar[]} in the order of their start
 */
export function barsOf(spans) {
  /** @type {Map<number, Span[]>} */
  const byRequest = new Map();
  for (const span of spans) {
    if (!isOfBar(span)) continue;
    const list = byRequest.get(span.request);
    if (list) list.push(span);
    else byRequest.set(span.request, [span]);
  }
  const bars = [...byRequest].map(([request, list]) =>
    barOf(request, { spans: list, record: null }, 0),
  );
  return bars.sort(compareBars);
}

/** @param {Bar} a @param {Bar} b */
export function compareBars(a, b) {
  return a.start - b.start || a.request - b.request;
}

/**
 * Whether a span is part of a bar. What comes after the last byte is none: a bar runs from connect
 * to the last byte. Nor is what a thread does for no request in particular.
 * @param {Span} span
 */
export function isOfBar({ name, request }) {
  return name !== "keepalive" && request !== 0;
}

/**
 * @param {number} request
 * @param {Known} known a record, or at least one span
 * @param {number} now
 * @returns {Bar}
 */
export function barOf(request, { spans, record, open = [] }, now) {
  const phases = spans.map(phaseOf);
  // Of two that start together the longer one is the outer one, and is painted first.
  phases.sort((a, b) => a.start - b.start || b.end - a.end);
  const settled = phases.length;
  const isOpen = record !== null && record.end === null;
  if (isOpen) phases.push(...openPhases(record, phases, open));
  const owner = ownerOf(phases);
  const process = record?.process ?? owner?.process ?? null;
  const bar = {
    request,
    process,
    thread: owner?.thread ?? (process === null ? 0 : 1),
    start: record?.sent ?? phases[0].start,
    end: record?.end ?? lastEnd(phases, settled),
    open: isOpen,
    taken: owner ? takenAt(phases) : null,
    lane: 0,
    phases,
    settled,
  };
  if (isOpen) prolong(bar, now);
  return bar;
}

/**
 * An open bar, and what in it goes on, lasts until now.
 * @param {Bar} bar
 * @param {number} now
 */
export function prolong(bar, now) {
  bar.end = Math.max(bar.end, now, bar.start);
  for (let index = bar.settled; index < bar.phases.length; index += 1) {
    const phase = bar.phases[index];
    if (phase.end === Infinity || index >= bar.settled) phase.end = Math.max(phase.start, bar.end);
  }
}

/** @param {Span} span @returns {Phase} */
function phaseOf({ name, start, end, process, thread }) {
  // The trace writes 0 where no process had the request.
  return { name, start, end, process: process || null, thread };
}

/**
 * What a request does that is on its way: what its process has told of it, and what the machine
 * knows where that says nothing.
 *
 * @param {RequestRecord} record
 * @param {Phase[]} ended in the order of their start
 * @param {Span[]} open
 * @returns {Phase[]}
 */
function openPhases({ sent, accepted, process }, ended, open) {
  const phase = (/** @type {string} */ name, /** @type {number} */ start) => ({
    name,
    start,
    end: Infinity,
    process,
    thread: 1,
  });
  if (process === null) return [phase("backlog", sent)];
  const known = open.map(phaseOf).sort((a, b) => a.start - b.start);
  if (known.some(({ name }) => !OF_THREADS.has(name))) return known;
  const app = ended.findLast(({ name }) => name === "app" || AFTER_APP.has(name));
  if (app) return [...known, { ...phase("write", app.end), thread: app.thread }];
  const last = ended.reduce((latest, { end }) => Math.max(latest, end), -Infinity);
  return [phase("taken", Math.max(last, accepted ?? sent)), ...known];
}

/**
 * When what is known to have ended did. Spans of threads lie within others, or beside them in other
 * threads: a background task's thread goes on after the last byte.
 * @param {Phase[]} phases
 * @param {number} settled
 */
function lastEnd(phases, settled) {
  const ended = phases.slice(0, settled);
  const doors = ended.filter((phase) => !OF_THREADS.has(phase.name));
  const counted = doors.length > 0 ? doors : ended;
  return counted.reduce((latest, { end }) => Math.max(latest, end), -Infinity);
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
