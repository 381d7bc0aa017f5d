import { h, uniqueId } from "../ui/dom.js";
import { counted, formatMs } from "../ui/format.js";
import { PHASES, comparePhases, phaseLabel } from "./phases.js";
import { phaseTotals, summarise, threadName } from "./layout.js";
import { aboutOf } from "./threads.js";

/** @import { Bar, ThreadPhase } from "../types.js" */

/** How many rows the table shows. */
const MOST_ROWS = 500;

/**
 * @typedef {(request: number) => string | null} Describe method and path of a request, if this page
 * sent it
 */

/** What a bar is called. @param {Bar} bar @param {Describe} describe */
function titleOf(bar, describe) {
  const what = describe(bar.request);
  return what ? `${what} (request ${bar.request})` : `Request ${bar.request}`;
}

/** Who served it, and how long it took. @param {Bar} bar */
function factsOf(bar) {
  const who =
    bar.process === null
      ? "no worker has taken it"
      : `pid ${bar.process}, ${threadName(bar.thread)}`;
  return `${who} · ${bar.open ? "not answered yet" : formatMs(bar.end - bar.start)}`;
}

/** `app` is what remains of it outside the phases within. @param {string} name */
function partLabel(name) {
  return name === "app" ? "app (rest)" : phaseLabel(name);
}

/** A bar in one sentence, for those who hear it. @param {Bar} bar @param {Describe} describe */
export function sentenceOf(bar, describe) {
  const parts = phaseTotals(bar).map(({ name, ms }) => `${partLabel(name)} ${formatMs(ms)}`);
  return [titleOf(bar, describe), factsOf(bar), ...parts].join(", ");
}

/** What a set of requests amounts to. @param {Bar[]} bars */
export function summaryOf(bars) {
  const { count, makespan, split, waiting, open } = summarise(bars);
  const parts = [counted(count, "request"), open ? `${open} running` : formatMs(makespan)];
  if (split.length > 1)
    parts.push(`${split.length} processes: ${split.map(([, served]) => served).join(" + ")}`);
  if (waiting) parts.push(`${waiting} not taken`);
  return parts.join(" · ");
}

/** @param {string} name */
function swatch(name) {
  const element = h("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = `var(--phase-${name}, var(--phase-rest))`;
  return element;
}

/**
 * The colours that are in sight, and what they mean.
 *
 * @param {HTMLElement} list
 * @param {{ phases?: { name: string }[] }[]} drawn
 */
export function drawLegend(list, drawn) {
  const names = [
    ...new Set(drawn.flatMap(({ phases = [] }) => phases.map(({ name }) => name))),
  ].sort(comparePhases);
  if (names.join() === list.dataset.names) return;
  list.dataset.names = names.join();
  list.replaceChildren(
    ...names.map((name) => {
      const meaning = PHASES.find((phase) => phase.name === name)?.meaning ?? "";
      const spoken = h("span", { class: "visually-hidden" }, `: ${meaning}`);
      return h("li", { title: meaning }, swatch(name), phaseLabel(name), spoken);
    }),
  );
}

/**
 * The same as the drawing, in numbers.
 * @param {HTMLElement} box
 * @param {Bar[]} bars
 * @param {number} origin
 * @param {Describe} describe
 */
export function drawTable(box, bars, origin, describe) {
  const heads = [
    "Request",
    "What",
    "Process",
    "Thread",
    "Start, ms",
    "Duration, ms",
    "Where the time went, ms",
  ];
  const rows = bars.slice(0, MOST_ROWS).map((bar) => {
    const cells = [
      `${bar.request}`,
      describe(bar.request) ?? "",
      bar.process === null ? "not taken" : `${bar.process}`,
      bar.process === null ? "" : `${bar.thread}`,
      (bar.start - origin).toFixed(1),
      bar.open ? "not answered yet" : (bar.end - bar.start).toFixed(1),
      phaseTotals(bar)
        .map(({ name, ms }) => `${partLabel(name)} ${ms.toFixed(1)}`)
        .join(", "),
    ];
    return h("tr", {}, ...cells.map((text) => h("td", {}, text)));
  });
  const more = `The first ${MOST_ROWS} of ${counted(bars.length, "request")}. Zoom in for others.`;
  box.replaceChildren(
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, "Requests in sight; times in milliseconds"),
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows),
    ),
    bars.length > MOST_ROWS ? h("p", { class: "muted" }, more) : "",
  );
}

/** The numbers of one bar, beside it. */
export class TimelineTip {
  element = h("div", {
    class: "tip",
    role: "tooltip",
    popover: "manual",
    id: uniqueId("tip"),
    "data-testid": "tip",
  });

  /**
   * @param {Bar} bar
   * @param {Describe} describe
   * @param {number} x
   * @param {number} y CSS px of the viewport
   */
  show(bar, describe, x, y) {
    const rows = phaseTotals(bar).map(({ name, ms }) =>
      h(
        "tr",
        {},
        h("td", {}, swatch(name)),
        h("td", {}, partLabel(name)),
        h("td", { class: "number" }, `${ms.toFixed(2)} ms`),
      ),
    );
    this.#say(
      [
        h("b", {}, titleOf(bar, describe)),
        h("div", { class: "muted" }, factsOf(bar)),
        h("table", {}, ...rows),
      ],
      x,
      y,
    );
  }

  /**
   * What a thread does.
   * @param {ThreadPhase} phase
   * @param {number} x
   * @param {number} y CSS px of the viewport
   */
  showThread(phase, x, y) {
    const meaning = PHASES.find(({ name }) => name === phase.name)?.meaning ?? phase.name;
    const title = h("b", {}, `pid ${phase.process}, ${threadName(phase.thread)}`);
    const what = h(
      "div",
      {},
      swatch(phase.name),
      ` ${meaning}, ${formatMs(phase.end - phase.start)}`,
    );
    this.#say([title, what, h("div", { class: "muted" }, aboutOf(phase))], x, y);
  }

  /** @param {Node[]} content @param {number} x @param {number} y */
  #say(content, x, y) {
    this.element.replaceChildren(...content);
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    const { width, height } = this.element.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - width - 10 : x + 14;
    const top = y + 14 + height > innerHeight ? y - height - 10 : y + 14;
    this.element.style.left = `${Math.max(4, left)}px`;
    this.element.style.top = `${Math.max(4, top)}px`;
  }

  hide() {
    if (this.element.matches(":popover-open")) this.element.hidePopover();
  }
}
