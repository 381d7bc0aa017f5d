import { Burst } from "./burst.js";

/** @import { Server } from "../../wasgi.js" */
/** @import { PageStore } from "../state/page-state.js" */
/** @import { Sent } from "./burst.js" */
/** @import { RequestDescription } from "./exchange.js" */

/**
 * What the page sends to the server that runs.
 *
 * Events: `send` adds a burst to the state's `bursts` and selects its first exchange; whatever
 * arrives for it changes `bursts` in place. `clear` forgets all of it when another server starts.
 */
export class Traffic {
  #store;
  /** By the machine's number. @type {Map<number, Sent>} */
  #byRequest = new Map();
  /** @type {Set<Burst>} */
  #onTheirWay = new Set();

  /** @param {PageStore} store */
  constructor(store) {
    this.#store = store;
  }

  /** The exchange of a request that this page sent. @param {number} request */
  exchangeOf(request) {
    return this.#byRequest.get(request) ?? null;
  }

  /**
   * @param {Server} server
   * @param {RequestDescription} description
   * @param {number} times how many at once
   * @returns {Promise<void>} resolves when all of them are over, however they ended
   */
  async send(server, description, times) {
    const burst = new Burst(description, times);
    this.#onTheirWay.add(burst);
    const sent = burst.send(server, (exchange) => {
      if (this.#onTheirWay.has(burst)) this.#changed(exchange);
    });
    this.#store.set({
      bursts: [...this.#store.get("bursts"), burst],
      selected: burst.exchanges[0],
    });
    await sent;
    this.#onTheirWay.delete(burst);
  }

  cancel() {
    for (const burst of this.#onTheirWay) burst.cancel();
  }

  clear() {
    this.#byRequest.clear();
    this.#onTheirWay.clear();
    this.#store.set({ bursts: [], selected: null });
  }

  /** @param {Sent} exchange */
  #changed(exchange) {
    if (exchange.request !== null) this.#byRequest.set(exchange.request, exchange);
    this.#store.changed("bursts");
  }
}
