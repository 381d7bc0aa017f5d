/** @import { Bar, Row } from "../types.js" */
/** @import { Range } from "./painter.js" */

/**
 * The bar that an arrow key leads to: left and right within the row, up and down to the bar of the
 * next row that starts nearest, Home and End to the first and the last of all.
 *
 * @param {Row[]} rows
 * @param {number | null} request the one that has the focus
 * @param {string} key
 * @returns {Bar | null} null where there is none
 */
export function barInDirection(rows, request, key) {
  const all = rows.flatMap((row) => row.bars);
  if (all.length === 0) return null;
  if (key === "Home") return all[0];
  if (key === "End") return all[all.length - 1];
  const at = rows.findIndex((row) => row.bars.some((bar) => bar.request === request));
  if (at < 0) return all[0];
  const row = rows[at];
  const index = row.bars.findIndex((bar) => bar.request === request);
  const bar = row.bars[index];
  if (key === "ArrowLeft") return row.bars[index - 1] ?? bar;
  if (key === "ArrowRight") return row.bars[index + 1] ?? bar;
  const next = rows[key === "ArrowUp" ? at - 1 : at + 1];
  if (!next) return bar;
  const distance = (/** @type {Bar} */ other) => Math.abs(other.start - bar.start);
  return next.bars.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/** The finest view: 10 µs across, which is about what the clocks can tell. */
const LEAST_WIDTH = 0.01;

/**
 * A range that shows `factor` as much time, in which `about` stays where it is.
 *
 * @param {Range} range
 * @param {number} factor
 * @param {number} about
 * @returns {Range}
 */
export function zoomed(range, factor, about) {
  const before = range.end - range.start;
  const width = Math.max(LEAST_WIDTH, before * factor);
  const start = about - (about - range.start) * (width / before);
  return { start, end: start + width };
}

/**
 * Keeps a range within what there is to see and a little margin.
 *
 * @param {Range} range
 * @param {Range} all
 * @returns {Range | null} null where it would show everything
 */
export function clamped({ start, end }, all) {
  const margin = (all.end - all.start) * 0.02;
  const [least, most] = [all.start - margin, all.end + margin];
  const width = end - start;
  if (width >= most - least) return null;
  const from = Math.min(Math.max(start, least), most - width);
  return { start: from, end: from + width };
}
