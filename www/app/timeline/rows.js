import { words } from "../words/words.js";
import { threadName } from "./descriptions.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} label
 * @property {number | null} process
 * @property {number} thread
 * @property {number} lanes
 * @property {Bar[]} bars
 * @property {Span[]} [phases] in the row of a thread: what it does, in the order of time
 */

/** The key of the row of requests that no worker has taken. */
const WAITING_ROW = "waiting";

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
    row.label = labelOf(row, several);
    row.lanes = assignLanes(row.bars);
  }
  return [...rows.values()].sort(compareRows);
}

/** @param {Row} row @param {boolean} several whether its process served with several threads */
function labelOf({ process, thread }, several) {
  if (process === null) return words.timeline.waitingRow;
  const name = words.timeline.process(process);
  return several ? `${name} · ${threadName(thread)}` : name;
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
