import { h, oncePerFrame } from "../ui/dom.js";
import { words } from "../words/words.js";
import { summaryOf } from "./descriptions.js";
import { drawLegend } from "./legend.js";
import { Plot } from "./plot.js";
import { clamped, zoomed } from "./range.js";
import { summarise } from "./summary.js";
import { drawTable } from "./table.js";
import { threadRowsOf } from "./threads.js";
import { barsWithin, viewOf } from "./view.js";

/** @import { PageStore } from "../state/page-state.js" */
/** @import { Describe } from "./descriptions.js" */
/** @import { Range } from "./range.js" */
/** @import { Looking } from "./view.js" */

/**
 * Where the time of every request went: a row per worker, a bar per request, coloured by what it
 * was doing; or the same as a table.
 *
 * Events: zooming sets `looking`, choosing a bar calls `onChoose`. The pane draws itself from
 * `trace`, `looking` and the request of `selected`, which becomes known while it runs (`bursts`).
 */
export class TimelinePane {
  #store;
  #describe;
  #plot;
  #summary = h("span", { class: "muted timeline-summary", "data-testid": "timeline-summary" });
  #table = h("div", {
    class: "timeline-table",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": words.timeline.tableLabel,
  });
  #empty = h("p", { class: "hint" }, words.timeline.hint);
  #legend = h("ul", { class: "legend", "aria-label": words.timeline.legend });
  #burstButton = button(words.timeline.lastBurst, words.timeline.lastBurstTitle, "zoom-burst", () =>
    this.#look("burst"),
  );
  #allButton = button(words.timeline.all, words.timeline.allTitle, "zoom-all", () =>
    this.#look("all"),
  );
  #threadsButton = button(
    words.timeline.threads,
    words.timeline.threadsTitle,
    "timeline-threads",
    () => {
      this.#withThreads = !this.#withThreads;
      this.#store.get("trace").showsThreads = this.#withThreads;
      this.#changed();
    },
  );
  #tableButton = button(words.timeline.table, words.timeline.tableTitle, "timeline-table", () => {
    this.#tabular = !this.#tabular;
    this.#changed();
  });
  #tabular = false;
  #withThreads = false;
  /** @type {number | null} the request whose response is looked at */
  #selected = null;
  #draw = oncePerFrame(() => this.#drawNow());

  /**
   * @param {PageStore} store
   * @param {object} callbacks
   * @param {Describe} callbacks.describe
   * @param {(request: number) => void} callbacks.onChoose
   */
  constructor(store, { describe, onChoose }) {
    this.#store = store;
    this.#describe = describe;
    this.#plot = new Plot({
      describe,
      onChoose,
      onLook: (looking) => (looking === "burst" ? this.#look(looking) : this.#lookAt(looking)),
      onZoom: (factor, about) => this.#zoom(factor, about),
      onPan: (share) => this.#pan(share),
      onChange: () => this.#draw(),
    });
    this.element = h(
      "section",
      { class: "pane timeline", "aria-label": words.panes.timeline, "data-testid": "timeline" },
      h(
        "div",
        { class: "pane-head" },
        h("h2", {}, words.panes.timeline),
        this.#summary,
        h("span", { class: "grow" }),
        this.#burstButton,
        this.#allButton,
        button("+", words.timeline.zoomIn, "zoom-in", () => this.#zoom(0.5)),
        button("−", words.timeline.zoomOut, "zoom-out", () => this.#zoom(2)),
        this.#threadsButton,
        this.#tableButton,
      ),
      this.#empty,
      this.#plot.element,
      this.#table,
      this.#legend,
      ...this.#plot.companions,
    );
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    store.watch(["trace"], () => {
      if (store.get("trace").bars.length === 0) this.#plot.clear();
      this.#draw();
    });
    store.watch(["looking"], () => this.#draw());
    store.watch(["selected", "bursts"], () => this.#select(store.get("selected")?.request ?? null));
    this.#drawNow();
  }

  hideTip() {
    this.#plot.hideTip();
  }

  /** @param {number | null} request */
  #select(request) {
    if (request === this.#selected) return;
    this.#selected = request;
    this.#draw();
  }

  /** @param {Looking} looking */
  #look(looking) {
    this.#store.set({ looking });
    this.#changed();
  }

  /** What the tip showed may be elsewhere now. */
  #changed() {
    this.#plot.hideTip();
    this.#draw();
  }

  /** @param {Range} range */
  #lookAt(range) {
    const { bars } = this.#store.get("trace");
    if (bars.length) this.#look(clamped(range, summarise(bars)) ?? "all");
  }

  /**
   * @param {number} factor below 1 shows less time
   * @param {number} [about] the time that stays where it is: the middle of the focused bar, or of
   * what is in sight
   */
  #zoom(factor, about) {
    const { range } = this.#view;
    const { start, end } = this.#store.get("trace").barOf(this.#plot.focused) ?? range;
    this.#lookAt(zoomed(range, factor, about ?? (start + end) / 2));
  }

  /** @param {number} share */
  #pan(share) {
    const { start, end } = this.#view.range;
    const by = (end - start) * share;
    this.#lookAt({ start: start + by, end: end + by });
  }

  get #view() {
    return viewOf(this.#store.get("trace"), this.#store.get("looking"));
  }

  #drawNow() {
    const trace = this.#store.get("trace");
    const looking = this.#store.get("looking");
    const none = trace.bars.length === 0;
    this.#empty.hidden = !none;
    this.#plot.element.hidden = none || this.#tabular;
    this.#table.hidden = none || !this.#tabular;
    press(this.#burstButton, looking === "burst");
    press(this.#allButton, looking === "all");
    press(this.#tableButton, this.#tabular);
    press(this.#threadsButton, this.#withThreads);
    const { range, origin } = this.#view;
    const bars = barsWithin(trace.bars, range);
    const threads = this.#withThreads && !none ? threadRowsOf(trace.spans, range) : [];
    const summary = none ? "" : summaryOf(looking === "burst" ? trace.burst : bars);
    this.#summary.textContent = summary;
    this.#summary.title = summary;
    drawLegend(this.#legend, [...bars, ...threads]);
    if (none) return;
    if (this.#tabular) drawTable(this.#table, bars, origin, this.#describe);
    else this.#plot.draw({ bars, threads, range, origin, selected: this.#selected });
  }
}

/** @param {HTMLElement} button @param {boolean} pressed */
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
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
