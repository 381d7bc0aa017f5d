import { hexDump } from "../requests/hex-dump.js";
import { words } from "../words/words.js";

/** @import { Server } from "../../wasgi.js" */
/** @import { ServerWebSocket } from "../../api/web-socket.js" */
/** @import { RequestDescription } from "../requests/exchange.js" */

/** How many messages of a connection are kept for the screen, and how much of each (bytes). */
const MOST_KEPT = 1000;
const MOST_SHOWN = 16_384;

/** The header field whose value is offered as subprotocols. */
const PROTOCOLS = "sec-websocket-protocol";

/**
 * A message of a connection.
 *
 * @typedef {object} SocketMessage
 * @property {"sent" | "received"} direction
 * @property {number} at `performance.now()` of this page
 * @property {number} bytes
 * @property {boolean} binary
 * @property {string} text what there is to show of it: of bytes a hex dump
 *
 * @typedef {"waiting" | "open" | "closed" | "failed" | "cancelled"} SocketProgress
 */

/**
 * A WebSocket that this page has opened, and what has gone over it. In lists it stands among
 * exchanges, and has what they show.
 */
export class SocketSession {
  /** @type {SocketProgress} */
  progress = "waiting";
  /** @type {number | null} the machine's number for it, which the trace uses too */
  request = null;
  /** It has none: the answer to a handshake that succeeds is 101. */
  status = 0;
  statusText = "";
  started = 0;
  /** When it was open. @type {number | null} */
  headersAt = null;
  /** @type {number | null} */
  ended = null;
  error = "";
  /** The newest, oldest first. @type {SocketMessage[]} */
  messages = [];
  sent = 0;
  received = 0;
  /** How it was closed. @type {{ code: number, reason: string, clean: boolean } | null} */
  closed = null;

  /** @type {ServerWebSocket | null} */
  #socket = null;
  /** @type {(session: SocketSession) => void} */
  #changed = () => {};

  /** @param {RequestDescription} description */
  constructor(description) {
    this.description = description;
  }

  /** Milliseconds from Connect to the close, null until then. */
  get duration() {
    return this.ended === null ? null : this.ended - this.started;
  }

  /** Milliseconds from then until its end, or until now. */
  get elapsed() {
    return (this.ended ?? performance.now()) - this.started;
  }

  get pending() {
    return this.ended === null;
  }

  /** The subprotocol that the server has chosen, and the extensions in use. */
  get agreed() {
    const { protocol = "", extensions = "" } = this.#socket ?? {};
    return { protocol, extensions };
  }

  /**
   * Connects; resolves when the connection is closed, however that came about.
   * @param {Pick<Server, "webSocket">} server
   * @param {AbortSignal} signal closes it
   * @param {(session: SocketSession) => void} changed called whenever there is something new
   */
  async send(server, signal, changed) {
    this.#changed = changed;
    this.started = performance.now();
    const { path, headers } = this.description;
    const protocols = headers
      .filter(([name]) => name.toLowerCase() === PROTOCOLS)
      .flatMap(([, value]) => value.split(",").map((protocol) => protocol.trim()));
    const others = headers.filter(([name]) => name.toLowerCase() !== PROTOCOLS);
    try {
      const socket = server.webSocket(path, protocols, { headers: others });
      this.#socket = socket;
      socket.binaryType = "arraybuffer";
      signal.addEventListener("abort", () => socket.close(), { once: true });
      await this.#follow(socket);
      if (signal.aborted && this.progress === "failed") this.progress = "cancelled";
    } catch (error) {
      this.progress = "failed";
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.ended = performance.now();
    changed(this);
  }

  /**
   * Sends a message.
   * @param {string | Uint8Array} data
   */
  say(data) {
    if (this.progress !== "open") return;
    this.#socket?.send(data);
    this.sent += 1;
    this.#keep("sent", data);
  }

  /**
   * Closes the connection. What is wrong with the code or the reason is raised.
   * @param {number | undefined} code
   * @param {string} reason
   */
  close(code, reason) {
    this.#socket?.close(code, reason);
    this.#changed(this);
  }

  /** @param {ServerWebSocket} socket */
  #follow(socket) {
    return new Promise((resolve) => {
      socket.onopen = () => {
        this.headersAt = performance.now();
        this.request = socket.wasgi.request;
        this.progress = "open";
        this.#changed(this);
      };
      socket.onmessage = ({ data }) => {
        this.received += 1;
        this.#keep("received", typeof data === "string" ? data : new Uint8Array(data));
      };
      socket.onerror = ({ message }) => {
        this.error = message;
      };
      socket.onclose = ({ code, reason, wasClean }) => {
        this.closed = { code, reason, clean: wasClean };
        this.progress = this.headersAt === null ? "failed" : "closed";
        resolve(undefined);
      };
    });
  }

  /** @param {SocketMessage["direction"]} direction @param {string | Uint8Array} data */
  #keep(direction, data) {
    const binary = typeof data !== "string";
    const bytes = binary ? data.length : new TextEncoder().encode(data).length;
    const shown = binary ? hexDump(data.subarray(0, MOST_SHOWN)) : data.slice(0, MOST_SHOWN);
    const more = bytes > MOST_SHOWN ? `\n${words.sockets.cut(MOST_SHOWN, bytes)}` : "";
    const message = { direction, at: performance.now(), bytes, binary, text: shown + more };
    this.messages.push(message);
    if (this.messages.length > MOST_KEPT) this.messages.shift();
    this.#changed(this);
  }
}
