import { threadName } from "./descriptions.js";
import { OF_THREADS } from "./phases.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Range } from "./range.js" */
/** @import { Row } from "./rows.js" */

/**
 * A row for each thread that did or awaited something within a range, for requests or for none.
 *
 * @param {Span[]} spans
 * @param {Range} range
 * @returns {Row[]} in the order of processes and threads
 */
export function threadRowsOf(spans, range) {
  /** @type {Map<string, Row & { phases: Span[] }>} */
  const rows = new Map();
  for (const span of spans) {
    if (!OF_THREADS.has(span.name) || span.end < range.start || span.start > range.end) continue;
    const { process, thread } = span;
    const key = `${process}/${thread}/does`;
    let row = rows.get(key);
    if (!row) {
      const label = `${process}: ${threadName(thread)}`;
      row = { key, label, process, thread, lanes: 1, bars: [], phases: [] };
      rows.set(key, row);
    }
    row.phases.push(span);
  }
  for (const { phases } of rows.values()) phases.sort((a, b) => a.start - b.start);
  return [...rows.values()].sort(
    (a, b) => Number(a.process) - Number(b.process) || a.thread - b.thread,
  );
}

/**
 * The phase at a time, or the one next to it within a tolerance.
 *
 * @param {Span[]} phases in the order of time; they do not overlap
 * @param {number} time
 * @param {number} tolerance
 * @returns {Span | null}
 */
export function phaseAt(phases, time, tolerance) {
  let low = 0;
  let high = phases.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (phases[middle].end < time) low = middle + 1;
    else high = middle;
  }
  const near = [phases[low - 1], phases[low]].filter(
    (phase) => phase && phase.start - tolerance <= time && time <= phase.end + tolerance,
  );
  const distance = (/** @type {Span} */ { start, end }) => Math.max(start - time, time - end, 0);
  return near.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}
