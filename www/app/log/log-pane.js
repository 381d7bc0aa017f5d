import { h, oncePerFrame } from "../ui/dom.js";
import { words } from "../words/words.js";
import { AnsiParser } from "./ansi.js";

/** @import { LogEntry } from "../../api/server.js" */
/** @import { Run } from "./ansi.js" */

/** How many lines are kept, and how many are drawn at once: the page stays alive in a flood. */
const MOST_LINES = 5000;
const MOST_DRAWN = 500;
/** How long others have the page after that, in ms, if more is to be drawn. */
const PAUSE = 50;
/** Lines stand in blocks of so many, so that the browser lays out new ones only. */
const BLOCK = 500;

/** @typedef {{ kind: "stdout" | "stderr" | "note", runs: Run[] }} Line */

/**
 * What the server prints. Follows the end unless the user has scrolled up.
 *
 * Events: the runner's `log` comes in by `add`, and what the page itself has to say by `note`; none
 * go out.
 */
export class LogPane {
  #lines = h("div", {
    class: "log",
    role: "log",
    "aria-label": words.log.label,
    "aria-live": "off",
    tabindex: 0,
    "data-testid": "log",
  });
  #dropped = h("div", { class: "log-dropped", hidden: true });
  #count = h("span", { class: "muted" });
  #parsers = { stdout: new AnsiParser(), stderr: new AnsiParser() };
  /** Lines that are not drawn yet. @type {Line[]} */
  #fresh = [];
  #shown = 0;
  #lost = 0;
  #following = true;
  /** The last of the blocks, to which lines are added. */
  #block = block();
  #isPausing = false;
  #draw = oncePerFrame(() => this.#flush());

  constructor() {
    this.element = h(
      "section",
      { class: "pane log-pane", "aria-label": words.panes.log },
      h(
        "div",
        { class: "pane-head" },
        h("h2", {}, words.panes.log),
        this.#count,
        h("span", { class: "grow" }),
        h(
          "button",
          { class: "quiet", "data-testid": "clear-log", onclick: () => this.clear() },
          words.log.clear,
        ),
      ),
      this.#lines,
    );
    this.#lines.append(this.#dropped, this.#block);
    this.#lines.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#lines;
      this.#following = scrollHeight - scrollTop - clientHeight < 24;
    });
  }

  /** @param {LogEntry} entry */
  add({ line, stream }) {
    // What is logged at once may have several lines: a traceback.
    for (const each of line.split(/\r?\n/)) this.#push(stream, this.#parsers[stream].parse(each));
  }

  /** A line of the page itself, told apart from what the server prints. @param {string} text */
  note(text) {
    this.#push("note", [{ text, style: null }]);
  }

  clear() {
    this.#fresh = [];
    this.#shown = 0;
    this.#lost = 0;
    this.#following = true;
    this.#block = block();
    this.#lines.replaceChildren(this.#dropped, this.#block);
    this.#flush();
  }

  /** @param {Line["kind"]} kind @param {Run[]} runs */
  #push(kind, runs) {
    this.#fresh.push({ kind, runs });
    // Not one by one: that would move all that are left each time.
    if (this.#fresh.length >= 2 * MOST_LINES) {
      this.#lost += this.#fresh.length - MOST_LINES;
      this.#fresh = this.#fresh.slice(-MOST_LINES);
    }
    if (!this.#isPausing) this.#draw();
  }

  #drawLater() {
    this.#isPausing = true;
    setTimeout(() => {
      this.#isPausing = false;
      this.#draw();
    }, PAUSE);
  }

  #flush() {
    const drawn = this.#fresh.splice(0, MOST_DRAWN);
    for (const line of drawn) this.#append(element(line));
    this.#shown += drawn.length;
    if (this.#fresh.length > 0) this.#drawLater();
    while (this.#shown - BLOCK >= MOST_LINES) this.#dropBlock();
    this.#dropped.hidden = this.#lost === 0;
    this.#dropped.textContent = words.log.dropped(this.#lost);
    this.#count.textContent = this.#shown ? words.counted.lines(this.#shown) : "";
    if (this.#following) this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** @param {HTMLElement} line */
  #append(line) {
    if (this.#block.childElementCount >= BLOCK) {
      this.#block = block();
      this.#lines.append(this.#block);
    }
    this.#block.append(line);
  }

  /** The oldest block goes. */
  #dropBlock() {
    this.#dropped.nextElementSibling?.remove();
    this.#shown -= BLOCK;
    this.#lost += BLOCK;
  }
}

function block() {
  return h("div", { class: "log-block" });
}

/** @param {Line} line */
function element({ kind, runs }) {
  const title = kind === "stdout" ? words.log.stdout : null;
  return h("div", { class: `line ${kind}`, title }, ...runs.map(styled));
}

/** @param {Run} run */
function styled({ text, style }) {
  if (style === null) return text;
  const span = h("span", {}, text);
  const [front, back] = style.inverse
    ? [style.background ?? "var(--surface)", style.colour ?? "var(--text)"]
    : [style.colour, style.background];
  if (front) span.style.color = front;
  if (back) span.style.backgroundColor = back;
  if (style.bold) span.style.fontWeight = "700";
  if (style.dim) span.style.opacity = "0.7";
  if (style.italic) span.style.fontStyle = "italic";
  if (style.underline) span.style.textDecoration = "underline";
  return span;
}
