// How a Python thread waits: its stack is suspended on `gate` until Rust wakes it or its time has come.

/**
 * One thread's park. `gate` is the thenable on which `run_sync` suspends; it is armed by `park` just before.
 */
export class Parking {
  constructor() {
    /** @type {(() => void) | null} */
    this.resume = null;
    this.parked = false;
    this.wakeable = false;
    this.fired = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    const hop = new MessageChannel();
    // Resuming from a message rather than from the timer's own task keeps timers set by Python free of the 4 ms clamp
    // that browsers put on nested timers.
    hop.port1.onmessage = () => this.fire();
    this.hop = () => hop.port2.postMessage(0);
    this.gate = {
      then: (/** @type {() => void} */ resolve) => {
        if (this.fired) resolve();
        else this.resume = resolve;
      },
    };
  }

  /**
   * Arms the gate.
   * @param {boolean} wakeable whether `wake` ends the wait
   * @param {number} timeout milliseconds; negative waits for ever
   */
  park(wakeable, timeout) {
    this.parked = true;
    this.fired = false;
    this.wakeable = wakeable;
    if (timeout < 0) return;
    if (timeout < 1) this.hop();
    else this.timer = setTimeout(this.hop, Math.min(timeout, 0x7fffffff));
  }

  /** Ends a wait that may be ended. */
  wake() {
    if (this.parked && this.wakeable) this.fire();
  }

  fire() {
    if (!this.parked) return;
    this.parked = false;
    this.fired = true;
    clearTimeout(this.timer);
    const { resume } = this;
    this.resume = null;
    resume?.();
  }
}
