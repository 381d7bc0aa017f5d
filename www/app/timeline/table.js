import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { partLabel } from "./descriptions.js";
import { phaseTotals } from "./summary.js";

/** @import { Bar } from "./bars.js" */
/** @import { Describe } from "./descriptions.js" */

/** How many rows the table shows. */
const MOST_ROWS = 500;

/**
 * The same as the drawing, in numbers.
 * @param {HTMLElement} box
 * @param {Bar[]} bars
 * @param {number} origin what times count from
 * @param {Describe} describe
 */
export function drawTable(box, bars, origin, describe) {
  const heads = Object.values(words.timeline.heads);
  const rows = bars
    .slice(0, MOST_ROWS)
    .map((bar) => h("tr", {}, ...cellsOf(bar, origin, describe).map((text) => h("td", {}, text))));
  const more = words.timeline.firstOf(MOST_ROWS, words.counted.requests(bars.length));
  box.replaceChildren(
    h(
      "table",
      {},
      h("caption", { class: "visually-hidden" }, words.timeline.tableCaption),
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows),
    ),
    bars.length > MOST_ROWS ? h("p", { class: "muted" }, more) : "",
  );
}

/**
 * One text for each of the heads.
 * @param {Bar} bar
 * @param {number} origin
 * @param {Describe} describe
 */
function cellsOf(bar, origin, describe) {
  const { request, process, thread, start, end, open } = bar;
  const parts = phaseTotals(bar).map(({ name, ms }) => `${partLabel(name)} ${ms.toFixed(1)}`);
  return [
    `${request}`,
    describe(request) ?? "",
    process === null ? words.timeline.notTaken : `${process}`,
    process === null ? "" : `${thread}`,
    (start - origin).toFixed(1),
    open ? words.timeline.notAnswered : (end - start).toFixed(1),
    parts.join(", "),
  ];
}
