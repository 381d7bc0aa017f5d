import { h, uniqueId } from "../ui/dom.js";

/** @import { BrowserStorage } from "../state/browser-storage.js" */

/** @typedef {{ name: string, label: string, element: HTMLElement }} Pane */

/**
 * Lays panes out: beside each other with movable dividers where there is room (the style sheet
 * decides how), as tabs where there is not.
 */
export class Panes {
  #panes;
  #store;
  #tabs = h("div", { class: "pane-tabs", role: "group", "aria-label": "Panes" });

  /** @param {Pane[]} panes @param {BrowserStorage} store where the dividers' places are kept */
  constructor(panes, store) {
    this.#panes = panes;
    this.#store = store;
    this.element = h("div", { class: "panes" }, ...panes.map(({ element }) => element));
    this.element.append(
      this.#divider("--split-x", "vertical", "Divider between code and requests"),
      this.#divider("--split-y", "horizontal", "Divider between upper and lower panes"),
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

  /**
   * @param {string} property the custom property that holds its place, in per cent
   * @param {"vertical" | "horizontal"} orientation
   * @param {string} label
   */
  #divider(property, orientation, label) {
    const upright = orientation === "vertical";
    const kept = Number(this.#store.get(property));
    let place = kept >= 15 && kept <= 85 ? kept : 50;
    const divider = h("div", {
      class: `divider ${orientation}`,
      role: "separator",
      tabindex: 0,
      id: uniqueId("divider"),
      "aria-orientation": orientation,
      "aria-label": label,
      "aria-valuemin": 15,
      "aria-valuemax": 85,
    });
    const move = (/** @type {number} */ to) => {
      place = Math.min(85, Math.max(15, to));
      this.element.style.setProperty(property, `${place}%`);
      divider.setAttribute("aria-valuenow", String(Math.round(place)));
    };
    if (kept >= 15 && kept <= 85) move(kept);
    else divider.setAttribute("aria-valuenow", "50");
    divider.addEventListener("pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const box = this.element.getBoundingClientRect();
      move(
        upright
          ? ((event.clientX - box.left) / box.width) * 100
          : ((event.clientY - box.top) / box.height) * 100,
      );
    });
    divider.addEventListener("lostpointercapture", () => this.#store.set(property, place));
    divider.addEventListener("dblclick", () => {
      this.element.style.removeProperty(property);
      this.#store.remove(property);
    });
    divider.addEventListener("keydown", (event) => {
      const by = {
        ArrowLeft: upright ? -2 : 0,
        ArrowRight: upright ? 2 : 0,
        ArrowUp: upright ? 0 : -2,
        ArrowDown: upright ? 0 : 2,
      }[event.key];
      if (!by) return;
      event.preventDefault();
      move(place + by);
      this.#store.set(property, place);
    });
    return divider;
  }
}
