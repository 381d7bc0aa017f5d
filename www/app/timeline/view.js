import { summarise } from "./summary.js";

/** @import { Bar } from "./bars.js" */
/** @import { Range } from "./range.js" */
/** @import { Trace } from "./trace.js" */

/**
 * What is looked at: the last burst, everything, or a range.
 * @typedef {"burst" | "all" | Range} Looking
 */

/**
 * What is in sight, and what the axis counts from: the burst's begin within a burst, else the
 * server's start.
 *
 * @param {Trace} trace
 * @param {Looking} looking
 * @returns {{ range: Range, origin: number }}
 */
export function viewOf(trace, looking) {
  if (trace.bars.length === 0) return { range: { start: 0, end: 1000 }, origin: 0 };
  const burst = summarise(trace.burst);
  if (typeof looking === "object") {
    const within =
      looking.start >= burst.start - burst.makespan && looking.end <= burst.end + burst.makespan;
    return { range: looking, origin: within ? burst.start : 0 };
  }
  const { start, end, makespan } = looking === "burst" ? burst : summarise(trace.bars);
  const margin = makespan * 0.01 || 0.5;
  return {
    range: { start: start - margin, end: end + margin },
    origin: looking === "burst" ? start : 0,
  };
}

/** @param {Bar[]} bars @param {Range} range */
export function barsWithin(bars, { start, end }) {
  return bars.filter((bar) => bar.end >= start && bar.start <= end);
}
