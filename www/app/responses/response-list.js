import { timesOf } from "../requests/times.js";
import { h, oncePerFrame, scrollWithin } from "../ui/dom.js";
import { formatMs } from "../ui/format.js";
import { words } from "../words/words.js";
import { shortStatus, statusClass } from "./status.js";

/** @import { Burst, Sent } from "../requests/burst.js" */
/** @import { PageStore } from "../state/page-state.js" */

/** How many exchanges the list holds. */
const MOST_ROWS = 1000;

/**
 * The exchanges of the latest presses of Send, newest press first, one selectable row each.
 *
 * Events: choosing a row sets `selected`. The list draws itself from `bursts`, `trace` (which
 * process served) and `selected`.
 */
export class ResponseList {
  #store;
  element = h("div", {
    class: "results",
    role: "listbox",
    "aria-label": words.responses.list,
    tabindex: 0,
    hidden: true,
    "data-testid": "results",
  });
  /** @type {Map<Sent, HTMLElement>} */
  #rows = new Map();
  /** Those whose rows may change. @type {Set<Sent>} */
  #unsettled = new Set();
  /** How many bursts have rows, or had them. */
  #listed = 0;
  /** @type {HTMLElement | undefined} */
  #selected;
  #draw = oncePerFrame(() => this.#drawNow());

  /** @param {PageStore} store */
  constructor(store) {
    this.#store = store;
    this.element.addEventListener("keydown", (event) => this.#key(event));
    store.watch(["bursts"], () => this.#takeBursts(store.get("bursts")));
    store.watch(["bursts", "trace"], this.#draw);
    store.watch(["selected"], () => this.#mark(store.get("selected")));
  }

  /** @param {readonly Burst[]} bursts */
  #takeBursts(bursts) {
    if (bursts.length < this.#listed) this.#clear();
    for (const burst of bursts.slice(this.#listed)) this.#add(burst);
    this.#listed = bursts.length;
  }

  #clear() {
    this.#rows.clear();
    this.#unsettled.clear();
    this.#listed = 0;
    this.element.replaceChildren();
    this.element.hidden = true;
  }

  /** @param {Burst} burst */
  #add(burst) {
    const { method, path } = burst.description;
    const what = `${method === "GET" ? "" : `${method} `}${path}`;
    const rows = burst.exchanges.map((exchange, index) => {
      const row = h(
        "div",
        {
          role: "option",
          class: `result${index === 0 ? " first" : ""}`,
          "aria-selected": "false",
          "data-testid": "result",
          onclick: () => this.#select(exchange),
        },
        h("span", { class: "result-what code" }, what),
        h("span", { class: "status" }),
        h("span", { class: "result-time" }),
        h("span", { class: "result-process muted" }),
      );
      this.#rows.set(exchange, row);
      this.#unsettled.add(exchange);
      return row;
    });
    this.element.prepend(...rows);
    while (this.#rows.size > MOST_ROWS) this.#forgetOldest();
    this.element.hidden = this.#rows.size < 2;
    this.element.scrollTop = 0;
  }

  #forgetOldest() {
    const last = this.element.lastElementChild;
    for (const [exchange, row] of this.#rows) {
      if (row !== last) continue;
      this.#rows.delete(exchange);
      this.#unsettled.delete(exchange);
      row.remove();
    }
  }

  #drawNow() {
    const trace = this.#store.get("trace");
    for (const exchange of this.#unsettled) {
      const row = this.#rows.get(exchange);
      if (!row) continue;
      const { total, isFinal } = timesOf(exchange, trace);
      const [, status, time, process] = row.children;
      setText(status, shortStatus(exchange));
      status.className = statusClass(exchange);
      setText(time, formatMs(total));
      time.classList.toggle("muted", !isFinal);
      setText(process, trace.processOf(exchange.request) ?? "");
      if (isFinal && !exchange.pending) this.#unsettled.delete(exchange);
    }
  }

  /** @param {Sent} exchange */
  #select(exchange) {
    this.#store.set({ selected: exchange });
  }

  /** @param {Sent | null} exchange */
  #mark(exchange) {
    this.#selected?.setAttribute("aria-selected", "false");
    this.#selected = exchange ? this.#rows.get(exchange) : undefined;
    if (!this.#selected) return;
    this.#selected.setAttribute("aria-selected", "true");
    scrollWithin(this.element, this.#selected);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = [...this.element.children];
    const at = shown.findIndex((row) => row === this.#selected);
    const target = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: shown.length - 1 }[
      event.key
    ];
    if (target === undefined) return;
    event.preventDefault();
    for (const [exchange, row] of this.#rows) if (row === shown[target]) this.#select(exchange);
  }
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
