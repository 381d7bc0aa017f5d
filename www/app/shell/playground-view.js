import { Burst } from "../requests/burst.js";
import { missingCapabilities } from "./capabilities.js";
import { CommandBar } from "../command/command-bar.js";
import { h, oncePerFrame } from "../ui/dom.js";
import { EXAMPLES } from "../examples/examples.js";
import { FilesPane } from "../files/files-pane.js";
import { LogPane } from "../log/log-pane.js";
import { Panes } from "./panes.js";
import { RequestBar } from "../requests/request-bar.js";
import { ResponseView } from "../responses/response-view.js";
import { ResponseList } from "../responses/response-list.js";
import { sentence } from "../server/runner.js";
import { Timeline } from "../timeline/timeline.js";
import { Workspace } from "../files/workspace.js";

/** @import { Exchange, RequestDescription } from "../requests/burst.js" */
/** @import { Runner } from "../server/runner.js" */
/** @import { BrowserStorage } from "../state/browser-storage.js" */
/** @import { Example, LogLine } from "../types.js" */

/**
 * How often the timeline asks for the trace while requests are on their way, and while none are
 * (ms).
 */
const BUSY_INTERVAL = 200;
const QUIET_INTERVAL = 1000;
/**
 * How long after a burst the trace is still asked for often (ms): what a process tells of its last
 * request comes late.
 */
const AFTERMATH = 1000;

/** The whole playground: connects the parts. */
export class PlaygroundView {
  #runner;
  #store;
  #workspace = new Workspace();
  /** @type {Example} */
  #example;
  /** The files of the example that were edited, as they are now. */
  #files;
  #commandBar;
  #requestBar;
  #results;
  #response;
  #log = new LogPane();
  #timeline;
  #panes;
  /** @type {Burst[]} */
  #bursts = [];
  /** What this page sent, by the machine's number for it. @type {Map<number, Exchange>} */
  #sent = new Map();
  #phase = "";
  #quietFrom = 0;
  /** @type {number | undefined} */
  #timer;
  #drawResults = oncePerFrame(() => this.#resultsChanged());

