import { h } from "../ui/dom.js";
import { words } from "../words/words.js";

/** A line that says what was done, and offers to take it back. */
export class Notice {
  element = h("div", { class: "notice", role: "status", hidden: true });

  hide() {
    this.element.hidden = true;
  }

  /** @param {string} text @param {() => void} undo */
  offerUndo(text, undo) {
    const back = () => {
      this.hide();
      undo();
    };
    this.element.replaceChildren(
      text,
      h("button", { class: "link", "data-testid": "undo", onclick: back }, words.files.undo),
      h("span", { class: "grow" }),
      h(
        "button",
        {
          class: "quiet",
          title: words.files.hide,
          "aria-label": words.files.hide,
          onclick: () => this.hide(),
        },
        "×",
      ),
    );
    this.element.hidden = false;
  }
}
