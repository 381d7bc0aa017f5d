import { h } from "../ui/dom.js";
import { words } from "../words/words.js";

/** @import { RequestSuggestion } from "../examples/examples.js" */

/** A button for each request that an example suggests. */
export class Suggestions {
  #onUse;
  /** @type {RequestSuggestion[]} */
  #shown = [];
  element = h("div", { class: "suggestions", "data-testid": "suggestions" });

  /** @param {(suggestion: RequestSuggestion) => void} onUse */
  constructor(onUse) {
    this.#onUse = onUse;
  }

  /** @param {RequestSuggestion[]} suggestions */
  show(suggestions) {
    // A chip that has the focus keeps it where nothing changes.
    if (
      this.#shown.length === suggestions.length &&
      suggestions.every((each, index) => each === this.#shown[index])
    )
      return;
    this.#shown = suggestions;
    this.element.replaceChildren(...suggestions.map((suggestion) => this.#chip(suggestion)));
  }

  /** @param {RequestSuggestion} suggestion */
  #chip(suggestion) {
    const { method, path, times = 1, shows } = suggestion;
    const what = `${method} ${path}${times > 1 ? ` × ${times}` : ""}`;
    return h(
      "button",
      {
        type: "button",
        class: "chip",
        title: shows ?? what,
        "aria-label": words.requests.suggestion(what, shows),
        "data-testid": "suggestion",
        onclick: () => this.#onUse(suggestion),
      },
      method === "GET" ? null : h("span", { class: "muted" }, `${method} `),
      path,
      times > 1 ? h("b", {}, ` ×${times}`) : null,
    );
  }
}
