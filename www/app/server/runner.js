import { words } from "../words/words.js";
import { isServerExit, sentenceOf } from "./errors.js";

/** @import { Playground, Server } from "../../wasgi.js" */
/** @import { LogEntry } from "../../api/server.js" */
/** @import { Machine } from "./machine.js" */
/** @import { ProgressDetail, ServerPhase, ServerState } from "./server-state.js" */

/**
 * How long a start that is no longer wanted may take to come to its own end (ms), before its
 * machine is discarded.
 */
const PATIENCE = 2000;

/**
 * Runs one server at a time on one machine. Every request to run or stop overtakes the ones before
 * it, so pressing buttons quickly is safe.
 *
 * Events: the page's Run, Stop and Ctrl-S come in as `run`, `stop` and `save`. What comes of them
 * goes out as `state` (read `state` and `server`) and, for each line of the server's log, `log`
 * (detail: LogEntry).
 */
export class Runner extends EventTarget {
  #machine;
  /** @type {Server | null} */
  #server = null;
  /** @type {Promise<Server | null> | null} a start in flight */
  #starting = null;
  /** @type {Promise<void> | null} a stop in flight */
  #halting = null;
  /** What was asked for last, so that asking twice is one. */
  #wanted = "";
  #command = "";
  #turn = 0;
  /** A run waits for the server before it to end. */
  #restarting = false;
  /** @type {ServerState} */
  #state = { phase: "booting", text: words.server.preparing, bad: false, progress: null };

  /** @param {Machine} machine */
  constructor(machine) {
    super();
    this.#machine = machine;
    machine.addEventListener("crash", (event) => {
      const { detail } = /** @type {CustomEvent<Error>} */ (event);
      void this.#discard(sentenceOf(detail), "failed");
    });
    machine.addEventListener("progress", (event) => {
      const progress = /** @type {CustomEvent<ProgressDetail>} */ (event).detail;
      const { phase, text } = this.#state;
      const complete = progress.total > 0 && progress.loaded >= progress.total;
      if (phase === "starting" || phase === "booting")
        this.#set(phase, text, { progress: complete ? null : progress });
    });
  }

  get state() {
    return this.#state;
  }

  /** The playground, once there is one. */
  get playground() {
    return this.#machine.playground;
  }

  /** The server that listens now, or null. */
  get server() {
    return this.#server;
  }

  /** The command line that was run last. */
  get command() {
    return this.#command;
  }

  /** The files as they were last written for the server. */
  get written() {
    return this.#machine.written;
  }

