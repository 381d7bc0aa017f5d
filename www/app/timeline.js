import { h, oncePerFrame, uniqueId } from "./dom.js";
import { counted, formatMs } from "./format.js";
import { PHASES, comparePhases, phaseLabel } from "./phases.js";
import { barsOf, phaseTotals, rowsOf, summarise } from "./timeline-layout.js";
import { TimelinePainter } from "./timeline-painter.js";

/** @import { Bar, Row, Span } from "./types.js" */
/** @import { Range } from "./timeline-painter.js" */

/** How many rows the table shows. */
const MOST_TABLE_ROWS = 500;

/** Where the time of every request went: a row per worker, a bar per request, coloured by what it was doing. */
export class Timeline {
  #describe;
  #onSelect;
  #painter = new TimelinePainter();
  #summary = h("span", { class: "muted timeline-summary", "data-testid": "timeline-summary" });
  #labels = h("div", { class: "timeline-labels", "aria-hidden": "true" });
  #plot = h("div", {
    class: "timeline-plot",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "timeline",
    "aria-label": "Timeline of requests. Arrow keys move between requests, plus and minus zoom.",
  });
  #scroller = h("div", { class: "timeline-scroll" });
  #table = h("div", {
    class: "timeline-table",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": "Timeline as a table",
  });
  #empty = h(
    "p",
    { class: "hint" },
    "Run the server and send requests: what each one waited for, and for how long, appears here.",
  );
  #legend = h("ul", { class: "legend", "aria-label": "Colours" });
  #live = h("div", { class: "visually-hidden", "aria-live": "polite" });
  #tip = h("div", { class: "tip", role: "tooltip", popover: "manual", id: uniqueId("tip") });
  #burstButton = h(
    "button",
    {
      class: "quiet",
      "data-testid": "zoom-burst",
      title: "Show the requests of the last Send (0)",
      onclick: () => this.#look("burst"),
    },
    "Last burst",
  );
  #allButton = h(
    "button",
    {
      class: "quiet",
      "data-testid": "zoom-all",
      title: "Show everything since the server's start",
      onclick: () => this.#look("all"),
    },
    "All",
  );
  #tableButton = h(
    "button",
    {
      class: "quiet",
      "data-testid": "timeline-table",
      "aria-pressed": "false",
      onclick: () => this.#toggleTable(),
    },
    "Table",
  );
  /** @type {Bar[]} */
  #bars = [];
  /** @type {Row[]} */
  #rows = [];
  /** Requests that were there before the last press of Send. @type {Set<number>} */
  #before = new Set();
  /** When Send was pressed last, by this page's clock. */
  #pressed = 0;
  /** The same moment by both clocks. @type {{ at: number, pressed: number } | null} */
  #began = null;
  /** @type {"burst" | "all" | Range} */
  #looking = "burst";
  /** @type {number | null} the request that has the keyboard focus */
  #focused = null;
  /** @type {number | null} */
  #selected = null;
  /** @type {{ from: number, to: number } | null} a drag, in CSS px */
  #drag = null;
  #draw = oncePerFrame(() => this.#drawNow());

  /**
   * @param {object} callbacks
   * @param {(request: number) => string | null} callbacks.describe method and path of a request, if this page sent it
   * @param {(request: number) => void} callbacks.onSelect
   */
  constructor({ describe, onSelect }) {
    this.#describe = describe;
    this.#onSelect = onSelect;
    this.#plot.append(this.#painter.axis, this.#painter.canvas);
    this.#scroller.append(this.#labels, this.#plot);
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
        h(
          "button",
          { class: "quiet", title: "Zoom in (+)", "aria-label": "Zoom in", onclick: () => this.#zoom(0.5) },
          "+",
        ),
        h(
          "button",
          { class: "quiet", title: "Zoom out (−)", "aria-label": "Zoom out", onclick: () => this.#zoom(2) },
          "−",
        ),
        this.#tableButton,
      ),
      this.#empty,
      this.#scroller,
      this.#table,
      this.#legend,
      this.#live,
      this.#tip,
    );
    this.#plot.addEventListener("keydown", (event) => this.#key(event));
    this.#plot.addEventListener("blur", () => this.#focus(null));
    this.#plot.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#plot.addEventListener("dblclick", () => this.#look("burst"));
    this.#listenToPointer();
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#drawNow();
  }

  /** Which process served a request, in words, as far as the last update knew. @param {number} request */
  processOf(request) {
    const bar = this.#barOf(request);
    return bar && bar.process !== null ? `pid ${bar.process}` : null;
  }

  /** Forgets all: a new server's clock starts at zero. */
  clear() {
    this.#bars = [];
    this.#before = new Set();
    this.#focused = null;
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
    const known = spans.filter(({ request }) => !this.#before.has(request));
    // The machine's clock, as far as this page can tell: the burst's first connection began when Send was pressed.
    if (known.length)
      this.#began ??= { at: Math.min(...known.map(({ start }) => start)), pressed: this.#pressed };
    const began = this.#began;
    const now = began ? began.at + performance.now() - began.pressed : 0;
    this.#bars = barsOf(spans, (request) =>
      busy && !this.#before.has(request) && !answered(request) ? now : null,
    );
    this.#draw();
  }

  /** Marks the request whose response is being looked at. @param {number | null} request */
  select(request) {
    this.#selected = request;
    this.#draw();
  }

  hideTip() {
    if (this.#tip.matches(":popover-open")) this.#tip.hidePopover();
  }

  /** @param {"burst" | "all" | Range} look */
  #look(look) {
    this.#looking = look;
    this.hideTip();
    this.#draw();
  }

  get #burst() {
    const fresh = this.#bars.filter((bar) => !this.#before.has(bar.request));
    return fresh.length ? fresh : this.#bars;
  }

  /** What is in sight, and what the axis counts from. */
  get #view() {
    if (typeof this.#looking === "object") {
      const burst = summarise(this.#burst);
      const inBurst =
        this.#looking.start >= burst.start - burst.makespan &&
        this.#looking.end <= burst.end + burst.makespan;
      return { range: this.#looking, origin: inBurst ? burst.start : 0 };
    }
    const bars = this.#looking === "burst" ? this.#burst : this.#bars;
    const { start, end } = summarise(bars);
    if (bars.length === 0) return { range: { start: 0, end: 1000 }, origin: 0 };
    const margin = (end - start) * 0.01 || 0.5;
    return {
      range: { start: start - margin, end: end + margin },
      origin: this.#looking === "burst" ? start : 0,
    };
  }

  #drawNow() {
    const none = this.#bars.length === 0;
    const tabular = this.#tableButton.getAttribute("aria-pressed") === "true";
    this.#empty.hidden = !none;
    this.#scroller.hidden = none || tabular;
    this.#table.hidden = none || !tabular;
    const { range, origin } = this.#view;
    const visible = this.#bars.filter((bar) => bar.end >= range.start && bar.start <= range.end);
    this.#rows = rowsOf(visible);
    this.#burstButton.setAttribute("aria-pressed", String(this.#looking === "burst"));
    this.#allButton.setAttribute("aria-pressed", String(this.#looking === "all"));
    this.#summary.textContent = none ? "" : summaryText(this.#looking === "burst" ? this.#burst : visible);
    this.#drawLegend(visible);
    if (none) return;
    if (tabular) {
      this.#drawTable(visible, origin);
      return;
    }
    const room = this.#scroller.clientHeight - 4;
    this.#painter.place(this.#rows, range, this.#plot.clientWidth, room);
    this.#labels.replaceChildren(
      h("div", { class: "timeline-corner" }),
      ...this.#painter.rows.map(({ row, height }) => {
        const label = h(
          "div",
          { class: row.process === null ? "row-label waiting" : "row-label", title: row.label },
          row.label,
        );
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

  /** @param {Bar[]} bars */
  #drawLegend(bars) {
    const names = new Set(bars.flatMap((bar) => bar.phases.map((phase) => phase.name)));
    const key = [...names].sort(comparePhases);
    if (key.join() === this.#legend.dataset.names) return;
    this.#legend.dataset.names = key.join();
    this.#legend.replaceChildren(
      ...key.map((name) => {
        const meaning = PHASES.find((phase) => phase.name === name)?.meaning ?? "";
        return h(
          "li",
          { title: meaning },
          swatch(name),
          phaseLabel(name),
          h("span", { class: "visually-hidden" }, `: ${meaning}`),
        );
      }),
    );
  }

  /** @param {Bar[]} bars @param {number} origin */
  #drawTable(bars, origin) {
    const cells = (/** @type {"td" | "th"} */ tag, /** @type {string[]} */ texts) =>
      texts.map((text) => h(tag, tag === "th" ? { scope: "col" } : {}, text));
    const body = bars.slice(0, MOST_TABLE_ROWS).map((bar) =>
      h(
        "tr",
        {},
        ...cells("td", [
          `${bar.request}`,
          this.#describe(bar.request) ?? "",
          bar.process === null ? "not taken" : `${bar.process}`,
          bar.process === null ? "" : `${bar.thread}`,
          (bar.start - origin).toFixed(1),
          bar.open ? "still running" : (bar.end - bar.start).toFixed(1),
          phaseTotals(bar)
            .map(({ name, ms }) => `${phaseLabel(name)} ${ms.toFixed(1)}`)
            .join(", "),
        ]),
      ),
    );
    this.#table.replaceChildren(
      h(
        "table",
        {},
        h("caption", { class: "visually-hidden" }, "Requests in sight; times in milliseconds"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...cells("th", [
              "Request",
              "What",
              "Process",
              "Thread",
              "Start, ms",
              "Duration, ms",
              "Where the time went, ms",
            ]),
          ),
        ),
        h("tbody", {}, ...body),
      ),
      bars.length > MOST_TABLE_ROWS
        ? h(
            "p",
            { class: "muted" },
            `The first ${MOST_TABLE_ROWS} of ${counted(bars.length, "request")}. Zoom in for others.`,
          )
        : "",
    );
  }

  #toggleTable() {
    const on = this.#tableButton.getAttribute("aria-pressed") !== "true";
    this.#tableButton.setAttribute("aria-pressed", String(on));
    this.hideTip();
    this.#draw();
  }

  /** @param {number} factor below 1 shows less time @param {number} [about] the time that stays where it is */
  #zoom(factor, about) {
    if (this.#bars.length === 0) return;
    const { range } = this.#view;
    const focused = this.#focused === null ? null : this.#barOf(this.#focused);
    const middle = about ?? (focused ? (focused.start + focused.end) / 2 : (range.start + range.end) / 2);
    // No finer than the clocks are: 10 µs across.
    const width = Math.max(0.01, (range.end - range.start) * factor);
    const start = middle - (middle - range.start) * (width / (range.end - range.start));
    this.#look(this.#clamped({ start, end: start + width }));
  }

  /** @param {number} share of what is in sight, negative to the left */
  #pan(share) {
    const { range } = this.#view;
    const by = (range.end - range.start) * share;
    this.#look(this.#clamped({ start: range.start + by, end: range.end + by }));
  }

  /** Keeps the view within what there is to see. @param {Range} range @returns {"all" | Range} */
  #clamped({ start, end }) {
    const all = summarise(this.#bars);
    const margin = all.makespan * 0.02;
    const [least, most] = [all.start - margin, all.end + margin];
    const width = end - start;
    if (width >= most - least) return "all";
    const from = Math.min(Math.max(start, least), most - width);
    return { start: from, end: from + width };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.#zoom(1.0015 ** event.deltaY, this.#painter.time(this.#point(event).x));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      this.#pan(sideways / this.#plot.clientWidth);
    }
  }

  #listenToPointer() {
    const plot = this.#plot;
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
      this.#drag = { from: this.#point(event).x, to: this.#point(event).x };
      plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointermove", (event) => {
      const { x, y } = this.#point(event);
      if (this.#drag) {
        this.#drag.to = x;
        if (Math.abs(x - this.#drag.from) > 4) this.hideTip();
        this.#draw();
        return;
      }
      const bar = this.#painter.barAt(x, y);
      if (bar) this.#showTip(bar, event.clientX, event.clientY);
      else this.hideTip();
    });
    const finish = (/** @type {PointerEvent} */ event) => {
      const drag = this.#drag;
      this.#drag = null;
      const { x, y } = this.#point(event);
      if (drag && Math.abs(drag.to - drag.from) > 4) {
        const [start, end] = [drag.from, drag.to].sort((a, b) => a - b).map((at) => this.#painter.time(at));
        this.#look(this.#clamped({ start, end }));
      } else {
        const bar = this.#painter.barAt(x, y);
        if (bar) {
          this.#showTip(bar, event.clientX, event.clientY);
          this.#onSelect(bar.request);
        }
        this.#draw();
      }
    };
    plot.addEventListener("pointerup", finish);
    plot.addEventListener("pointercancel", () => {
      this.#drag = null;
      this.#draw();
    });
    plot.addEventListener("pointerleave", () => this.hideTip());
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const { left, top } = this.#painter.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const action = {
      ArrowLeft: () => (event.shiftKey ? this.#pan(-0.2) : this.#step(-1)),
      ArrowRight: () => (event.shiftKey ? this.#pan(0.2) : this.#step(1)),
      ArrowUp: () => this.#stepRow(-1),
      ArrowDown: () => this.#stepRow(1),
      Home: () => this.#focus(this.#rows.flatMap((row) => row.bars)[0] ?? null),
      End: () => this.#focus(this.#rows.flatMap((row) => row.bars).at(-1) ?? null),
      "+": () => this.#zoom(0.5),
      "=": () => this.#zoom(0.5),
      "-": () => this.#zoom(2),
      0: () => this.#look("burst"),
      Enter: () => this.#focused !== null && this.#onSelect(this.#focused),
      Escape: () => this.hideTip(),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /** To the next or previous bar of the row. @param {1 | -1} by */
  #step(by) {
    const row = this.#focusedRow ?? this.#rows[0];
    if (!row) return;
    const at = row.bars.findIndex((bar) => bar.request === this.#focused);
    this.#focus(row.bars[at < 0 ? 0 : Math.min(row.bars.length - 1, Math.max(0, at + by))]);
  }

  /** To the bar of the row above or below that starts nearest. @param {1 | -1} by */
  #stepRow(by) {
    const at = this.#rows.findIndex((row) => row === this.#focusedRow);
    const row = this.#rows[at < 0 ? 0 : at + by];
    const from = this.#focused === null ? null : this.#barOf(this.#focused);
    if (!row) return;
    const start = from?.start ?? -Infinity;
    this.#focus(
      row.bars.reduce((best, bar) =>
        Math.abs(bar.start - start) < Math.abs(best.start - start) ? bar : best,
      ),
    );
  }

  get #focusedRow() {
    return this.#rows.find((row) => row.bars.some((bar) => bar.request === this.#focused));
  }

  /** @param {Bar | null} bar */
  #focus(bar) {
    this.#focused = bar?.request ?? null;
    this.#draw();
    if (!bar) return this.hideTip();
    this.#live.textContent = [this.#title(bar), where(bar), ...phaseTotals(bar).map(phaseText)].join(", ");
    const box = this.#painter.box(bar);
    if (!box) return;
    const top = box.top + this.#painter.canvas.offsetTop;
    if (top < this.#scroller.scrollTop + 24) this.#scroller.scrollTop = top - 24;
    else if (top + box.height > this.#scroller.scrollTop + this.#scroller.clientHeight)
      this.#scroller.scrollTop = top;
    const canvas = this.#painter.canvas.getBoundingClientRect();
    const x = canvas.left + Math.min(Math.max(0, box.left + box.width / 2), canvas.width);
    this.#showTip(bar, x, canvas.top + box.top + box.height);
  }

  /** @param {Bar} bar @param {number} x @param {number} y the viewport's CSS px */
  #showTip(bar, x, y) {
    this.#tip.replaceChildren(
      h("b", {}, this.#title(bar)),
      h("div", { class: "muted" }, where(bar)),
      h(
        "table",
        {},
        ...phaseTotals(bar).map((total) =>
          h(
            "tr",
            {},
            h("td", {}, swatch(total.name)),
            h("td", {}, total.name === "app" ? "app (rest)" : phaseLabel(total.name)),
            h("td", { class: "number" }, `${total.ms.toFixed(2)} ms`),
          ),
        ),
      ),
    );
    if (!this.#tip.matches(":popover-open")) this.#tip.showPopover();
    const { width, height } = this.#tip.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - width - 10 : x + 14;
    const top = y + 14 + height > innerHeight ? y - height - 10 : y + 14;
    this.#tip.style.left = `${Math.max(4, left)}px`;
    this.#tip.style.top = `${Math.max(4, top)}px`;
  }

  /** @param {Bar} bar */
  #title(bar) {
    const what = this.#describe(bar.request);
    return what ? `${what} (request ${bar.request})` : `Request ${bar.request}`;
  }

  /** @param {number} request */
  #barOf(request) {
    return this.#bars.find((bar) => bar.request === request) ?? null;
  }
}

/** @param {Bar} bar */
function where(bar) {
  const who = bar.process === null ? "no worker has taken it" : `pid ${bar.process}, thread ${bar.thread}`;
  return `${who} · ${bar.open ? "still running" : formatMs(bar.end - bar.start)}`;
}

/** @param {{ name: string, ms: number }} total */
function phaseText({ name, ms }) {
  return `${phaseLabel(name)} ${formatMs(ms)}`;
}

/** @param {string} name */
function swatch(name) {
  const element = h("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = `var(--phase-${name}, var(--phase-rest))`;
  return element;
}

/** @param {Bar[]} bars */
function summaryText(bars) {
  const { count, makespan, split, waiting, open } = summarise(bars);
  const parts = [counted(count, "request")];
  if (open === 0) parts.push(formatMs(makespan));
  else parts.push(`${open} running`);
  if (split.length > 1)
    parts.push(`${split.length} processes: ${split.map(([, served]) => served).join(" + ")}`);
  if (waiting) parts.push(`${waiting} not taken`);
  return parts.join(" · ");
}
