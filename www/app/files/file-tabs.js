import { h, scrollWithin } from "../ui/dom.js";
import { words } from "../words/words.js";

/**
 * A tab for each file.
 *
 * Events: `onOpen`, `onRename` and `onDelete` say what the user asks for; it is the files pane that
 * does it, and draws the tabs again.
 */
export class FileTabs {
  #callbacks;
  #panel;
  element = h("div", { class: "tabs", role: "tablist", "aria-label": words.files.list });

  /**
   * @param {string} panel the id of what the tabs show
   * @param {{
   *   onOpen: (name: string) => void,
   *   onRename: (name: string) => void,
   *   onDelete: (name: string) => void
   * }} callbacks
   */
  constructor(panel, callbacks) {
    this.#panel = panel;
    this.#callbacks = callbacks;
  }

  /**
   * @param {string[]} names
   * @param {string | null} open
   * @param {boolean} takesFocus whether the open file's tab gets the focus if a tab had it
   */
  draw(names, open, takesFocus) {
    const focused = this.element.contains(document.activeElement);
    this.element.replaceChildren(...names.map((name) => this.#tab(name, names, name === open)));
    const selected = this.#selected;
    if (selected) scrollWithin(this.element, selected);
    if (focused && takesFocus) this.focus();
  }

  /** Gives the open file's tab the focus. */
  focus() {
    this.#selected?.focus();
  }

  /** @returns {HTMLElement | null} */
  get #selected() {
    return this.element.querySelector("[aria-selected=true]");
  }

  /** @param {string} name @param {string[]} names @param {boolean} selected */
  #tab(name, names, selected) {
    const { onOpen, onRename } = this.#callbacks;
    return h(
      "button",
      {
        role: "tab",
        class: "tab",
        "aria-selected": String(selected),
        "aria-controls": this.#panel,
        "data-file": name,
        tabindex: selected ? 0 : -1,
        title: selected ? words.files.tabTitle : name,
        onclick: () => onOpen(name),
        ondblclick: () => onRename(name),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, name, names),
      },
      name,
    );
  }

  /** @param {KeyboardEvent} event @param {string} name @param {string[]} names */
  #key(event, name, names) {
    const at = names.indexOf(name);
    const target = {
      ArrowLeft: names.at(at - 1),
      ArrowRight: names[(at + 1) % names.length],
      Home: names[0],
      End: names.at(-1),
    }[event.key];
    if (target !== undefined) {
      this.#callbacks.onOpen(target);
      this.focus();
    } else if (event.key === "F2") this.#callbacks.onRename(name);
    else if (event.key === "Delete") this.#callbacks.onDelete(name);
    else return;
    event.preventDefault();
  }
}
