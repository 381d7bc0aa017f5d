/** Runs `cargo xtask run` for tests. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * What `cargo run` told `cargo xtask test` about its package would make cargo build other packages
 * again.
 */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^CARGO_(PKG|MANIFEST)_/.test(name)),
);

/** A running `cargo xtask run`. */
export class Run {
  /** Lines of its standard error so far. @type {string[]} */
  log = [];
  /** @type {string[]} */
  output = [];
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /**
   * @param {string[]} options before the `--`
   * @param {string[]} command the server's command line
   */
  constructor(options, command) {
    // cargo replaces itself by xtask, so that its process is ours to signal.
    this.process = spawn("cargo", ["xtask", "run", ...options, "--", ...command], {
      cwd: ROOT,
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#lines(this.process.stdout, this.output);
    this.#lines(this.process.stderr, this.log);
    /** Its exit code, after all its output. @type {Promise<number | null>} */
    this.exit = once(this.process, "close").then(([code]) => {
      this.exited = true;
      for (const watcher of this.#watchers) watcher();
      return code;
    });
  }

  /**
   * @param {import("node:stream").Readable} stream
   * @param {string[]} lines
   */
  #lines(stream, lines) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      for (const watcher of this.#watchers) watcher();
    });
  }

  /**
   * Waits until something is so; checks whenever a line comes.
   * @template T
   * @param {() => T} condition
   * @returns {Promise<NonNullable<T>>}
   */
  async until(condition) {
    for (;;) {
      const value = condition();
      if (value) return value;
      if (this.exited) throw new Error(`xtask run ended early:\n${this.log.join("\n")}`);
      await new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /**
   * Waits for a line of the log.
   * @param {RegExp} pattern
   */
  async logged(pattern) {
    return this.until(() => this.log.find((line) => pattern.test(line)));
  }

  /** Waits until the port is published. */
  async published() {
    const line = await this.until(() => this.output.find((line) => line.startsWith("published ")));
    this.port = Number(line.split(":")[1]);
    return this.port;
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.process.kill(name);
  }

  /** Connects to the published port. */
  async connect() {
    const socket = net.connect({
      port: /** @type {number} */ (this.port),
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    await once(socket, "connect");
    socket.setNoDelay(true);
    return socket;
  }

  /** Ends it if it has not ended, and waits until it has. */
  async end() {
    if (!this.exited) {
      this.signal("SIGINT");
      this.signal("SIGTERM");
    }
    return this.exit;
  }
}

/**
 * Reads a socket until the other side ends; the own side stays open.
 * @param {net.Socket} socket
 * @returns {Promise<Buffer>}
 */
export function readAll(socket) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    socket.on("data", (/** @type {Buffer} */ chunk) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
  });
}
