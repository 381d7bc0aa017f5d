import { h } from "./dom.js";

/** How many rows are shown. */
const MOST_ROWS = 500;

/**
 * A list to which rows are added at the end. It follows the end unless the user has scrolled up.
 *
 * @template T
 */
export class LiveList {
  #row;
  #following = true;
  /** How many of the items have been there, shown or not. */
  #seen = 0;

  /**
   * @param {string} label
   * @param {string} testid
   * @param {(item: T) => HTMLElement} row
   */
  constructor(label, testid, row) {
    this.#row = row;
    this.element = h("div", {
      class: "live-list",
      role: "log",
      "aria-label": label,
      tabindex: 0,
      "data-testid": testid,
    });
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.#following = scrollHeight - scrollTop - clientHeight < 24;
    });
  }

  clear() {
    this.#seen = 0;
    this.#following = true;
    this.element.replaceChildren();
  }

  /**
   * Shows what is new.
   * @param {readonly T[]} newest the last items, oldest first
   * @param {number} count how many there have been
   */
  update(newest, count) {
    const fresh = Math.min(count - this.#seen, newest.length, MOST_ROWS);
    if (fresh <= 0) return;
    this.#seen = count;
    this.element.append(...newest.slice(-fresh).map(this.#row));
    while (this.element.childElementCount > MOST_ROWS) this.element.firstElementChild?.remove();
    if (this.#following) this.element.scrollTop = this.element.scrollHeight;
  }
}
