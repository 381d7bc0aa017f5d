// A worker whose interpreter has booted before there is a process for it. A real master forks its workers, in milliseconds;
// to boot an interpreter takes half a second, which clients would see where a master replaces a worker.

/** How often it is looked whether the machine is quiet, in milliseconds. */
const LOOK = 500;

/** At most one spare worker. */
export class Spares {
  /**
   * @param {WebAssembly.Module} core
   * @param {() => boolean} quiet whether there is time to boot one: nobody waits for an answer
   */
  constructor(core, quiet) {
    this.core = core;
    this.quiet = quiet;
    /** @type {Worker | null} */
    this.spare = null;
    /** Whether one has been used: the next waits for a quiet moment, so as not to take the processor from those who work. */
    this.used = false;
    this.waiting = false;
  }

  /** A worker as it starts. */
  worker() {
    return new Worker(self.location.href, { type: "module", name: "process" });
  }

  /** @returns {Worker | null} the spare one, which is none any more */
  take() {
    const { spare } = this;
    this.spare = null;
    this.used ||= spare !== null;
    return spare;
  }

  /**
   * Sees to it that there is one.
   * @param {import("./python.js").PythonAssets} python
   */
  prepare(python) {
    if (this.spare || this.waiting) return;
    if (this.used && !this.quiet()) {
      this.waiting = true;
      setTimeout(() => {
        this.waiting = false;
        this.prepare(python);
      }, LOOK);
      return;
    }
    const worker = this.worker();
    // A spare that cannot boot is no spare; the process that would have taken it says why.
    const failed = (/** @type {Event} */ event) => {
      event.preventDefault();
      worker.terminate();
      if (this.spare === worker) this.spare = null;
    };
    worker.onmessage = failed;
    worker.onerror = failed;
    worker.postMessage({ role: "process", core: this.core, python });
    this.spare = worker;
  }
}
