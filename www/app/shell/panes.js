import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { divider } from "./divider.js";

/** @import { BrowserStorage } from "../state/browser-storage.js" */

/** @typedef {{ name: string, label: string, element: HTMLElement }} Pane */

/**
 * Lays panes out: beside each other with movable dividers where there is room (the style sheet
 * decides how), as tabs where there is not.
 */
export class Panes {
  #panes;
  #tabs = h("div", { class: "pane-tabs", role: "group", "aria-label": words.panes.group });

  /** @param {Pane[]} panes @param {BrowserStorage} storage where the dividers' places are kept */
  constructor(panes, storage) {
    this.#panes = panes;
    this.element = h("div", { class: "panes" }, ...panes.map(({ element }) => element));
    this.element.append(
      divider(this.element, storage, "--split-x", "vertical", words.panes.dividerUpright),
      divider(this.element, storage, "--split-y", "horizontal", words.panes.dividerLevel),
    );
    for (const { name, label } of panes) {
      this.#tabs.append(
        h(
          "button",
          { "data-pane": name, "data-testid": `pane-${name}`, onclick: () => this.show(name) },
          label,
        ),
      );
    }
    this.tabs = this.#tabs;
    this.show(panes[0].name);
  }

  /** Brings a pane to the front where only one has room. @param {string} name */
  show(name) {
    for (const pane of this.#panes) pane.element.classList.toggle("front", pane.name === name);
    for (const tab of this.#tabs.children) {
      tab.setAttribute(
        "aria-pressed",
        String(/** @type {HTMLElement} */ (tab).dataset.pane === name),
      );
    }
  }
}
