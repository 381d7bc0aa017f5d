import { CommandBar } from "../command/command-bar.js";
import { recent, withCommand } from "../command/command-history.js";
import { EXAMPLES } from "../examples/examples.js";
import { ExampleEdits, isUnchanged } from "../files/example-edits.js";
import { FilesPane } from "../files/files-pane.js";
import { Workspace, sameFiles } from "../files/workspace.js";
import { Advice } from "../log/advice.js";
import { LogPane } from "../log/log-pane.js";
import { RequestBar } from "../requests/request-bar.js";
import { Traffic } from "../requests/traffic.js";
import { ResponseList } from "../responses/response-list.js";
import { ResponseView } from "../responses/response-view.js";
import { sentenceOf } from "../server/errors.js";
import { SocketView } from "../sockets/socket-view.js";
import { newPageStore } from "../state/page-state.js";
import { TimelinePane } from "../timeline/timeline-pane.js";
import { TracePoller } from "../timeline/trace-poller.js";
import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { banner } from "./banner.js";
import { Panes } from "./panes.js";

/** @import { LogEntry } from "../../api/server.js" */
/** @import { Example } from "../examples/examples.js" */
/** @import { RequestDescription } from "../requests/exchange.js" */
/** @import { Runner } from "../server/runner.js" */
/** @import { BrowserStorage } from "../state/browser-storage.js" */

/**
 * The whole playground: makes the state (state/page-state.js) and the parts that show it, and does
 * what the user asks for by button and key.
 *
 * Events: the runner's `state` becomes the state's `server` and `outdated`, its `log` goes to the
 * log; the workspace's `change` is kept for the next visit. A server that starts clears what was
 * sent to the one before it.
 */
export class PlaygroundView {
  #runner;
  #storage;
  #edits;
  #examples;
  #store;
  #workspace = new Workspace();
  #files;
  #traffic;
  #poller;
  #timeline;
  #log = new LogPane();
  #advice = new Advice();

