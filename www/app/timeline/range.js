/**
 * A stretch of time, in milliseconds since the server's start.
 * @typedef {{ start: number, end: number }} Range
 */

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
