import { Exchange } from "./exchange.js";

/** @import { Server } from "../../wasgi.js" */
/** @import { RequestDescription } from "./exchange.js" */

/** How much of a body is kept for the screen (bytes); of the rest only the length. */
const KEPT_ALONE = 1_000_000;
const KEPT_IN_BURST = 64_000;

/** What one press of Send sent. */
export class Burst {
  #abort = new AbortController();
  /** @type {Exchange[]} */
  exchanges;
  /** How many are not over. */
  pending;

  /** @param {RequestDescription} description @param {number} times how many at once */
  constructor(description, times) {
    this.description = description;
    const limit = times === 1 ? KEPT_ALONE : KEPT_IN_BURST;
    this.exchanges = Array.from({ length: times }, () => new Exchange(description, limit));
    this.pending = times;
  }

  /** @param {Pick<Server, "fetch">} server @param {(exchange: Exchange) => void} changed */
  async send(server, changed) {
    const send = async (/** @type {Exchange} */ exchange) => {
      await exchange.send(server, this.#abort.signal, changed);
      this.pending -= 1;
    };
    await Promise.all(this.exchanges.map(send));
  }

  cancel() {
    this.#abort.abort();
  }
}
