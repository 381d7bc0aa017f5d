import { h } from "../ui/dom.js";
import { formatMs } from "../ui/format.js";
import { aboutOf, factsOf, partLabel, titleOf, whoOf } from "./descriptions.js";
import { swatch } from "./legend.js";
import { phaseMeaning } from "./phases.js";
import { phaseTotals } from "./summary.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */
/** @import { Describe } from "./descriptions.js" */

/** The numbers of one bar or of one thread's phase, beside it. */
export class TimelineTip {
  element = h("div", {
    class: "tip",
    role: "tooltip",
    popover: "manual",
    "data-testid": "tip",
  });

  /**
   * @param {Bar} bar
   * @param {Describe} describe
   * @param {number} x
   * @param {number} y CSS px of the viewport
   */
  showBar(bar, describe, x, y) {
    const rows = phaseTotals(bar).map(({ name, ms }) =>
      h(
        "tr",
        {},
        h("td", {}, swatch(name)),
        h("td", {}, partLabel(name)),
        h("td", { class: "number" }, `${ms.toFixed(2)} ms`),
      ),
    );
    const title = h("b", {}, titleOf(bar, describe));
    const facts = h("div", { class: "muted" }, factsOf(bar));
    this.#show([title, facts, h("table", {}, ...rows)], x, y);
  }

  /**
   * What a thread does.
   * @param {Span} phase
   * @param {number} x
   * @param {number} y CSS px of the viewport
   */
  showThread(phase, x, y) {
    const { name, process, thread, start, end } = phase;
    const title = h("b", {}, whoOf(process, thread));
    const meaning = ` ${phaseMeaning(name) ?? name}, ${formatMs(end - start)}`;
    const about = h("div", { class: "muted" }, aboutOf(phase));
    this.#show([title, h("div", {}, swatch(name), meaning), about], x, y);
  }

  /** @param {Node[]} content @param {number} x @param {number} y */
  #show(content, x, y) {
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
