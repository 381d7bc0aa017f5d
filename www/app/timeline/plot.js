import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { sentenceOf } from "./descriptions.js";
import { barInDirection } from "./navigation.js";
import { TimelinePainter } from "./painter.js";
import { listenToPointer } from "./pointer.js";
import { rowsOf } from "./rows.js";
import { TimelineTip } from "./tip.js";

/** @import { Bar } from "./bars.js" */
/** @import { Describe } from "./descriptions.js" */
/** @import { Range } from "./range.js" */
/** @import { Row } from "./rows.js" */

/**
 * @typedef {object} PlotCallbacks
 * @property {Describe} describe
 * @property {(request: number) => void} onChoose
 * @property {(looking: "burst" | Range) => void} onLook
 * @property {(factor: number, about?: number) => void} onZoom below 1 shows less time; `about` is
 * the time that stays where it is
 * @property {(share: number) => void} onPan a share of what is in sight, negative to the left
 * @property {() => void} onChange what the plot itself knows has changed: draw it again
 *
 * @typedef {object} Drawing
 * @property {Bar[]} bars in sight
 * @property {Row[]} threads rows below those of the bars
 * @property {Range} range
 * @property {number} origin what the axis counts from
 * @property {number | null} selected a request
 */

/**
 * The timeline as a drawing, with the pointer and the keyboard on it.
 *
 * Events: choosing a bar, zooming and panning go out by callbacks. Which bar has the keyboard's
 * focus, the range that is being dragged, and the tip are known here only.
 */
export class Plot {
  #callbacks;
  #painter = new TimelinePainter();
  #tip = new TimelineTip();
  #labels = h("div", { class: "timeline-labels", "aria-hidden": "true" });
  #plot = h("div", {
    class: "timeline-plot",
    tabindex: 0,
    role: "application",
    "aria-label": words.timeline.plot,
  });
  #live = h("div", { class: "visually-hidden", "aria-live": "polite" });
  element = h("div", { class: "timeline-scroll" }, this.#labels, this.#plot);
  /** What belongs to the pane, beside the drawing. */
  companions = [this.#live, this.#tip.element];
  /** @type {Bar[]} */
  #bars = [];
  /** @type {number | null} */
  #focused = null;
  /** A range that is being picked, in CSS px. @type {{ from: number, to: number } | null} */
  #drag = null;

  /** @param {PlotCallbacks} callbacks */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    this.#plot.append(this.#painter.axis, this.#painter.canvas);
    this.#plot.addEventListener("keydown", (event) => this.#key(event));
    this.#plot.addEventListener("blur", () => this.#focus(null));
    this.#plot.addEventListener("dblclick", () => callbacks.onLook("burst"));
    const { placement, canvas } = this.#painter;
    listenToPointer(this.#plot, canvas, {
      hover: (x, y, event) => this.#point(x, y, event),
      click: (x, y, event) => {
        this.#point(x, y, event);
        const bar = placement.barAt(x, y);
        if (bar) callbacks.onChoose(bar.request);
      },
      drag: (range) => {
        this.#drag = range;
        callbacks.onChange();
      },
      pick: (from, to) =>
        callbacks.onLook({ start: placement.time(from), end: placement.time(to) }),
      leave: () => this.hideTip(),
      zoom: (factor, x) => callbacks.onZoom(factor, placement.time(x)),
      pan: callbacks.onPan,
    });
    new ResizeObserver(callbacks.onChange).observe(this.element);
  }

  /** The request whose bar has the keyboard's focus, or null. */
  get focused() {
    return this.#focused;
  }

  /** No bar has the focus. */
  clear() {
    this.#focused = null;
    this.hideTip();
  }

  hideTip() {
    this.#tip.hide();
  }

  /** @param {Drawing} drawing */
  draw({ bars, threads, range, origin, selected }) {
    this.#bars = bars;
    const { placement } = this.#painter;
    const rows = [...rowsOf(bars), ...threads];
    const room = this.element.clientHeight - 4;
    placement.place(rows, range, this.#plot.clientWidth, room);
    this.#drawLabels();
    this.#painter.reserve();
    // The labels, and a scroll bar that they bring, take from the width.
    const width = this.#plot.clientWidth;
    if (width !== placement.width) placement.place(rows, range, width, room);
    const drag = this.#drag && {
      start: placement.time(Math.min(this.#drag.from, this.#drag.to)),
      end: placement.time(Math.max(this.#drag.from, this.#drag.to)),
    };
    const focused = bars.find(({ request }) => request === this.#focused) ?? null;
    this.#painter.paint({ focused, selected, origin, drag });
  }

  #drawLabels() {
    this.#labels.replaceChildren(
      h("div", { class: "timeline-corner" }),
      ...this.#painter.placement.rows.map(({ row, height }) => {
        const kind = row.process === null ? "row-label waiting" : "row-label";
        const label = h("div", { class: kind, title: row.label }, row.label);
        label.style.height = `${height}px`;
        return label;
      }),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { onChoose, onLook, onPan, onZoom } = this.#callbacks;
    const { key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.shiftKey && key === "ArrowLeft") onPan(-0.2);
    else if (event.shiftKey && key === "ArrowRight") onPan(0.2);
    else if (/^(Arrow|Home$|End$)/.test(key))
      this.#focus(barInDirection(rowsOf(this.#bars), this.#focused, key));
    else if (key === "+" || key === "=") onZoom(0.5);
    else if (key === "-") onZoom(2);
    else if (key === "0") onLook("burst");
    else if (key === "Enter" && this.#focused !== null) onChoose(this.#focused);
    else if (key === "Escape") this.hideTip();
    else return;
    event.preventDefault();
  }

  /**
   * Shows the numbers under the pointer, if there are any.
   * @param {number} x
   * @param {number} y
   * @param {MouseEvent} event
   */
  #point(x, y, { clientX, clientY }) {
    const { placement } = this.#painter;
    const bar = placement.barAt(x, y);
    const phase = bar ? null : placement.threadAt(x, y);
    if (bar) this.#tip.showBar(bar, this.#callbacks.describe, clientX, clientY);
    else if (phase) this.#tip.showThread(phase, clientX, clientY);
    else this.hideTip();
  }

  /**
   * Moves the keyboard's focus to a bar: scrolls to it, shows its numbers and says them.
   * @param {Bar | null} bar
   */
  #focus(bar) {
    this.#focused = bar?.request ?? null;
    this.#callbacks.onChange();
    const box = bar && this.#painter.placement.box(bar);
    if (!box) {
      this.hideTip();
      return;
    }
    const { describe } = this.#callbacks;
    this.#live.textContent = sentenceOf(bar, describe);
    const { canvas } = this.#painter;
    const top = box.top + canvas.offsetTop;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop + 24) this.element.scrollTop = top - 24;
    else if (top + box.height > scrollTop + clientHeight)
      this.element.scrollTop = top + box.height - clientHeight;
    const edge = canvas.getBoundingClientRect();
    const x = edge.left + Math.min(Math.max(0, box.left + box.width / 2), edge.width);
    this.#tip.showBar(bar, describe, x, edge.top + box.top + box.height);
  }
}
