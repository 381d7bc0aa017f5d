import "./app/index.css";

import { EXAMPLES } from "./app/examples/examples.js";
import { Machine } from "./app/server/machine.js";
import { Runner } from "./app/server/runner.js";
import { PlaygroundView } from "./app/shell/playground-view.js";
import { BrowserStorage } from "./app/state/browser-storage.js";
import { language } from "./app/words/language.js";
import { words } from "./app/words/words.js";
import { Playground } from "./wasgi.js";

/** @import { Example } from "./app/examples/examples.js" */
/** @import { Server } from "./wasgi.js" */

/**
 * `<wasgi-playground>`: the playground as an element, in light DOM.
 *
 * Attributes, read when it is connected:
 * - `example`: the example that opens (`wsgi`, `asgi`, `flask`, `django`, `starlette`, `fastapi`,
 *   `quart`)
 * - `command`: the command line that stands in the field
 * - `assets`: the folder of the built files, with a slash at its end; by default where this script
 *   came from
 * - `preload`: where an earlier visit has run it, Python boots as soon as the element is there, not
 *   only when it is reached for
 * - `persist`: a name under which edits are kept in this browser; without it nothing is kept
 *
 * It speaks the language of its document where it can (English, Korean), else English; what the
 * visitor has chosen in its help comes first.
 *
 * Files of its own come as children: `<script type="text/plain" data-file="app.py">…</script>`.
 * Nothing runs before the user presses Run.
 *
 * Fires `ready` when `playground` is there.
 */
export class WasgiPlaygroundElement extends HTMLElement {
  /** @type {Runner | null} */
  #runner = null;
  /** @type {PlaygroundView | null} */
  #view = null;

  /** The `Playground` once it is created, else null. @returns {Playground | null} */
  get playground() {
    return this.#runner?.playground ?? null;
  }

  /** The server that listens now, or null. @returns {Server | null} */
  get server() {
    return this.#runner?.server ?? null;
  }

  connectedCallback() {
    // Moving the element within the document must not start a second machine.
    if (this.#runner) return;
    // The document around it may speak another language.
    this.lang ||= language;
    const assets = new URL(
      this.getAttribute("assets") ?? "./",
      this.hasAttribute("assets") ? document.baseURI : import.meta.url,
    );
    const example =
      this.#ownFiles() ??
      EXAMPLES.find(({ name }) => name === this.getAttribute("example")) ??
      null;
    const runner = new Runner(new Machine(() => Playground.create({ assets: assets.href })));
    this.#runner = runner;
    this.#view = new PlaygroundView(this, {
      runner,
      storage: new BrowserStorage(this.getAttribute("persist")),
      example,
      command: this.getAttribute("command"),
    });
    const booted = runner.boot().then(() => {
      if (runner.playground) this.dispatchEvent(new Event("ready"));
    });
    // Who reaches for the playground is likely to run it: Python is fetched and compiled while they
    // do.
    const reached = () =>
      void booted.then(() => {
        // Nobody waits for it: what goes wrong is said by Run.
        void runner.playground?.preload({ workers: workersOf(this.#view?.command ?? "") });
      });
    for (const sign of ["pointerenter", "focusin"])
      this.addEventListener(sign, reached, { once: true });
    // Who has run it before has Python already.
    if (this.hasAttribute("preload")) {
      void (
        "caches" in globalThis &&
        caches.has("wasgi images").then(
          (kept) => kept && reached(),
          () => {},
        )
      );
    }
  }

  disconnectedCallback() {
    // A move disconnects and connects in one go: only what stays away is ended.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#view?.close();
      void this.#runner?.playground?.dispose();
      this.#view = null;
      this.#runner = null;
    });
  }

  /** Files that the embedding page wrote into the element. @returns {Example | null} */
  #ownFiles() {
    const scripts = /** @type {NodeListOf<HTMLElement>} */ (
      this.querySelectorAll("script[data-file]")
    );
    if (scripts.length === 0) return null;
    const files = Object.fromEntries(
      [...scripts].map((script) => [
        script.dataset.file ?? "app.py",
        `${dedent(script.textContent ?? "")}\n`,
      ]),
    );
    return {
      name: "page",
      title: words.examples.ownTitle,
      description: words.examples.ownDescription,
      command: this.getAttribute("command") ?? "gunicorn app:app",
      alternatives: [],
      requests: [{ method: "GET", path: "/" }],
      open: Object.keys(files)[0],
      files,
    };
  }
}

/**
 * How many processes a command line seems to ask for. It is right or it is not: that only changes
 * how long they take to start.
 * @param {string} command
 */
function workersOf(command) {
  // uWSGI's are copies of its master, as are those of a gunicorn that preloads.
  if (/^\s*uwsgi|--preload/.test(command)) return 1;
  return Number(/(?:^|\s)(?:-w|--workers)[\s=]*(\d+)/.exec(command)?.[1] ?? 1);
}

/** Takes away the indentation that the HTML around it brought. @param {string} text */
function dedent(text) {
  const lines = text.replace(/^\s*\n|\s+$/g, "").split("\n");
  const indents = lines
    .filter((line) => line.trim())
    .map((line) => line.length - line.trimStart().length);
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(common)).join("\n");
}

customElements.define("wasgi-playground", WasgiPlaygroundElement);
