import { SocketSession } from "../sockets/socket-session.js";
import { Exchange } from "./exchange.js";

/** @import { Server } from "../../wasgi.js" */
/** @import { RequestDescription } from "./exchange.js" */

/**
 * What a request has become: an exchange, or a WebSocket.
 * @typedef {Exchange | SocketSession} Sent
 */

/** The method that stands for opening a WebSocket. */
export const WEBSOCKET = "WebSocket";

/** How much of a body is kept for the screen (bytes); of the rest only the length. */
const KEPT_ALONE = 64_000_000;
const KEPT_IN_BURST = 64_000;

/** What one press of Send sent. */
export class Burst {
  #abort = new AbortController();
  /** @type {Sent[]} */
  exchanges;
  /** How many are not over. */
  pending;

  /** @param {RequestDescription} description @param {number} times how many at once */
  constructor(description, times) {
    this.description = description;
    const limit = times === 1 ? KEPT_ALONE : KEPT_IN_BURST;
    const make = () =>
      description.method === WEBSOCKET
        ? new SocketSession(description)
        : new Exchange(description, limit);
    this.exchanges = Array.from({ length: times }, make);
    this.pending = times;
  }

  /** @param {Pick<Server, "fetch" | "webSocket">} server @param {(sent: Sent) => void} changed */
  async send(server, changed) {
    const send = async (/** @type {Sent} */ exchange) => {
      await exchange.send(server, this.#abort.signal, changed);
      this.pending -= 1;
    };
    await Promise.all(this.exchanges.map(send));
  }

  cancel() {
    this.#abort.abort();
  }
}
