import { axisMarks } from "./layout.js";
import { OF_THREADS, PHASES } from "./phases.js";
import { phaseAt } from "./threads.js";

/** @import { Bar, Row, ThreadPhase } from "../types.js" */

const MOST_LANE = 20;
const LEAST_LANE = 3;
const ROW_GAP = 9;
/** A lane that is this high has room for text (px). */
const TEXT_LANE = 13;
const AXIS_HEIGHT = 22;

/** @typedef {{ start: number, end: number }} Range milliseconds since the server's start */
/** @typedef {{ row: Row, top: number, height: number }} PlacedRow */

/** Paints bars and their time axis on two canvases, and finds the bar under a point. */
export class TimelinePainter {
  canvas = document.createElement("canvas");
  axis = document.createElement("canvas");
  /** @type {PlacedRow[]} */
  rows = [];
  /** @type {Range} */
  range = { start: 0, end: 1 };
  laneHeight = MOST_LANE;
  height = 0;
  #width = 1;
  /** @type {Map<string, string>} */
  #colours = new Map();
  #font = "";

  constructor() {
    this.canvas.className = "timeline-bars";
    this.axis.className = "timeline-axis";
    for (const canvas of [this.canvas, this.axis]) canvas.setAttribute("aria-hidden", "true");
  }

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
    this.#width = Math.max(1, width);
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
    return ((time - this.range.start) / (this.range.end - this.range.start)) * this.#width;
  }

  /** @param {number} x CSS px from the drawing's left edge */
  time(x) {
    return this.range.start + (x / this.#width) * (this.range.end - this.range.start);
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
    let bestDistance = 4;
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
   * @returns {ThreadPhase | null}
   */
  threadAt(x, y) {
    const placed = this.rows.find(({ top, height }) => y >= top && y < top + height);
    if (!placed?.row.phases) return null;
    return phaseAt(placed.row.phases, this.time(x), this.time(4) - this.time(0));
  }

  /**
   * @param {object} marks
   * @param {Bar | null} marks.focused
   * @param {number | null} marks.selected a request
   * @param {number} marks.origin what the axis counts from
   * @param {Range | null} marks.drag a range that is being picked
   */
  paint({ focused, selected, origin, drag }) {
    this.#readTheme();
    this.#paintAxis(origin);
    const context = this.#prepare(this.canvas, this.height);
    if (!context) return;
    context.fillStyle = this.#colour("grid");
    for (const mark of this.#marks(origin).marks)
      context.fillRect(Math.round(this.x(mark + origin)), 0, 1, this.height);
    for (const { row, top, height } of this.rows) {
      context.fillStyle = this.#colour("grid");
      context.fillRect(0, Math.round(top + height) - 1, this.#width, 1);
      for (const bar of row.bars)
        this.#paintBar(context, bar, top + ROW_GAP / 2 + bar.lane * this.laneHeight);
      if (row.phases) this.#paintThread(context, row.phases, top + ROW_GAP / 2);
    }
    for (const { row } of this.rows) {
      for (const bar of row.bars) {
        if (bar === focused) this.#outline(context, bar, this.#colour("accent"));
        else if (bar.request === selected) this.#outline(context, bar, this.#colour("text"));
      }
    }
    if (drag) {
      context.globalAlpha = 0.15;
      context.fillStyle = this.#colour("accent");
      context.fillRect(this.x(drag.start), 0, this.x(drag.end) - this.x(drag.start), this.height);
      context.globalAlpha = 1;
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Bar} bar @param {number} top */
  #paintBar(context, bar, top) {
    const height = this.laneHeight > 6 ? this.laneHeight - 2 : this.laneHeight - 0.5;
    const left = this.x(bar.start);
    const right = this.x(bar.end);
    if (right < 0 || left > this.#width) return;
    context.fillStyle = this.#colour("rest");
    context.fillRect(left, top, Math.max(1.5, right - left), height);
    const detailed = bar.phases.some(({ name }) => OF_THREADS.has(name));
    for (const phase of bar.phases) {
      const from = Math.max(-1, this.x(phase.start));
      const to = Math.min(this.#width + 1, this.x(phase.end));
      if (to < 0 || from > this.#width) continue;
      context.fillStyle = this.#colour(phase.name);
      context.fillRect(from, top, Math.max(0.75, to - from), height);
      if (this.laneHeight >= TEXT_LANE && to - from > 44 && !(phase.name === "app" && detailed)) {
        this.#write(context, phase.name, from + 5, top + height / 2 + 0.5, to - from - 8);
      }
    }
    if (bar.open) {
      // A ragged end: it goes on.
      context.fillStyle = this.#colour("accent");
      for (let y = top; y < top + height; y += 4) context.fillRect(right - 1, y, 2, 2);
    }
  }

  /**
   * Running stands out, waiting is half as high.
   * @param {CanvasRenderingContext2D} context
   * @param {ThreadPhase[]} phases
   * @param {number} top
   */
  #paintThread(context, phases, top) {
    const whole = Math.max(4, this.laneHeight - 2);
    for (const { name, start, end } of phases) {
      const from = Math.max(-1, this.x(start));
      const to = Math.min(this.#width + 1, this.x(end));
      const height = name === "run" ? whole : whole / 2;
      context.fillStyle = this.#colour(name);
      context.fillRect(from, top + whole - height, Math.max(0.75, to - from), height);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {string} name
   * @param {number} x
   * @param {number} y
   * @param {number} room
   */
  #write(context, name, x, y, room) {
    context.font = `11px ${this.#font}`;
    context.textBaseline = "middle";
    const label = PHASES.find((phase) => phase.name === name)?.label ?? name;
    if (context.measureText(label).width > room) return;
    context.fillStyle = this.#colour(`on-${name}`);
    context.fillText(label, x, y);
  }

  /** @param {CanvasRenderingContext2D} context @param {Bar} bar @param {string} colour */
  #outline(context, bar, colour) {
    const box = this.box(bar);
    if (!box) return;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.strokeRect(box.left - 1, box.top - 1, box.width + 2, box.height);
  }

  /** @param {number} origin */
  #marks(origin) {
    return axisMarks(
      this.range.start - origin,
      this.range.end - origin,
      Math.max(1, Math.floor(this.#width / 90)),
    );
  }

  /** @param {number} origin */
  #paintAxis(origin) {
    const context = this.#prepare(this.axis, AXIS_HEIGHT);
    if (!context) return;
    const { step, marks } = this.#marks(origin);
    context.font = `11px ${this.#font}`;
    context.textBaseline = "middle";
    for (const mark of marks) {
      const x = Math.round(this.x(mark + origin));
      context.fillStyle = this.#colour("grid");
      context.fillRect(x, AXIS_HEIGHT - 5, 1, 5);
      context.fillStyle = this.#colour("muted");
      const label = axisLabel(mark, step);
      const width = context.measureText(label).width;
      context.fillText(
        label,
        Math.min(Math.max(0, x - width / 2), this.#width - width),
        AXIS_HEIGHT / 2 - 1,
      );
    }
  }

  /** @param {HTMLCanvasElement} canvas @param {number} height */
  #prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(this.#width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    canvas.style.width = `${this.#width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, this.#width, height);
    return context;
  }

  /**
   * Colours are the theme's custom properties; a canvas wants them resolved, so a probe element
   * resolves them.
   */
  #readTheme() {
    const probe = document.createElement("span");
    probe.hidden = true;
    this.canvas.parentElement?.append(probe);
    const resolve = (/** @type {string} */ variable) => {
      probe.style.color = `var(${variable})`;
      return getComputedStyle(probe).color;
    };
    for (const name of ["grid", "muted", "accent", "text"])
      this.#colours.set(name, resolve(`--${name}`));
    this.#colours.set("rest", resolve("--phase-rest"));
    for (const { name } of PHASES) {
      this.#colours.set(name, resolve(`--phase-${name}`));
      this.#colours.set(`on-${name}`, resolve(`--on-phase-${name}`));
    }
    this.#font = getComputedStyle(probe).fontFamily;
    probe.remove();
  }

  /** @param {string} name */
  #colour(name) {
    return this.#colours.get(name) ?? this.#colours.get("rest") ?? "gray";
  }
}

/** @param {number} mark @param {number} step milliseconds */
function axisLabel(mark, step) {
  if (step >= 1000) return `${Number((mark / 1000).toFixed(1))} s`;
  return `${Number(mark.toFixed(step < 1 ? 2 : 0))} ms`;
}
