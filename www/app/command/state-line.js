import { h } from "../ui/dom.js";
import { formatProgress } from "../ui/format.js";
import { words } from "../words/words.js";

/** @import { PageStore } from "../state/page-state.js" */

/** What the server is doing, in words, with a progress bar while something is prepared. */
export class StateLine {
  #store;
  #text = h("span", { class: "state-text", "data-testid": "state" });
  element = h(
    "div",
    { class: "state", role: "status" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    this.#text,
  );
  progress = h("progress", { "aria-label": words.command.progress, hidden: true });

  /** @param {PageStore} store */
  constructor(store) {
    this.#store = store;
    store.watch(["server", "outdated"], () => this.#draw());
  }

  #draw() {
    const { phase, bad, progress } = this.#store.get("server");
    const busy = phase === "starting" || phase === "stopping" || phase === "booting";
    this.element.dataset.phase = phase;
    this.element.toggleAttribute("data-bad", bad);
    this.#text.textContent = this.#words(busy);
    this.#text.title = this.#text.textContent;
    this.progress.hidden = !busy;
    if (progress && progress.total > 0) {
      this.progress.max = progress.total;
      this.progress.value = progress.loaded;
    } else this.progress.removeAttribute("value");
  }

  /** @param {boolean} busy */
  #words(busy) {
    const { phase, text, progress } = this.#store.get("server");
    if (phase === "listening" && this.#store.get("outdated")) return words.server.outdated(text);
    if (!progress || !busy) return text;
    return words.server.step(progress.step, formatProgress(progress.loaded, progress.total));
  }
}