  /**
   * @param {HTMLElement} host
   * @param {{ runner: Runner, store: BrowserStorage, example: Example | null, command: string | null }}
   * options an example that is given wins over the one that was open last
   */
  constructor(host, { runner, store, example, command }) {
    this.#runner = runner;
    this.#store = store;
    const examples = example && !EXAMPLES.includes(example) ? [example, ...EXAMPLES] : EXAMPLES;
    this.#example =
      example ?? examples.find(({ name }) => name === store.get("example")) ?? examples[0];

    this.#commandBar = new CommandBar(examples, {
      onRun: () => this.#run(),
      onStop: () => void runner.stop(),
      onReset: () => this.#reset(),
      onExample: (name) => this.#open(examples.find((each) => each.name === name) ?? this.#example),
      onCommand: () => this.#keep(),
    });
    this.#files = new FilesPane(this.#workspace, {
      onRun: () => this.#run(),
      onSave: () => void this.#save(),
    });
    this.#requestBar = new RequestBar({
      onSend: (description, times) => void this.#send(description, times),
      onCancel: () => this.#bursts.forEach((burst) => burst.cancel()),
    });
    this.#timeline = new Timeline({
      describe: (request) => {
        const sent = this.#sent.get(request)?.description;
        return sent ? `${sent.method} ${sent.path}` : null;
      },
      onSelect: (request) => this.#results.selectRequest(request),
    });
    const processOf = (/** @type {number} */ request) => this.#timeline.processOf(request);
    this.#response = new ResponseView(processOf);
    this.#results = new ResponseList((exchange) => this.#show(exchange), processOf);
    const requests = h(
      "section",
      { class: "pane requests", "aria-label": "Requests" },
      this.#requestBar.element,
      this.#results.element,
      this.#response.element,
    );
    this.#panes = new Panes(
      [
        { name: "code", label: "Code", element: this.#files.element },
        { name: "requests", label: "Requests", element: requests },
        { name: "timeline", label: "Timeline", element: this.#timeline.element },
        { name: "log", label: "Log", element: this.#log.element },
      ],
      store,
    );
    host.replaceChildren(
      h(
        "div",
        { class: "playground" },
        this.#commandBar.element,
        banner(),
        this.#panes.tabs,
        this.#panes.element,
      ),
    );

    this.#workspace.addEventListener("change", () => {
      this.#keep();
      this.#showState();
    });
    runner.addEventListener("state", () => this.#showState());
    runner.addEventListener("log", (event) =>
      this.#log.add(/** @type {CustomEvent<LogLine>} */ (event).detail),
    );
    host.addEventListener("keydown", (event) => this.#key(event));
    const history = store.get("history");
    if (Array.isArray(history))
      this.#commandBar.history = history.filter((line) => typeof line === "string");
    this.#open(this.#example, command);
    this.#showState();
    this.#poll();
  }

  /** The command line that stands in the field. */
  get command() {
    return this.#commandBar.command;
  }

  /**
   * Shows an example: as the user left it, or as it is.
   * @param {Example} example
   * @param {string | null} [command]
   */
  #open(example, command = null) {
    this.#example = example;
    const kept = this.#store.get(`example:${example.name}`);
    const edited = isKept(kept) ? kept : null;
    this.#commandBar.showExample(example);
    this.#commandBar.command = command ?? edited?.command ?? example.command;
    this.#files.load(edited?.files ?? example.files, example.open);
    this.#requestBar.suggest(example.requests);
    this.#store.set("example", example.name);
    this.#hint();
  }

  /** Remembers the edited files; nothing is kept of an example as it came. */
  #keep() {
    const files = this.#workspace.toObject();
    const { command } = this.#commandBar;
    const key = `example:${this.#example.name}`;
    if (command === this.#example.command && sameFiles(files, this.#example.files))
      this.#store.remove(key);
    else this.#store.set(key, { files, command });
  }

  #reset() {
    const before = { files: this.#workspace.toObject(), command: this.#commandBar.command };
    if (before.command === this.#example.command && sameFiles(before.files, this.#example.files))
      return;
    this.#store.remove(`example:${this.#example.name}`);
    this.#open(this.#example);
    this.#files.offerUndo("Your changes to this example were dropped.", () => {
      this.#commandBar.command = before.command;
      this.#files.load(before.files, this.#example.open);
      this.#keep();
    });
  }

  #run() {
    const { command } = this.#commandBar;
    this.#commandBar.remember(command);
    this.#store.set("history", this.#commandBar.history);
    void this.#runner.run(command, this.#workspace.toObject());
  }

  /**
   * Ctrl-S: the files become the processes' files. A server reads them when it is told to reload,
   * or when a worker starts.
   */
  async #save() {
    if (!this.#runner.server) return;
    try {
      await this.#runner.save(this.#workspace.toObject());
    } catch (error) {
      this.#log.note(`The files could not be saved: ${sentence(error)}`);
    }
    this.#showState();
  }

  #showState() {
    const { state } = this.#runner;
    const changed =
      this.#runner.server !== null && !sameFiles(this.#workspace.toObject(), this.#runner.written);
    this.#commandBar.show(state, changed);
    this.#requestBar.running = state.phase === "listening";
    if (state.phase === this.#phase) return;
    this.#phase = state.phase;
    if (state.phase === "starting") {
      this.#log.note(`$ ${this.#runner.command}`);
      this.#results.clear();
      this.#sent.clear();
      this.#timeline.clear();
      this.#bursts = [];
      this.#requestBar.pending = 0;
    }
    if (state.phase === "exited" || state.phase === "failed") this.#log.note(state.text);
    if (this.#results.selected === null) this.#hint();
    this.#updateTimeline();
  }

  #hint() {
    if (this.#results.selected !== null) return;
    const listening = this.#runner.state.phase === "listening";
    this.#response.clear(
      listening
        ? "Send a request: the response appears here as it arrives."
        : this.#example.description,
    );
  }

  /** @param {RequestDescription} description @param {number} times */
  async #send(description, times) {
    const { server } = this.#runner;
    if (!server) return;
    this.#updateTimeline();
    this.#timeline.beginBurst();
    const burst = new Burst(description, times);
    this.#bursts.push(burst);
    const sent = burst.send(server, this.#drawResults);
    this.#results.add(burst);
    this.#drawResults();
    this.#poll();
    await sent;
    this.#resultsChanged();
    this.#bursts = this.#bursts.filter((each) => each !== burst);
    this.#quietFrom = performance.now() + AFTERMATH;
    this.#updateTimeline();
    this.#poll();
  }

  #resultsChanged() {
    for (const burst of this.#bursts) {
      for (const exchange of burst.exchanges)
        if (exchange.request !== null) this.#sent.set(exchange.request, exchange);
    }
    this.#requestBar.pending = this.#bursts.reduce((sum, burst) => sum + burst.pending, 0);
    this.#results.draw();
    const { selected } = this.#results;
    if (selected) this.#show(selected);
  }

  /** @param {Exchange} exchange */
  #show(exchange) {
    this.#response.show(exchange);
    this.#timeline.select(exchange.request);
  }

  #updateTimeline() {
    const { server } = this.#runner;
    if (!server) return;
    const answered = (/** @type {number} */ request) => this.#sent.get(request)?.pending === false;
    this.#timeline.update(server.trace(), answered, this.#bursts.length > 0);
    this.#drawResults();
  }

  /** Looks at the trace from time to time: often while something is on its way. */
  #poll() {
    clearTimeout(this.#timer);
    const busy = this.#bursts.length > 0 || performance.now() < this.#quietFrom;
    this.#timer = setTimeout(
      () => {
        if (!document.hidden) this.#updateTimeline();
        this.#poll();
      },
      busy ? BUSY_INTERVAL : QUIET_INTERVAL,
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#timeline.hideTip();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      this.#run();
    }
  }

  /** Ends what runs by itself. */
  close() {
    clearTimeout(this.#timer);
  }
}

/** What is missing here, and what still works; nothing where nothing is missing. */
function banner() {
  const lacks = missingCapabilities();
  if (lacks.length === 0) return null;
  const element = h(
    "details",
    { class: "banner", "data-testid": "banner" },
    h(
      "summary",
      {},
      `Missing here: ${lacks.map(({ name }) => name).join(", ")}. `,
      h("span", { class: "link" }, "What still works"),
    ),
    h("ul", {}, ...lacks.map(({ name, text }) => h("li", {}, h("b", {}, `${name}: `), text))),
    h("button", { type: "button", onclick: () => element.remove() }, "Hide"),
  );
  return element;
}

/** @param {Record<string, string>} a @param {Record<string, string>} b */
function sameFiles(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** @param {unknown} kept @returns {kept is { files: Record<string, string>, command: string }} */
function isKept(kept) {
  if (typeof kept !== "object" || kept === null) return false;
  const { files, command } = /** @type {{ files?: unknown, command?: unknown }} */ (kept);
  return (
    typeof command === "string" &&
    typeof files === "object" &&
    files !== null &&
    Object.values(files).every((text) => typeof text === "string")
  );
}
