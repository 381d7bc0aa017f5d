import { h, uniqueId } from "../ui/dom.js";
import { formatProgress } from "../ui/format.js";
import { help } from "../shell/help.js";

/** @import { State } from "../server/runner.js" */
/** @import { Example } from "../types.js" */

const MOST_HISTORY = 50;

/** Example picker, command line, Run and Stop, and what the server is doing, in words. */
export class CommandBar {
  #callbacks;
  #example = h("select", { "aria-label": "Example", "data-testid": "example" });
  #command = h("input", {
    class: "code",
    "aria-label": "Command line",
    "data-testid": "command",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    enterkeyhint: "go",
  });
  #menu = h("div", { class: "menu", popover: "auto", id: uniqueId("commands") });
  #menuButton = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": "More command lines",
      title: "More command lines",
      popovertarget: this.#menu.id,
      "data-testid": "more-commands",
    },
    "▾",
  );
  #run = h("button", { type: "submit", class: "primary", "data-testid": "run" }, "Run");
  #stop = h("button", { type: "button", "data-testid": "stop", disabled: true }, "Stop");
  #reset = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "data-testid": "reset",
      title: "Bring back this example's files and command line",
    },
    "Reset",
  );
  #state = h("span", { class: "state-text", "data-testid": "state" });
  #progress = h("progress", { "aria-label": "Progress", hidden: true });
  #stateLine = h(
    "div",
    { class: "state", role: "status" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    this.#state,
  );
  /** @type {string[]} newest last */
  #history = [];
  /** Where the arrow keys are in the history; its length is the line that is being typed. */
  #at = 0;
  #draft = "";
  /** @type {string[]} */
  #alternatives = [];

  /**
   * @param {Example[]} examples
   * @param {{ onRun: () => void, onStop: () => void, onReset: () => void, onExample: (name: string) => void, onCommand: (command: string) => void }}
   * callbacks
   */
  constructor(examples, callbacks) {
    this.#callbacks = callbacks;
    this.#example.append(...examples.map(({ name, title }) => h("option", { value: name }, title)));
    this.#example.addEventListener("change", () => callbacks.onExample(this.#example.value));
    this.#stop.addEventListener("click", callbacks.onStop);
    this.#reset.addEventListener("click", callbacks.onReset);
    this.#command.addEventListener("input", () => {
      this.#at = this.#history.length;
      callbacks.onCommand(this.#command.value);
    });
    this.#command.addEventListener("keydown", (event) => this.#key(event));
    this.#menu.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") this.#openMenu();
    });
    this.element = h(
      "form",
      {
        class: "command-bar",
        "aria-label": "Server",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          callbacks.onRun();
        },
      },
      h("strong", { class: "brand" }, "wasgi"),
      h("div", { class: "example-row" }, this.#example, this.#reset),
      h(
        "div",
        { class: "command-field" },
        h("span", { class: "prompt code", "aria-hidden": "true" }, "$"),
        this.#command,
        this.#menuButton,
        this.#menu,
      ),
      h("div", { class: "run-row" }, this.#run, this.#stop),
      h("div", { class: "state-row" }, this.#stateLine, ...help()),
      this.#progress,
    );
  }

  get command() {
    return this.#command.value.trim();
  }

  set command(command) {
    this.#command.value = command;
    this.#at = this.#history.length;
  }

  /** @param {Example} example */
  showExample({ name, alternatives, command }) {
    this.#example.value = name;
    this.#alternatives = [command, ...alternatives];
  }

  /** @returns {string[]} */
  get history() {
    return this.#history;
  }

  set history(lines) {
    this.#history = lines.slice(-MOST_HISTORY);
    this.#at = this.#history.length;
  }

  /** Notes a command that was run. @param {string} command */
  remember(command) {
    this.history = [...this.#history.filter((line) => line !== command), command];
  }

  /** @param {State} state @param {boolean} changed the code was edited since it was started */
  show({ phase, text, bad, progress }, changed) {
    const busy = phase === "starting" || phase === "stopping" || phase === "booting";
    this.#stateLine.dataset.phase = phase;
    this.#stateLine.toggleAttribute("data-bad", bad);
    const bytes = progress ? formatProgress(progress.loaded, progress.total) : "";
    const words = progress && busy ? `${progress.step}${bytes ? ` ${bytes}` : ""}…` : text;
    this.#state.textContent =
      phase === "listening" && changed ? `${text}, with the code from before your changes` : words;
    this.#state.title = this.#state.textContent;
    this.#progress.hidden = !busy;
    if (progress && progress.total > 0) {
      this.#progress.max = progress.total;
      this.#progress.value = progress.loaded;
    } else this.#progress.removeAttribute("value");
    this.#run.textContent = phase === "listening" ? "Restart" : "Run";
    this.#run.title = "Ctrl+Enter";
    this.#run.classList.toggle("attention", phase === "listening" && changed);
    this.#stop.disabled = !["starting", "listening", "stopping"].includes(phase);
    this.#stop.textContent = phase === "stopping" ? "Kill" : "Stop";
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (
      (event.key !== "ArrowUp" && event.key !== "ArrowDown") ||
      event.altKey ||
      event.ctrlKey ||
      event.metaKey
    )
      return;
    const to = this.#at + (event.key === "ArrowUp" ? -1 : 1);
    if (to < 0 || to > this.#history.length) return;
    event.preventDefault();
    if (this.#at === this.#history.length) this.#draft = this.#command.value;
    this.#at = to;
    this.#command.value = to === this.#history.length ? this.#draft : this.#history[to];
    this.#callbacks.onCommand(this.#command.value);
  }

  #openMenu() {
    const item = (/** @type {string} */ line) =>
      h(
        "button",
        {
          type: "button",
          class: "code",
          onclick: () => {
            this.command = line;
            this.#callbacks.onCommand(line);
            this.#menu.hidePopover();
            this.#command.focus();
          },
        },
        line,
      );
    const recent = [...this.#history]
      .reverse()
      .filter((line) => !this.#alternatives.includes(line))
      .slice(0, 10);
    this.#menu.replaceChildren(
      h("p", { class: "muted" }, "Worth trying with this example"),
      ...this.#alternatives.map(item),
      recent.length ? h("p", { class: "muted" }, "Run before") : "",
      ...recent.map(item),
    );
    const field = this.#command.getBoundingClientRect();
    this.#menu.style.left = `${Math.max(4, field.left - 8)}px`;
    this.#menu.style.top = `${field.bottom + 4}px`;
    this.#menu.style.minWidth = `${Math.min(field.width, 420)}px`;
  }
}
