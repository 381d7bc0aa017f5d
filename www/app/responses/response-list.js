import { h } from "../ui/dom.js";
import { formatMs } from "../ui/format.js";

/** @import { Burst, Exchange } from "../requests/burst.js" */

/** How many exchanges the list holds. */
const MOST_ROWS = 1000;

/** The exchanges of the latest presses of Send, newest press first, one selectable row each. */
export class ResponseList {
  #onSelect;
  #processOf;
  #list = h("div", {
    class: "results",
    role: "listbox",
    "aria-label": "Responses",
    tabindex: 0,
    hidden: true,
    "data-testid": "results",
  });
  /** @type {Map<Exchange, HTMLElement>} */
  #rows = new Map();
  /** @type {Exchange | null} */
  #selected = null;

  /**
   * @param {(exchange: Exchange) => void} onSelect
   * @param {(request: number) => string | null} processOf
   */
  constructor(onSelect, processOf) {
    this.#onSelect = onSelect;
    this.#processOf = processOf;
    this.element = this.#list;
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  get selected() {
    return this.#selected;
  }

  /** @param {Burst} burst */
  add(burst) {
    const { method, path } = burst.description;
    const rows = burst.exchanges.map((exchange, index) => {
      const row = h(
        "div",
        {
          role: "option",
          class: `result${index === 0 ? " first" : ""}`,
          "aria-selected": "false",
          "data-testid": "result",
          onclick: () => this.select(exchange),
        },
        h("span", { class: "result-what code" }, `${method === "GET" ? "" : `${method} `}${path}`),
        h("span", { class: "status" }),
        h("span", { class: "result-time" }),
        h("span", { class: "result-process muted" }),
      );
      this.#rows.set(exchange, row);
      return row;
    });
    this.#list.prepend(...rows);
    while (this.#rows.size > MOST_ROWS) this.#forgetOldest();
    this.#list.hidden = this.#rows.size < 2;
    this.select(burst.exchanges[0]);
    this.#list.scrollTop = 0;
  }

  clear() {
    this.#rows.clear();
    this.#selected = null;
    this.#list.replaceChildren();
    this.#list.hidden = true;
  }

  /** Brings the rows up to date. */
  draw() {
    for (const [exchange, row] of this.#rows) {
      const [, status, time, process] = row.children;
      const label = exchange.status
        ? String(exchange.status)
        : { waiting: "…", failed: "failed", cancelled: "cancelled" }[String(exchange.progress)];
      setText(status, label ?? "");
      status.className = `status status-${exchange.status ? Math.trunc(exchange.status / 100) : exchange.progress}`;
      setText(time, exchange.duration === null ? "" : formatMs(exchange.duration));
      setText(
        process,
        (exchange.request === null ? null : this.#processOf(exchange.request)) ?? "",
      );
    }
  }

  /** @param {number} request the machine's number for it */
  selectRequest(request) {
    for (const exchange of this.#rows.keys())
      if (exchange.request === request) return this.select(exchange);
  }

  /** @param {Exchange} exchange */
  select(exchange) {
    if (this.#selected) this.#rows.get(this.#selected)?.setAttribute("aria-selected", "false");
    this.#selected = exchange;
    const row = this.#rows.get(exchange);
    row?.setAttribute("aria-selected", "true");
    row?.scrollIntoView({ block: "nearest" });
    this.#onSelect(exchange);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const shown = [...this.#list.children];
    const at = shown.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const target = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: shown.length - 1 }[
      event.key
    ];
    if (target === undefined) return;
    event.preventDefault();
    for (const [exchange, row] of this.#rows) if (row === shown[target]) this.select(exchange);
  }

  #forgetOldest() {
    const last = this.#list.lastElementChild;
    for (const [exchange, row] of this.#rows) {
      if (row !== last) continue;
      this.#rows.delete(exchange);
      row.remove();
    }
  }
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
