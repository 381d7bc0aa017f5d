import { h, oncePerFrame } from "../ui/dom.js";
import { barsOf, rowsOf, summarise } from "./layout.js";
import { barInDirection, clamped, zoomed } from "./navigation.js";
import { TimelinePainter } from "./painter.js";
import { listenToPointer } from "./pointer.js";
import { threadRowsOf } from "./threads.js";
import { TimelineTip, drawLegend, drawTable, sentenceOf, summaryOf } from "./descriptions.js";

/** @import { Bar, Row, Span } from "../types.js" */
/** @import { Range } from "./painter.js" */

const LABEL =
  "Timeline of requests. Arrow keys move between requests, plus and minus zoom, Enter shows the response.";
const HINT =
  "Run the server and send requests: what each one waited for, and for how long, appears here.";

/** How many requests are drawn: the latest. */
const MOST_REQUESTS = 5000;

/**
 * Where the time of every request went: a row per worker, a bar per request, coloured by what it
 * was doing.
 */
export class Timeline {
  #describe;
  #onSelect;
  #painter = new TimelinePainter();
  #tip = new TimelineTip();
  #summary = h("span", { class: "muted timeline-summary", "data-testid": "timeline-summary" });
  #labels = h("div", { class: "timeline-labels", "aria-hidden": "true" });
  #plot = h("div", {
    class: "timeline-plot",
    tabindex: 0,
    role: "application",
    "aria-label": LABEL,
  });
  #scroller = h("div", { class: "timeline-scroll" }, this.#labels, this.#plot);
  #table = h("div", {
    class: "timeline-table",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": "Timeline as a table",
  });
  #empty = h("p", { class: "hint" }, HINT);
  #legend = h("ul", { class: "legend", "aria-label": "Colours" });
  #live = h("div", { class: "visually-hidden", "aria-live": "polite" });
  #burstButton = button("Last burst", "Show the requests of the last Send (0)", "zoom-burst", () =>
    this.#look("burst"),
  );
  #allButton = button("All", "Show everything since the server's start", "zoom-all", () =>
    this.#look("all"),
  );
  #threadsButton = button("Threads", "Show what each thread does", "timeline-threads", () =>
    this.#toggleThreads(),
  );
  #tableButton = button("Table", "Show the numbers as a table", "timeline-table", () =>
    this.#toggleTable(),
  );
  /** @type {Bar[]} */
  #bars = [];
  /** @type {Row[]} */
  #rows = [];
  /** @type {Span[]} */
  #spans = [];
  /** Requests that were there before the last press of Send. @type {Set<number>} */
  #before = new Set();
  /** When Send was pressed last, by this page's clock. */
  #pressed = 0;
  /** The same moment by both clocks. @type {{ at: number, pressed: number } | null} */
  #began = null;
  /** @type {"burst" | "all" | Range} */
  #looking = "burst";
  #tabular = false;
  #withThreads = false;
  /** @type {number | null} the request that has the keyboard focus */
  #focused = null;
  /** @type {number | null} */
  #selected = null;
  /** @type {{ from: number, to: number } | null} a range that is being picked, in CSS px */
  #drag = null;
  #draw = oncePerFrame(() => this.#drawNow());

  /**
   * @param {object} callbacks
   * @param {(request: number) => string | null} callbacks.describe method and path of a request, if
   * this page sent it
   * @param {(request: number) => void} callbacks.onSelect
   */
  constructor({ describe, onSelect }) {
    this.#describe = describe;
    this.#onSelect = onSelect;
    this.#plot.append(this.#painter.axis, this.#painter.canvas);
    this.element = h(
      "section",
      { class: "pane timeline", "aria-label": "Timeline", "data-testid": "timeline" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", {}, "Timeline"),
        this.#summary,
        h("span", { class: "grow" }),
        this.#burstButton,
        this.#allButton,
        button("+", "Zoom in (+)", "zoom-in", () => this.#zoom(0.5)),
        button("−", "Zoom out (−)", "zoom-out", () => this.#zoom(2)),
        this.#threadsButton,
        this.#tableButton,
      ),
      this.#empty,
      this.#scroller,
      this.#table,
      this.#legend,
      this.#live,
      this.#tip.element,
    );
    this.#plot.addEventListener("keydown", (event) => this.#key(event));
    this.#plot.addEventListener("blur", () => this.#focus(null));
    this.#plot.addEventListener("dblclick", () => this.#look("burst"));
    listenToPointer(this.#plot, this.#painter.canvas, {
      hover: (x, y, event) => this.#point(this.#painter.barAt(x, y), event, x, y),
      click: (x, y, event) => {
        const bar = this.#painter.barAt(x, y);
        this.#point(bar, event, x, y);
        if (bar) this.#onSelect(bar.request);
      },
      drag: (range) => {
        this.#drag = range;
        this.#draw();
      },
      pick: (from, to) =>
        this.#lookAt({ start: this.#painter.time(from), end: this.#painter.time(to) }),
      leave: () => this.#tip.hide(),
      zoom: (factor, x) => this.#zoom(factor, this.#painter.time(x)),
      pan: (share) => this.#pan(share),
    });
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#drawNow();
  }

  /**
   * Which process served a request, in words, as far as the last update knew.
   * @param {number} request
   */
  processOf(request) {
    const bar = this.#barOf(request);
    return bar && bar.process !== null ? `pid ${bar.process}` : null;
  }

  /** Forgets all: a new server's clock starts at zero. */
  clear() {
    this.#bars = [];
    this.#spans = [];
    this.#before = new Set();
    this.#focused = null;
    this.#selected = null;
    this.#look("burst");
  }

  /** What comes from now on is the last burst. */
  beginBurst() {
    this.#pressed = performance.now();
    this.#began = null;
    this.#before = new Set(this.#bars.map((bar) => bar.request));
    this.#looking = "burst";
  }

  /**
   * @param {Span[]} spans everything measured so far
   * @param {(request: number) => boolean} answered whether a request is known to be over
   * @param {boolean} busy whether requests of the last burst are on their way
   */
  update(spans, answered, busy) {
    const recent = recentSpans(spans);
    // The machine's clock, as far as this page can tell: the burst's first connection began when
    // Send was pressed.
    const first = recent.find(({ request }) => !this.#before.has(request));
    if (first) this.#began ??= { at: first.start, pressed: this.#pressed };
    const began = this.#began;
    this.#spans = recent;
    const now = began ? began.at + performance.now() - began.pressed : 0;
    this.#bars = barsOf(recent, (request) =>
      busy && !this.#before.has(request) && !answered(request) ? now : null,
    );
    this.#draw();
  }

  /** Marks the request whose response is being looked at. @param {number | null} request */
  select(request) {
    if (request === this.#selected) return;
    this.#selected = request;
    this.#draw();
  }

  hideTip() {
    this.#tip.hide();
  }

  /** @param {"burst" | "all" | Range} looking */
  #look(looking) {
    this.#looking = looking;
    this.#tip.hide();
    this.#draw();
  }

  /** @param {Range} range */
  #lookAt(range) {
    if (this.#bars.length) this.#look(clamped(range, summarise(this.#bars)) ?? "all");
  }

  get #burst() {
    const fresh = this.#bars.filter((bar) => !this.#before.has(bar.request));
    return fresh.length ? fresh : this.#bars;
  }

  /**
   * What is in sight, and what the axis counts from: the burst's begin within a burst, else the
   * server's start.
   */
  get #view() {
    if (this.#bars.length === 0) return { range: { start: 0, end: 1000 }, origin: 0 };
    const burst = summarise(this.#burst);
    const looking = this.#looking;
    if (typeof looking === "object") {
      const within =
        looking.start >= burst.start - burst.makespan && looking.end <= burst.end + burst.makespan;
      return { range: looking, origin: within ? burst.start : 0 };
    }
    const { start, end, makespan } = looking === "burst" ? burst : summarise(this.#bars);
    const margin = makespan * 0.01 || 0.5;
    return {
      range: { start: start - margin, end: end + margin },
      origin: looking === "burst" ? start : 0,
    };
  }

  get #visible() {
    const { start, end } = this.#view.range;
    return this.#bars.filter((bar) => bar.end >= start && bar.start <= end);
  }

  #drawNow() {
    const none = this.#bars.length === 0;
    this.#empty.hidden = !none;
    this.#scroller.hidden = none || this.#tabular;
    this.#table.hidden = none || !this.#tabular;
    this.#burstButton.setAttribute("aria-pressed", String(this.#looking === "burst"));
    this.#allButton.setAttribute("aria-pressed", String(this.#looking === "all"));
    this.#tableButton.setAttribute("aria-pressed", String(this.#tabular));
    this.#threadsButton.setAttribute("aria-pressed", String(this.#withThreads));
    const { range, origin } = this.#view;
    const visible = this.#visible;
    const threads = this.#withThreads && !none ? threadRowsOf(this.#spans, range) : [];
    this.#rows = [...rowsOf(visible), ...threads];
    this.#summary.textContent = none
      ? ""
      : summaryOf(this.#looking === "burst" ? this.#burst : visible);
    this.#summary.title = this.#summary.textContent;
    drawLegend(this.#legend, [...visible, ...threads]);
    if (none) return;
    if (this.#tabular) drawTable(this.#table, visible, origin, this.#describe);
    else this.#paint(range, origin);
  }

  /** @param {Range} range @param {number} origin */
  #paint(range, origin) {
    this.#painter.place(this.#rows, range, this.#plot.clientWidth, this.#scroller.clientHeight - 4);
    this.#labels.replaceChildren(
      h("div", { class: "timeline-corner" }),
      ...this.#painter.rows.map(({ row, height }) => {
        const kind = row.process === null ? "row-label waiting" : "row-label";
        const label = h("div", { class: kind, title: row.label }, row.label);
        label.style.height = `${height}px`;
        return label;
      }),
    );
    const drag = this.#drag && {
      start: this.#painter.time(Math.min(this.#drag.from, this.#drag.to)),
      end: this.#painter.time(Math.max(this.#drag.from, this.#drag.to)),
    };
    const focused = this.#focused === null ? null : this.#barOf(this.#focused);
    this.#painter.paint({ focused, selected: this.#selected, origin, drag });
  }

  #toggleTable() {
    this.#tabular = !this.#tabular;
    this.#tip.hide();
    this.#draw();
  }

  #toggleThreads() {
    this.#withThreads = !this.#withThreads;
    this.#tip.hide();
    this.#draw();
  }

  /**
   * @param {number} factor below 1 shows less time
   * @param {number} [about] the time that stays where it is
   */
  #zoom(factor, about) {
    const { range } = this.#view;
    const focused = this.#focused === null ? null : this.#barOf(this.#focused);
    const middle = focused ? (focused.start + focused.end) / 2 : (range.start + range.end) / 2;
    this.#lookAt(zoomed(range, factor, about ?? middle));
  }

  /** @param {number} share of what is in sight, negative to the left */
  #pan(share) {
    const { range } = this.#view;
    const by = (range.end - range.start) * share;
    this.#lookAt({ start: range.start + by, end: range.end + by });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.shiftKey && key === "ArrowLeft") this.#pan(-0.2);
    else if (event.shiftKey && key === "ArrowRight") this.#pan(0.2);
    else if (/^(Arrow|Home$|End$)/.test(key))
      this.#focus(barInDirection(rowsOf(this.#visible), this.#focused, key));
    else if (key === "+" || key === "=") this.#zoom(0.5);
    else if (key === "-") this.#zoom(2);
    else if (key === "0") this.#look("burst");
    else if (key === "Enter" && this.#focused !== null) this.#onSelect(this.#focused);
    else if (key === "Escape") this.#tip.hide();
    else return;
    event.preventDefault();
  }

  /**
   * Shows or hides the numbers under the pointer.
   * @param {Bar | null} bar
   * @param {MouseEvent} event
   * @param {number} x
   * @param {number} y
   */
  #point(bar, event, x, y) {
    const phase = bar ? null : this.#painter.threadAt(x, y);
    if (bar) this.#tip.show(bar, this.#describe, event.clientX, event.clientY);
    else if (phase) this.#tip.showThread(phase, event.clientX, event.clientY);
    else this.#tip.hide();
  }

  /**
   * Moves the keyboard's focus to a bar: scrolls to it, shows its numbers and says them.
   * @param {Bar | null} bar
   */
  #focus(bar) {
    this.#focused = bar?.request ?? null;
    this.#draw();
    const box = bar && this.#painter.box(bar);
    if (!box) {
      this.#tip.hide();
      return;
    }
    this.#live.textContent = sentenceOf(bar, this.#describe);
    const { canvas } = this.#painter;
    const top = box.top + canvas.offsetTop;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop + 24) this.#scroller.scrollTop = top - 24;
    else if (top + box.height > scrollTop + clientHeight)
      this.#scroller.scrollTop = top + box.height - clientHeight;
    const edge = canvas.getBoundingClientRect();
    const x = edge.left + Math.min(Math.max(0, box.left + box.width / 2), edge.width);
    this.#tip.show(bar, this.#describe, x, edge.top + box.top + box.height);
  }

  /** @param {number} request */
  #barOf(request) {
    return this.#bars.find((bar) => bar.request === request) ?? null;
  }
}

/**
 * The spans of the latest requests, which are numbered in the order in which they were sent.
 * @param {Span[]} spans
 */
function recentSpans(spans) {
  let latest = 0;
  for (const { request } of spans) latest = Math.max(latest, request);
  return latest <= MOST_REQUESTS
    ? spans
    : spans.filter(({ request }) => request === 0 || request > latest - MOST_REQUESTS);
}

/** @param {string} text @param {string} title @param {string} testid @param {() => void} onclick */
function button(text, title, testid, onclick) {
  // A word names itself; a sign needs one.
  const label = text.length === 1 ? title : null;
  return h(
    "button",
    { class: "quiet", title, "aria-label": label, "data-testid": testid, onclick },
    text,
  );
}
