import { help } from "../help/help.js";
import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { CommandHistory } from "./command-history.js";
import { CommandMenu } from "./command-menu.js";
import { StateLine } from "./state-line.js";

/** @import { Example } from "../examples/examples.js" */
/** @import { PageStore } from "../state/page-state.js" */

/**
 * Example picker, command line, Run and Stop, and what the server is doing.
 *
 * Events: what is typed or chosen becomes the state's `command`, and `onCommand` is called; the
 * buttons call their callbacks. The bar draws itself from `example`, `command`, `history`, `server`
 * and `outdated`.
 */
export class CommandBar {
  #store;
  #onCommand;
  #history = new CommandHistory();
  #example = h("select", { "aria-label": words.examples.label, "data-testid": "example" });
  #command = h("input", {
    class: "code",
    "aria-label": words.command.line,
    "data-testid": "command",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    enterkeyhint: "go",
  });
  #run = h("button", { type: "submit", class: "primary", "data-testid": "run" }, words.command.run);
  #stop = h(
    "button",
    { type: "button", "data-testid": "stop", disabled: true },
    words.command.stop,
  );

  /**
   * @param {PageStore} store
   * @param {Example[]} examples
   * @param {{
   *   onRun: () => void,
   *   onStop: () => void,
   *   onReset: () => void,
   *   onExample: (name: string) => void,
   *   onCommand: () => void
   * }} callbacks
   */
  constructor(store, examples, { onRun, onStop, onReset, onExample, onCommand }) {
    this.#store = store;
    this.#onCommand = onCommand;
    this.#example.append(...examples.map(({ name, title }) => h("option", { value: name }, title)));
    this.#example.addEventListener("change", () => onExample(this.#example.value));
    this.#stop.addEventListener("click", onStop);
    this.#command.addEventListener("input", () => {
      this.#history.leave();
      this.#typed();
    });
    this.#command.addEventListener("keydown", (event) => this.#key(event));
    const menu = new CommandMenu(
      this.#command,
      () => this.#lines(),
      (line) => this.#choose(line),
    );
    const state = new StateLine(store);
    const reset = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-testid": "reset",
        title: words.examples.resetTitle,
        onclick: onReset,
      },
      words.examples.reset,
    );
    this.element = h(
      "form",
      {
        class: "command-bar",
        "aria-label": words.command.form,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          onRun();
        },
      },
      h("strong", { class: "brand" }, "wasgi"),
      h("div", { class: "example-row" }, this.#example, reset),
      h(
        "div",
        { class: "command-field" },
        h("span", { class: "prompt code", "aria-hidden": "true" }, "$"),
        this.#command,
        menu.button,
        menu.element,
      ),
      h("div", { class: "run-row" }, this.#run, this.#stop),
      h("div", { class: "state-row" }, state.element, ...help()),
      state.progress,
    );
    store.watch(["example"], () => {
      this.#example.value = store.get("example").name;
    });
    store.watch(["history"], () => {
      this.#history.lines = store.get("history");
    });
    store.watch(["command"], () => this.#drawCommand());
    store.watch(["server", "outdated"], () => this.#drawButtons());
  }

  #drawCommand() {
    const command = this.#store.get("command");
    // What is being typed stays as it is, with its cursor.
    if (this.#command.value === command) return;
    this.#command.value = command;
    this.#history.leave();
  }

  #drawButtons() {
    const { phase } = this.#store.get("server");
    const listening = phase === "listening";
    this.#run.textContent = listening ? words.command.restart : words.command.run;
    this.#run.title = words.command.runKeys;
    this.#run.classList.toggle("attention", listening && this.#store.get("outdated"));
    this.#stop.disabled = !["starting", "listening", "stopping"].includes(phase);
    this.#stop.textContent = phase === "stopping" ? words.command.kill : words.command.stop;
  }

  /** The field's text is the command now. */
  #typed() {
    this.#store.set({ command: this.#command.value });
    this.#onCommand();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : null;
    if (step === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const line = this.#history.go(step, this.#command.value);
    if (line === null) return;
    event.preventDefault();
    this.#command.value = line;
    this.#typed();
  }

  #lines() {
    const { command, alternatives } = this.#store.get("example");
    return { alternatives: [command, ...alternatives], history: this.#store.get("history") };
  }

  /** @param {string} line */
  #choose(line) {
    this.#command.value = line;
    this.#history.leave();
    this.#typed();
    this.#command.focus();
  }
}
