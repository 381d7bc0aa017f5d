import { h, uniqueId } from "../ui/dom.js";
import { words } from "../words/words.js";

/** How many of those that were run before are offered. */
const MOST_RECENT = 10;

/** A menu of command lines: those of the example, and those that were run before. */
export class CommandMenu {
  #field;
  #onChoose;
  element = h("div", { class: "menu", popover: "auto", id: uniqueId("commands") });
  button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": words.command.more,
      title: words.command.more,
      popovertarget: this.element.id,
      "data-testid": "more-commands",
    },
    "▾",
  );

  /**
   * @param {HTMLElement} field what it opens below
   * @param {() => { alternatives: string[], history: readonly string[] }} lines
   * @param {(line: string) => void} onChoose
   */
  constructor(field, lines, onChoose) {
    this.#field = field;
    this.#onChoose = onChoose;
    this.element.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") this.#open(lines());
    });
  }

  /** @param {{ alternatives: string[], history: readonly string[] }} lines */
  #open({ alternatives, history }) {
    const recent = history
      .toReversed()
      .filter((line) => !alternatives.includes(line))
      .slice(0, MOST_RECENT);
    this.element.replaceChildren(
      h("p", { class: "muted" }, words.command.alternatives),
      ...alternatives.map((line) => this.#item(line)),
      recent.length ? h("p", { class: "muted" }, words.command.recent) : "",
      ...recent.map((line) => this.#item(line)),
    );
    const field = this.#field.getBoundingClientRect();
    this.element.style.left = `${Math.max(4, field.left - 8)}px`;
    this.element.style.top = `${field.bottom + 4}px`;
    this.element.style.minWidth = `${Math.min(field.width, 420)}px`;
  }

  /** @param {string} line */
  #item(line) {
    const onclick = () => {
      this.element.hidePopover();
      this.#onChoose(line);
    };
    return h("button", { type: "button", class: "code", onclick }, line);
  }
}
