/** @import { Bar } from "./bars.js" */
/** @import { Row } from "./rows.js" */

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
