/** @import { Server } from "../../wasgi.js" */
/** @import { Runner } from "../server/runner.js" */
/** @import { PageStore } from "../state/page-state.js" */

/** How often at most what has come is taken (ms). */
const INTERVAL = 100;

/**
 * Takes what is new in the trace when the server says that there is something, and lets time go on
 * for requests that are on their way, frame by frame. Where nothing happens, it does nothing.
 *
 * Events: whatever comes changes the state's `trace` in place. A new burst and a new server set
 * `looking` to the burst.
 */
export class TracePoller {
  #store;
  #runner;
  /** @type {Server | null} whose trace it is */
  #server = null;
  #position = 0;
  #takenAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #frame = 0;
  #listen = () => this.#schedule();
  #ended = () => {
    this.update();
    if (!this.#server) return;
    this.#store.get("trace").end(this.#server.now);
    this.#store.changed("trace");
  };

  /** @param {PageStore} store @param {Runner} runner */
  constructor(store, runner) {
    this.#store = store;
    this.#runner = runner;
  }

  /** Another server starts. */
  clear() {
    this.#attach(null);
    this.#store.get("trace").clear();
    this.#store.set({ looking: "burst" });
    this.#store.changed("trace");
  }

  /** A burst is sent: what comes from now on is part of it. */
  beginBurst() {
    this.update();
    this.#store.get("trace").beginBurst();
    this.#store.set({ looking: "burst" });
  }

  /** Takes what there is now. */
  update() {
    const { server } = this.#runner;
    if (server) this.#attach(server);
    const from = this.#server;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!from) return;
    this.#takenAt = performance.now();
    const news = from.traceSince(this.#position);
    this.#position = news.position;
    const trace = this.#store.get("trace");
    if (trace.update(news, from.now) || trace.showsThreads) this.#store.changed("trace");
    this.#animate();
  }

  /** Asks for no more. */
  close() {
    this.#attach(null);
  }

  /** @param {Server | null} server */
  #attach(server) {
    if (server === this.#server) return;
    this.#server?.removeEventListener("trace", this.#listen);
    this.#server?.removeEventListener("exit", this.#ended);
    server?.addEventListener("trace", this.#listen);
    server?.addEventListener("exit", this.#ended);
    this.#server = server;
    this.#position = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #schedule() {
    if (this.#timer !== undefined) return;
    const rest = this.#takenAt + INTERVAL - performance.now();
    this.#timer = setTimeout(() => this.update(), Math.max(0, rest));
  }

  /** While requests are on their way, their bars grow. A hidden tab has no frames. */
  #animate() {
    if (this.#frame) return;
    const step = () => {
      this.#frame = 0;
      const trace = this.#store.get("trace");
      if (!this.#server || !trace.isUnderWay) return;
      trace.advance(this.#server.now);
      this.#store.changed("trace");
      this.#frame = requestAnimationFrame(step);
    };
    if (this.#store.get("trace").isUnderWay) this.#frame = requestAnimationFrame(step);
  }
}
