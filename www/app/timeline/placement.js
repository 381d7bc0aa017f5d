import { phaseAt } from "./threads.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */
/** @import { Range } from "./range.js" */
/** @import { Row } from "./rows.js" */

/** The height of the time axis, and the gap between rows (CSS px). */
export const AXIS_HEIGHT = 22;
export const ROW_GAP = 9;
/** How high a lane is at most and at least (CSS px). */
const MOST_LANE = 20;
const LEAST_LANE = 3;
/** How far from a thin bar a point still means it (CSS px). */
const REACH = 4;

/** @typedef {{ row: Row, top: number, height: number }} PlacedRow */

/** Where rows, bars and times are within the drawing, in CSS px from its upper left corner. */
export class Placement {
  /** @type {PlacedRow[]} */
  rows = [];
  /** @type {Range} */
  range = { start: 0, end: 1 };
  laneHeight = MOST_LANE;
  width = 1;
  height = 0;

  /**
   * Decides where everything goes. Lanes get thinner when there are many, so that as much as
   * possible is in sight.
   *
   * @param {Row[]} rows
   * @param {Range} range
   * @param {number} width of the drawing (CSS px)
   * @param {number} room how high it may get before it scrolls (CSS px)
   */
  place(rows, range, width, room) {
    this.range = range.end > range.start ? range : { start: range.start, end: range.start + 1 };
    this.width = Math.max(1, width);
    const lanes = rows.reduce((sum, row) => sum + row.lanes, 0);
    const free = room - AXIS_HEIGHT - rows.length * ROW_GAP;
    this.laneHeight = Math.max(
      LEAST_LANE,
      Math.min(MOST_LANE, Math.floor(free / Math.max(1, lanes))),
    );
    let top = 0;
    this.rows = rows.map((row) => {
      // A row is never lower than its label.
      const height = Math.max(row.lanes * this.laneHeight, 12) + ROW_GAP;
      const placed = { row, top, height };
      top += height;
      return placed;
    });
    this.height = top;
  }

  /** @param {number} time */
  x(time) {
    return ((time - this.range.start) / (this.range.end - this.range.start)) * this.width;
  }

  /** @param {number} x CSS px from the drawing's left edge */
  time(x) {
    return this.range.start + (x / this.width) * (this.range.end - this.range.start);
  }

  /** The bar's box within the drawing (CSS px). @param {Bar} bar */
  box(bar) {
    const placed = this.rows.find(({ row }) => row.bars.includes(bar));
    if (!placed) return null;
    const left = this.x(bar.start);
    const top = placed.top + ROW_GAP / 2 + bar.lane * this.laneHeight;
    return { left, top, width: Math.max(1.5, this.x(bar.end) - left), height: this.laneHeight };
  }

  /**
   * The bar at a point, with a little tolerance for thin ones.
   * @param {number} x
   * @param {number} y
   * @returns {Bar | null}
   */
  barAt(x, y) {
    const placed = this.rows.find(({ top, height }) => y >= top && y < top + height);
    if (!placed) return null;
    const lane = Math.floor((y - placed.top - ROW_GAP / 2) / this.laneHeight);
    let best = null;
    let bestDistance = REACH;
    for (const bar of placed.row.bars) {
      if (bar.lane !== lane) continue;
      const distance = Math.max(this.x(bar.start) - x, x - this.x(bar.end), 0);
      if (distance < bestDistance) [best, bestDistance] = [bar, distance];
    }
    return best;
  }

  /**
   * What a thread does at a point of its row.
   * @param {number} x
   * @param {number} y
   * @returns {Span | null}
   */
  threadAt(x, y) {
    const placed = this.rows.find(({ top, height }) => y >= top && y < top + height);
    if (!placed?.row.phases) return null;
    return phaseAt(placed.row.phases, this.time(x), this.time(REACH) - this.time(0));
  }
}
