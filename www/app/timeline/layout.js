import { OF_THREADS } from "./phases.js";

/** @import { Bar, Phase, Row, Span } from "../types.js" */

/**
 * Spans that are recorded before any worker has the request: they say nothing about who serves it.
 */
const BEFORE_ACCEPT = new Set(["connect", "backlog"]);

/** The row of requests that no worker has taken. */
export const WAITING_ROW = "waiting";

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

/**
 * Sorts bars into rows: one per process, and per thread where a process served with several. Within
 * a row, bars that overlap get lanes of their own.
 *
 * @param {Bar[]} bars in the order of their start
 * @returns {Row[]} processes in the order of their numbers, the requests that nobody took last
 */
export function rowsOf(bars) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** How many threads of a process served. @type {Map<number | null, number>} */
  const threads = new Map();
  for (const bar of bars) {
    const key = bar.process === null ? WAITING_ROW : `${bar.process}/${bar.thread}`;
    let row = rows.get(key);
    if (!row) {
      row = { key, label: "", process: bar.process, thread: bar.thread, lanes: 0, bars: [] };
      rows.set(key, row);
      threads.set(bar.process, (threads.get(bar.process) ?? 0) + 1);
    }
    row.bars.push(bar);
  }
  for (const row of rows.values()) {
    const several = (threads.get(row.process) ?? 0) > 1;
    row.label =
      row.process === null
        ? "waiting"
        : `pid ${row.process}${several ? ` · ${threadName(row.thread)}` : ""}`;
    row.lanes = assignLanes(row.bars);
  }
  return [...rows.values()].sort(compareRows);
}

/** The trace counts threads from 1, the main one. @param {number} thread */
export function threadName(thread) {
  return thread === 1 ? "main thread" : `thread ${thread}`;
}

/** @param {Row} a @param {Row} b */
function compareRows(a, b) {
  return (a.process ?? Infinity) - (b.process ?? Infinity) || a.thread - b.thread;
}

/**
 * Gives every bar the first lane that is free at its start.
 *
 * @param {Bar[]} bars in the order of their start
 * @returns {number} how many lanes there are
 */
function assignLanes(bars) {
  /** @type {number[]} */
  const freeFrom = [];
  for (const bar of bars) {
    let lane = freeFrom.findIndex((end) => end <= bar.start);
    if (lane < 0) lane = freeFrom.length;
    bar.lane = lane;
    freeFrom[lane] = bar.end;
  }
  return freeFrom.length;
}

/**
 * Round numbers for a time axis.
 *
 * @param {number} start
 * @param {number} end
 * @param {number} most how many marks fit
 * @returns {{ step: number, marks: number[] }} marks within [start, end]
 */
export function axisMarks(start, end, most) {
  const span = end - start;
  if (!(span > 0) || !Number.isFinite(span) || most < 1) return { step: 0, marks: [] };
  const rough = span / most;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const marks = [];
  // A mark that is off by rounding counts; adding zero makes −0 a 0.
  for (
    let index = Math.ceil(start / step - 1e-9) + 0;
    index * step <= end + step * 1e-9;
    index += 1
  )
    marks.push(index * step);
  return { step, marks };
}

/**
 * What a set of bars amounts to: from the first connect to the last byte, and how they were split.
 *
 * @param {Bar[]} bars
 */
export function summarise(bars) {
  /** @type {Map<number, number>} */
  const split = new Map();
  let waiting = 0;
  let open = 0;
  let start = Infinity;
  let end = -Infinity;
  for (const bar of bars) {
    start = Math.min(start, bar.start);
    end = Math.max(end, bar.end);
    if (bar.open) open += 1;
    if (bar.process === null) waiting += 1;
    else split.set(bar.process, (split.get(bar.process) ?? 0) + 1);
  }
  const processes = [...split].sort(([a], [b]) => a - b);
  return {
    count: bars.length,
    start,
    end,
    makespan: bars.length ? end - start : 0,
    split: processes,
    waiting,
    open,
  };
}

/**
 * Milliseconds by phase. Phases nest (`app` holds `run` and `sleep`), so these do not add up to the
 * bar's length; `app` is what remains of it outside the phases within.
 *
 * @param {Bar} bar
 * @returns {{ name: string, ms: number }[]} in the order of their first start
 */
export function phaseTotals(bar) {
  /** @type {Map<string, { name: string, ms: number }>} */
  const totals = new Map();
  let within = 0;
  const app = bar.phases.find((phase) => phase.name === "app");
  for (const phase of bar.phases) {
    const ms = phase.end - phase.start;
    const total = totals.get(phase.name);
    if (total) total.ms += ms;
    else totals.set(phase.name, { name: phase.name, ms });
    if (app && phase !== app && phase.start >= app.start && phase.end <= app.end) within += ms;
  }
  const appTotal = totals.get("app");
  if (appTotal) appTotal.ms = Math.max(0, appTotal.ms - within);
  return [...totals.values()];
}
