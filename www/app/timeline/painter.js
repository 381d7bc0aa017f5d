import { axisLabel, axisMarks } from "./axis.js";
import { Colours } from "./colours.js";
import { OF_THREADS, phaseLabel } from "./phases.js";
import { AXIS_HEIGHT, Placement, ROW_GAP } from "./placement.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */
/** @import { Range } from "./range.js" */

/** A lane that is this high has room for text (CSS px). */
const TEXT_LANE = 13;

/** Paints bars and their time axis on two canvases, where the placement says. */
export class TimelinePainter {
  canvas = document.createElement("canvas");
  axis = document.createElement("canvas");
  placement = new Placement();
  #colours = new Colours();

  constructor() {
    this.canvas.className = "timeline-bars";
    this.axis.className = "timeline-axis";
    for (const canvas of [this.canvas, this.axis]) canvas.setAttribute("aria-hidden", "true");
  }

  /**
   * @param {object} marks
   * @param {Bar | null} marks.focused
   * @param {number | null} marks.selected a request
   * @param {number} marks.origin what the axis counts from
   * @param {Range | null} marks.drag a range that is being picked
   */
  paint({ focused, selected, origin, drag }) {
    if (this.canvas.parentElement) this.#colours.read(this.canvas.parentElement);
    this.#paintAxis(origin);
    const { placement } = this;
    const context = this.#prepare(this.canvas, placement.height);
    if (!context) return;
    context.fillStyle = this.#colours.of("grid");
    for (const mark of this.#marks(origin).marks)
      context.fillRect(Math.round(placement.x(mark + origin)), 0, 1, placement.height);
    for (const { row, top, height } of placement.rows) {
      context.fillStyle = this.#colours.of("grid");
      context.fillRect(0, Math.round(top + height) - 1, placement.width, 1);
      for (const bar of row.bars)
        this.#paintBar(context, bar, top + ROW_GAP / 2 + bar.lane * placement.laneHeight);
      if (row.phases) this.#paintThread(context, row.phases, top + ROW_GAP / 2);
    }
    for (const { row } of placement.rows) {
      for (const bar of row.bars) {
        if (bar === focused) this.#outline(context, bar, this.#colours.of("accent"));
        else if (bar.request === selected) this.#outline(context, bar, this.#colours.of("text"));
      }
    }
    if (drag) {
      context.globalAlpha = 0.15;
      context.fillStyle = this.#colours.of("accent");
      const left = placement.x(drag.start);
      context.fillRect(left, 0, placement.x(drag.end) - left, placement.height);
      context.globalAlpha = 1;
    }
  }

  /** Takes the height that the drawing will have, before its width is known. */
  reserve() {
    this.canvas.style.height = `${this.placement.height}px`;
  }

  /** @param {CanvasRenderingContext2D} context @param {Bar} bar @param {number} top */
  #paintBar(context, bar, top) {
    const { placement } = this;
    const { laneHeight, width } = placement;
    const height = laneHeight > 6 ? laneHeight - 2 : laneHeight - 0.5;
    const left = placement.x(bar.start);
    const right = placement.x(bar.end);
    if (right < 0 || left > width) return;
    context.fillStyle = this.#colours.of("rest");
    context.fillRect(left, top, Math.max(1.5, right - left), height);
    const detailed = bar.phases.some(({ name }) => OF_THREADS.has(name));
    for (const phase of bar.phases) {
      const from = Math.max(-1, placement.x(phase.start));
      const to = Math.min(width + 1, placement.x(phase.end));
      if (to < 0 || from > width) continue;
      context.fillStyle = this.#colours.of(phase.name);
      context.fillRect(from, top, Math.max(0.75, to - from), height);
      const named = laneHeight >= TEXT_LANE && to - from > 44;
      if (named && !(phase.name === "app" && detailed))
        this.#write(context, phase.name, from + 5, top + height / 2 + 0.5, to - from - 8);
    }
    if (bar.open) {
      // A ragged end: it goes on.
      context.fillStyle = this.#colours.of("accent");
      for (let y = top; y < top + height; y += 4) context.fillRect(right - 1, y, 2, 2);
    }
  }

  /**
   * Running stands out, waiting is half as high.
   * @param {CanvasRenderingContext2D} context
   * @param {Span[]} phases
   * @param {number} top
   */
  #paintThread(context, phases, top) {
    const whole = Math.max(4, this.placement.laneHeight - 2);
    for (const { name, start, end } of phases) {
      const from = Math.max(-1, this.placement.x(start));
      const to = Math.min(this.placement.width + 1, this.placement.x(end));
      const height = name === "run" ? whole : whole / 2;
      context.fillStyle = this.#colours.of(name);
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
    context.font = `11px ${this.#colours.font}`;
    context.textBaseline = "middle";
    const label = phaseLabel(name);
    if (context.measureText(label).width > room) return;
    context.fillStyle = this.#colours.of(`on-${name}`);
    context.fillText(label, x, y);
  }

  /** @param {CanvasRenderingContext2D} context @param {Bar} bar @param {string} colour */
  #outline(context, bar, colour) {
    const box = this.placement.box(bar);
    if (!box) return;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.strokeRect(box.left - 1, box.top - 1, box.width + 2, box.height);
  }

  /** @param {number} origin */
  #marks(origin) {
    return axisMarks(
      this.placement.range.start - origin,
      this.placement.range.end - origin,
      Math.max(1, Math.floor(this.placement.width / 90)),
    );
  }

  /** @param {number} origin */
  #paintAxis(origin) {
    const context = this.#prepare(this.axis, AXIS_HEIGHT);
    if (!context) return;
    const { step, marks } = this.#marks(origin);
    context.font = `11px ${this.#colours.font}`;
    context.textBaseline = "middle";
    for (const mark of marks) {
      const x = Math.round(this.placement.x(mark + origin));
      context.fillStyle = this.#colours.of("grid");
      context.fillRect(x, AXIS_HEIGHT - 5, 1, 5);
      context.fillStyle = this.#colours.of("muted");
      const label = axisLabel(mark, step);
      const width = context.measureText(label).width;
      context.fillText(
        label,
        Math.min(Math.max(0, x - width / 2), this.placement.width - width),
        AXIS_HEIGHT / 2 - 1,
      );
    }
  }

  /** @param {HTMLCanvasElement} canvas @param {number} height */
  #prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(this.placement.width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    canvas.style.width = `${this.placement.width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, this.placement.width, height);
    return context;
  }
}
