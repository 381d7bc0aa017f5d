import { fileChanges } from "../files/workspace.js";

/** @import { LogLine, PlaygroundLike, ProgressDetail, ServerLike } from "../types.js" */

/**
 * What the server is doing.
 *
 * @typedef {"booting" | "ready" | "starting" | "listening" | "stopping" | "exited" | "failed"}
 * Phase
 *
 * @typedef {object} State
 * @property {Phase} phase
 * @property {string} text in words, for people
 * @property {boolean} bad it ended by itself, and not well
 * @property {ProgressDetail | null} progress what is being fetched or prepared just now
 */

/**
 * How long a start that is no longer wanted may take to come to its own end (ms), before its
 * machine is thrown away.
 */
const PATIENCE = 2000;

const NEVER_STARTED = "Stopped before it had started.";

/**
 * Runs one server at a time in one playground. Every request to run or stop overtakes the ones
 * before it, so pressing buttons quickly is safe. Fires `state`, and `log` (detail: LogLine).
 */
export class Runner extends EventTarget {
  #create;
  /** @type {Promise<PlaygroundLike> | null} */
  #booting = null;
  /** @type {PlaygroundLike | null} */
  #playground = null;
  /** @type {Record<string, string>} what the working directory holds */
  #written = {};
  /** @type {ServerLike | null} */
  #server = null;
  /** @type {Promise<ServerLike | null> | null} a start in flight */
  #starting = null;
  /** @type {Promise<void> | null} a stop in flight */
  #halting = null;
  /** What was asked for last, so that asking twice is one. */
  #wanted = "";
  #command = "";
  #turn = 0;
  /** @type {State} */
  #state = { phase: "booting", text: "Preparing…", bad: false, progress: null };

  /** @param {() => Promise<PlaygroundLike>} create */
  constructor(create) {
    super();
    this.#create = create;
  }

  get state() {
    return this.#state;
  }

  /** The playground, once there is one. */
  get playground() {
    return this.#playground;
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
    return this.#written;
  }

  /** Boots the machine, so that the first Run has less to do. Never rejects: the state tells. */
  async boot() {
    try {
      await this.#ready();
      if (this.#state.phase === "booting")
        this.#set("ready", "Ready. Press Run to start the server.");
    } catch (error) {
      this.#set("failed", sentence(error));
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
    if (this.#server || this.#starting) await this.#halt();
    if (overtaken()) return;
    this.#set("starting", "Starting…");
    try {
      const playground = await this.#ready();
      if (overtaken()) return;
      await playground.writeFiles(fileChanges(this.#written, files));
      this.#written = { ...files };
      if (overtaken()) return;
      await this.#start(playground, command);
    } catch (error) {
      if (overtaken()) return;
      if (isExit(error)) this.#exited(error.code);
      else this.#set("failed", sentence(error));
    }
  }

  /**
   * Writes changed files for a server that runs, as saving does in an editor.
   *
   * @param {Record<string, string>} files
   */
  async save(files) {
    if (!this.#playground || !this.#server) return;
    await this.#playground.writeFiles(fileChanges(this.#written, files));
    this.#written = { ...files };
  }

  /**
   * Stops the server; while it is stopping, a second call kills it. Never rejects: the state tells.
   */
  async stop() {
    const turn = (this.#turn += 1);
    if (this.#halting && this.#server) {
      await this.#server.signal("KILL").catch(() => {});
      return;
    }
    await this.#halt();
    // A run that had not come to its start yet: it sees that it was overtaken, and ends.
    if (turn === this.#turn && this.#state.phase === "starting") this.#set("exited", NEVER_STARTED);
  }

  /** @param {PlaygroundLike} playground @param {string} command */
  async #start(playground, command) {
    const onLog = (/** @type {LogLine} */ line) =>
      this.dispatchEvent(new CustomEvent("log", { detail: line }));
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
      this.#set("listening", `Listening at ${server.address}`);
    } finally {
      if (this.#starting === settled) this.#starting = null;
    }
  }

  /** @param {ServerLike} server @param {number} code */
  #gone(server, code) {
    if (this.#server !== server) return;
    this.#server = null;
    this.#exited(code);
  }

  /** @param {number} code */
  #exited(code) {
    const unasked = this.#state.phase !== "stopping";
    this.#set("exited", `Exited with code ${code}`, null, unasked && code !== 0);
  }

  /** Brings everything to rest; calls that come meanwhile share one halt. */
  #halt() {
    if (!this.#server && !this.#starting) return Promise.resolve();
    this.#halting ??= this.#haltOnce().finally(() => {
      this.#halting = null;
    });
    return this.#halting;
  }

  async #haltOnce() {
    const server = this.#server;
    if (server) {
      this.#set(
        "stopping",
        "Stopping: the server finishes what it is doing. Press again to kill it.",
      );
      try {
        const { code } = await server.stop();
        this.#gone(server, code);
      } catch (error) {
        await this.#throwAway(
          `The server could not be stopped: ${sentence(error)} The machine was restarted.`,
        );
      }
      return;
    }
    this.#set("stopping", "Stopping…");
    const outcome = await Promise.race([
      this.#starting,
      new Promise((resolve) => setTimeout(resolve, PATIENCE, "pending")),
    ]);
    this.#starting = null;
    if (outcome === "pending") {
      await this.#throwAway(NEVER_STARTED);
    } else {
      const code = outcome ? (await /** @type {ServerLike} */ (outcome).stop()).code : null;
      if (code === null) this.#set("exited", NEVER_STARTED);
      else this.#exited(code);
    }
  }

  /**
   * Ends every process by ending the machine; the next Run boots a new one.
   * @param {string} text
   * @param {Phase} [phase]
   */
  async #throwAway(text, phase = "exited") {
    const playground = this.#playground;
    this.#server = null;
    this.#playground = null;
    this.#booting = null;
    this.#written = {};
    await playground?.dispose().catch(() => {});
    this.#set(phase, text);
  }

  /** The playground; made on first use, and again after a failure. */
  #ready() {
    this.#booting ??= this.#create().then(
      (playground) => {
        this.#playground = playground;
        playground.addEventListener("crash", (event) => {
          const error = /** @type {CustomEvent<Error>} */ (event).detail;
          if (this.#playground === playground) void this.#throwAway(sentence(error), "failed");
        });
        playground.addEventListener("progress", (event) => {
          const progress = /** @type {CustomEvent<ProgressDetail>} */ (event).detail;
          const { phase, text } = this.#state;
          const complete = progress.total > 0 && progress.loaded >= progress.total;
          if (phase === "starting" || phase === "booting")
            this.#set(phase, text, complete ? null : progress);
        });
        return playground;
      },
      (error) => {
        this.#booting = null;
        throw error;
      },
    );
    return this.#booting;
  }

  /**
   * @param {Phase} phase
   * @param {string} text
   * @param {ProgressDetail | null} [progress] @param {boolean} [bad]
   */
  #set(phase, text, progress = null, bad = phase === "failed") {
    this.#state = { phase, text, bad, progress };
    this.dispatchEvent(new Event("state"));
  }
}

/** What an error says. @param {unknown} error */
export function sentence(error) {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * A `ServerExit`: the command ended before it listened.
 * @param {unknown} error
 * @returns {error is { code: number }}
 */
function isExit(error) {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