  /**
   * @param {HTMLElement} host
   * @param {{
   *   runner: Runner,
   *   storage: BrowserStorage,
   *   example: Example | null,
   *   command: string | null
   * }} options an example that is given wins over the one that was open last
   */
  constructor(host, { runner, storage, example, command }) {
    this.#runner = runner;
    this.#storage = storage;
    this.#edits = new ExampleEdits(storage);
    this.#examples = example && !EXAMPLES.includes(example) ? [example, ...EXAMPLES] : EXAMPLES;
    const first = example ?? this.#exampleCalled(storage.get("example")) ?? this.#examples[0];
    this.#store = newPageStore({
      example: first,
      history: keptHistory(storage),
      server: runner.state,
    });
    this.#traffic = new Traffic(this.#store);
    this.#poller = new TracePoller(this.#store, runner);
    this.#files = new FilesPane(this.#workspace, {
      onRun: () => this.#run(),
      onSave: () => void this.#save(),
    });
    this.#timeline = new TimelinePane(this.#store, {
      describe: (request) => this.#describe(request),
      onChoose: (request) => this.#choose(request),
    });
    host.replaceChildren(this.#layout());
    host.addEventListener("keydown", (event) => this.#key(event));
    this.#workspace.addEventListener("change", () => {
      this.#store.set({ files: this.#workspace.toObject() });
      this.#keep();
      this.#showServer();
    });
    runner.addEventListener("state", () => this.#showServer());
    runner.addEventListener("log", (event) =>
      this.#logged(/** @type {CustomEvent<LogEntry>} */ (event).detail),
    );
    this.#open(first, command);
  }

  /** The command line that stands in the field. */
  get command() {
    return this.#store.get("command").trim();
  }

  /** Ends what runs by itself. */
  close() {
    this.#poller.close();
  }

  /** The parts in their places. */
  #layout() {
    const commandBar = new CommandBar(this.#store, this.#examples, {
      onRun: () => this.#run(),
      onStop: () => void this.#runner.stop(),
      onReset: () => this.#reset(),
      onExample: (name) => this.#open(this.#exampleCalled(name) ?? this.#store.get("example")),
      onCommand: () => this.#keep(),
    });
    const requestBar = new RequestBar(this.#store, {
      onSend: (description, times) => void this.#send(description, times),
      onCancel: () => this.#traffic.cancel(),
    });
    const requests = h(
      "section",
      { class: "pane requests", "aria-label": words.panes.requests },
      requestBar.element,
      new ResponseList(this.#store).element,
      new ResponseView(this.#store).element,
      new SocketView(this.#store).element,
    );
    const panes = new Panes(
      [
        { name: "code", label: words.panes.code, element: this.#files.element },
        { name: "requests", label: words.panes.requests, element: requests },
        { name: "timeline", label: words.panes.timeline, element: this.#timeline.element },
        { name: "log", label: words.panes.log, element: this.#log.element },
      ],
      this.#storage,
    );
    return h(
      "div",
      { class: "playground" },
      commandBar.element,
      banner(),
      panes.tabs,
      panes.element,
    );
  }

  /** @param {unknown} name */
  #exampleCalled(name) {
    return this.#examples.find((example) => example.name === name);
  }

  /** The example's files and command line as they are on the screen. */
  get #current() {
    return { files: this.#workspace.toObject(), command: this.command };
  }

  /**
   * Shows an example: as the user left it, or as it is.
   * @param {Example} example
   * @param {string | null} [command]
   */
  #open(example, command = null) {
    const edits = this.#edits.read(example);
    this.#store.set({ example, command: command ?? edits?.command ?? example.command });
    // To open the same one again is a change, too: the request bar fills itself again.
    this.#store.changed("example");
    this.#files.load(edits?.files ?? example.files, example.open);
    this.#storage.set("example", example.name);
  }

  #keep() {
    this.#edits.keep(this.#store.get("example"), this.#current);
  }

  /** Brings the example back as it came; can be undone. */
  #reset() {
    const example = this.#store.get("example");
    const before = this.#current;
    if (isUnchanged(example, before)) return;
    this.#edits.forget(example);
    this.#open(example);
    this.#files.offerUndo(words.examples.dropped, () => {
      this.#store.set({ command: before.command });
      this.#files.load(before.files, example.open);
      this.#keep();
    });
  }

  #run() {
    const { command, files } = this.#current;
    const history = withCommand(this.#store.get("history"), command);
    this.#store.set({ history });
    this.#storage.set("history", history);
    void this.#runner.run(command, files);
  }

  /**
   * Ctrl-S: the files become the processes' files. A server reads them when it is told to reload,
   * or when a worker starts.
   */
  async #save() {
    if (!this.#runner.server) return;
    try {
      await this.#runner.save(this.#current.files);
    } catch (error) {
      this.#log.note(words.server.notSaved(sentenceOf(error)));
    }
    this.#showServer();
  }

  /** Takes over what the server is doing, and whether it has the files on the screen. */
  #showServer() {
    const { state, server, written } = this.#runner;
    const outdated = server !== null && !sameFiles(this.#workspace.toObject(), written);
    const before = this.#store.get("server").phase;
    this.#store.set({ server: state, outdated });
    if (state.phase === before) return;
    if (state.phase === "starting") this.#clear();
    if (state.phase === "exited" || state.phase === "failed") this.#log.note(state.text);
    this.#poller.update();
  }

  /** @param {LogEntry} entry */
  #logged(entry) {
    this.#log.add(entry);
    const advice = this.#advice.on(entry.line, this.#workspace.names);
    if (advice) this.#log.note(advice);
  }

  /** A server starts: what was sent to the one before is no more. */
  #clear() {
    this.#log.note(`$ ${this.#runner.command}`);
    this.#advice.clear();
    this.#traffic.clear();
    this.#poller.clear();
  }

  /** @param {RequestDescription} description @param {number} times */
  async #send(description, times) {
    const { server } = this.#runner;
    if (!server) return;
    this.#poller.beginBurst();
    await this.#traffic.send(server, description, times);
  }

  /** Method and path of a request, if this page sent it. @param {number} request */
  #describe(request) {
    const sent = this.#traffic.exchangeOf(request)?.description;
    return sent ? `${sent.method} ${sent.path}` : null;
  }

  /** Shows the response to a request that this page sent. @param {number} request */
  #choose(request) {
    const selected = this.#traffic.exchangeOf(request);
    if (selected) this.#store.set({ selected });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#timeline.hideTip();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      this.#run();
    }
  }
}

/** @param {BrowserStorage} storage @returns {readonly string[]} */
function keptHistory(storage) {
  const kept = storage.get("history");
  return Array.isArray(kept) ? recent(kept.filter((line) => typeof line === "string")) : [];
}