  /** Boots the machine, so that the first Run has less to do. Never rejects: the state tells. */
  async boot() {
    try {
      await this.#machine.boot();
      if (this.#state.phase === "booting") this.#set("ready", words.server.ready);
    } catch (error) {
      this.#set("failed", sentenceOf(error));
    }
  }

  /**
   * Stops what runs, writes the files and starts the command. Never rejects: the state tells.
   *
   * @param {string} command
   * @param {Record<string, string>} files
   */
  async run(command, files) {
    const wanted = JSON.stringify([command, files]);
    // A double press wants one server.
    if (this.#state.phase === "starting" && wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#command = command;
    const turn = (this.#turn += 1);
    const overtaken = () => turn !== this.#turn;
    if (this.#server || this.#starting) {
      this.#restarting = true;
      if (this.#halting && this.#server) this.#set("stopping", words.server.restartingServer);
      await this.#halt();
      if (!overtaken()) this.#restarting = false;
    }
    if (overtaken()) return;
    this.#set("starting", words.server.starting);
    try {
      const playground = await this.#machine.boot();
      if (overtaken()) return;
      await this.#machine.write(files);
      if (overtaken()) return;
      await this.#start(playground, command);
    } catch (error) {
      if (overtaken()) return;
      if (isServerExit(error)) this.#exited(error.code);
      else this.#set("failed", sentenceOf(error));
    }
  }

  /**
   * Writes changed files for a server that runs, as saving does in an editor.
   *
   * @param {Record<string, string>} files
   */
  async save(files) {
    if (this.#server) await this.#machine.write(files);
  }

  /**
   * Stops the server; while it is stopping, a second call kills it, and what was to be started
   * then starts. Never rejects: the state tells.
   */
  async stop() {
    if (this.#halting && this.#server) {
      await this.#server.signal("KILL").catch(() => {});
      return;
    }
    const turn = (this.#turn += 1);
    this.#restarting = false;
    await this.#halt();
    // A run that had not come to its start yet: it sees that it was overtaken, and ends.
    if (turn === this.#turn && this.#state.phase === "starting")
      this.#set("exited", words.server.neverStarted);
  }

  /** @param {Playground} playground @param {string} command */
  async #start(playground, command) {
    const onLog = (/** @type {LogEntry} */ entry) =>
      this.dispatchEvent(new CustomEvent("log", { detail: entry }));
    const starting = playground.start(command, { onLog });
    const settled = starting.then(
      (server) => server,
      () => null,
    );
    this.#starting = settled;
    try {
      const server = await starting;
      // Whoever overtook this start waits for it in #halt, and stops the server.
      if (this.#starting !== settled || this.#halting) return;
      this.#server = server;
      server.addEventListener("exit", (event) => {
        const { code } = /** @type {CustomEvent<{ code: number }>} */ (event).detail;
        this.#gone(server, code);
      });
      this.#set("listening", words.server.listening(server.address));
    } finally {
      if (this.#starting === settled) this.#starting = null;
    }
  }

  /** @param {Server} server @param {number} code */
  #gone(server, code) {
    if (this.#server !== server) return;
    this.#server = null;
    this.#exited(code);
  }

  /** @param {number} code */
  #exited(code) {
    const unasked = this.#state.phase !== "stopping";
    this.#set("exited", words.server.exited(code), { bad: unasked && code !== 0 });
  }

  /** Brings everything to rest; calls that come meanwhile share one halt. */
  #halt() {
    if (!this.#server && !this.#starting) return Promise.resolve();
    this.#halting ??= this.#haltOnce().finally(() => {
      this.#halting = null;
    });
    return this.#halting;
  }

  #haltOnce() {
    return this.#server ? this.#stopServer(this.#server) : this.#abandonStart();
  }

  /** @param {Server} server */
  async #stopServer(server) {
    const { stoppingServer, restartingServer } = words.server;
    this.#set("stopping", this.#restarting ? restartingServer : stoppingServer);
    try {
      const { code } = await server.stop();
      this.#gone(server, code);
    } catch (error) {
      await this.#discard(words.server.notStopped(sentenceOf(error)));
    }
  }

  /** Waits a little for a start to come to its end; if it does not, the machine goes. */
  async #abandonStart() {
    this.#set("stopping", words.server.stopping);
    const outcome = await Promise.race([
      this.#starting,
      new Promise((/** @type {(outcome: "pending") => void} */ resolve) =>
        setTimeout(resolve, PATIENCE, "pending"),
      ),
    ]);
    this.#starting = null;
    if (outcome === "pending") await this.#discard(words.server.neverStarted);
    else if (outcome) this.#exited((await outcome.stop()).code);
    else this.#set("exited", words.server.neverStarted);
  }

  /**
   * Discards the machine; the next Run boots a new one.
   * @param {string} text
   * @param {ServerPhase} [phase]
   */
  async #discard(text, phase = "exited") {
    this.#server = null;
    await this.#machine.discard();
    this.#set(phase, text);
  }

  /**
   * @param {ServerPhase} phase
   * @param {string} text
   * @param {{ progress?: ProgressDetail | null, bad?: boolean }} [details]
   */
  #set(phase, text, { progress = null, bad = phase === "failed" } = {}) {
    this.#state = { phase, text, bad, progress };
    this.dispatchEvent(new Event("state"));
  }
}
