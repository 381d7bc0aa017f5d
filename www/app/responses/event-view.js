import { h } from "../ui/dom.js";
import { formatMs } from "../ui/format.js";
import { LiveList } from "../ui/live-list.js";
import { words } from "../words/words.js";

/** @import { Exchange } from "../requests/exchange.js" */
/** @import { ReceivedEvent } from "../requests/event-list.js" */

/** The events of a response, each as it came: when, of which type, what it says. */
export class EventView {
  #started = 0;
  #list = new LiveList(words.events.list, "events", (/** @type {ReceivedEvent} */ event) =>
    h(
      "div",
      { class: "live-row" },
      h("span", { class: "live-time" }, `+${formatMs(event.at - this.#started)}`),
      h("span", { class: "live-kind" }, event.type),
      h("span", { class: "live-text" }, event.data),
      event.id && h("span", { class: "muted" }, words.events.id(event.id)),
    ),
  );
  element = this.#list.element;

  /** Another response is shown. */
  clear() {
    this.#list.clear();
  }

  /** @param {Exchange} exchange */
  update({ events, started }) {
    this.#started = started;
    if (events) this.#list.update(events.kept, events.count);
  }
}
