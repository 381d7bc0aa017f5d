/** @import { Traffic } from "../requests/traffic.js" */
/** @import { Runner } from "../server/runner.js" */
/** @import { PageStore } from "../state/page-state.js" */

/** How often the trace is asked for while requests are on their way, and while none are (ms). */
const BUSY_INTERVAL = 200;
const QUIET_INTERVAL = 1000;
/**
 * How long after a burst the trace is still asked for often (ms): what a process tells of its last
 * request comes late.
 */
const AFTERMATH = 1000;

/**
 * Asks the server for its trace from time to time: often while something is on its way.
 *
 * Events: whatever comes changes the state's `trace` in place. A new burst and a new server set
 * `looking` to the burst.
 */
export class TracePoller {
  #store;
  #runner;
  #traffic;
  #quietFrom = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {PageStore} store @param {Runner} runner @param {Traffic} traffic */
  constructor(store, runner, traffic) {
    this.#store = store;
    this.#runner = runner;
    this.#traffic = traffic;
    this.#schedule();
  }

  /** Another server starts. */
  clear() {
    this.#store.get("trace").clear();
    this.#store.set({ looking: "burst" });
    this.#store.changed("trace");
  }

  /** Follows a burst until a little after its end. @param {() => Promise<void>} send */
  async follow(send) {
    this.update();
    this.#store.get("trace").beginBurst();
    this.#store.set({ looking: "burst" });
    const sent = send();
    this.#schedule();
    await sent;
    this.#quietFrom = performance.now() + AFTERMATH;
    this.update();
    this.#schedule();
  }

  update() {
    const { server } = this.#runner;
    if (!server) return;
    const answered = (/** @type {number} */ request) =>
      this.#traffic.exchangeOf(request)?.pending === false;
    this.#store.get("trace").update(server.trace(), answered, this.#traffic.busy);
    this.#store.changed("trace");
  }

  /** Asks for no more. */
  close() {
    clearTimeout(this.#timer);
  }

  #schedule() {
    clearTimeout(this.#timer);
    const busy = this.#traffic.busy || performance.now() < this.#quietFrom;
    this.#timer = setTimeout(
      () => {
        if (!document.hidden) this.update();
        this.#schedule();
      },
      busy ? BUSY_INTERVAL : QUIET_INTERVAL,
    );
  }
}
