// Workers for processes. A real master forks its workers, in milliseconds; here a new worker is given the memory of an
// interpreter that has booted, and one is kept ready for the next process, with that memory in place.

/** How often it is looked whether the machine is quiet, in milliseconds. */
const LOOK = 500;

/** @typedef {import("./image.js").Image} Image */
/** @typedef {import("./python.js").PythonAssets} PythonAssets */

/** What processes are copies of: a booted interpreter, or a master that has loaded an app. */
export class Origin {
  /**
   * @param {Origins} origins
   * @param {Image | null | undefined} image null: none could be made; undefined: there is none yet
   */
  constructor(origins, image) {
    this.origins = origins;
    this.image = image;
    /** Who makes the image. @type {Worker | null} */
    this.maker = null;
    /** Workers that wait for the image. @type {Set<Worker>} */
    this.waiting = new Set();
    /** @type {Worker | null} */
    this.spare = null;
    /** Whether one has been used: the next waits for a quiet moment, so as not to take the processor from those who work. */
    this.used = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @returns {Worker | null} the spare one, which is none any more */
  take() {
    const { spare } = this;
    this.spare = null;
    this.used ||= spare !== null;
    return spare;
  }

  /**
   * Has a worker become a process, as soon as it is told which.
   * @param {Worker} worker
   * @param {PythonAssets} python
   */
  start(worker, python) {
    /** @type {import("./process.js").Memory} */
    let memory = this.image ?? "boot";
    if (this.image === undefined) {
      if (this.maker) {
        memory = "awaited";
        this.waiting.add(worker);
      } else {
        memory = "boot, and make an image";
        this.maker = worker;
      }
    }
    worker.postMessage({ role: "process", core: this.origins.core, python, memory });
  }

  /**
   * The maker has made the image.
   * @param {Image | null} image
   */
  made(image) {
    this.image = image;
    this.maker = null;
    for (const worker of this.waiting) worker.postMessage({ image });
    this.waiting.clear();
  }

  /**
   * A worker is no more.
   * @param {Worker} worker
   */
  ended(worker) {
    this.waiting.delete(worker);
    if (this.maker !== worker) return;
    // Those that wait for the image boot by themselves; who starts next makes one.
    this.made(null);
    this.image = undefined;
  }

  /**
   * Sees to it that there is a spare one, when those who start now have started.
   * @param {PythonAssets} python
   */
  prepare(python) {
    if (this.spare || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.image === undefined || (this.used && !this.origins.quiet())) this.prepare(python);
      else this.#prepare(python);
    }, LOOK);
  }

  /** @param {PythonAssets} python */
  #prepare(python) {
    const worker = this.origins.worker();
    // A spare that cannot boot is no spare; the process that would have taken it says why.
    const failed = (/** @type {Event} */ event) => {
      event.preventDefault();
      worker.terminate();
      if (this.spare === worker) this.spare = null;
    };
    worker.onmessage = failed;
    worker.onerror = failed;
    this.start(worker, python);
    this.spare = worker;
  }

  /** Nothing more comes of it. */
  end() {
    clearTimeout(this.timer);
    this.spare?.terminate();
    this.spare = null;
  }
}

/** All of them. */
export class Origins {
  /**
   * @param {WebAssembly.Module} core
   * @param {() => boolean} quiet whether there is time to boot one: nobody waits for an answer
   */
  constructor(core, quiet) {
    this.core = core;
    this.quiet = quiet;
    /** A booted interpreter. */
    this.interpreter = new Origin(this, undefined);
    /** Masters that have loaded their app, by their process ids. @type {Map<number, Origin>} */
    this.masters = new Map();
  }

  /** A worker as it starts. */
  worker() {
    return new Worker(self.location.href, { type: "module", name: "process" });
  }

  /**
   * What a child of a process is a copy of.
   * @param {number} parent
   */
  of(parent) {
    return this.masters.get(parent) ?? this.interpreter;
  }

  /**
   * A master has forked.
   * @param {number} pid
   * @param {Image} image
   */
  forked(pid, image) {
    this.masters.get(pid)?.end();
    this.masters.set(pid, new Origin(this, image));
  }

  /**
   * A process has ended.
   * @param {number} pid
   */
  ended(pid) {
    this.masters.get(pid)?.end();
    this.masters.delete(pid);
  }
}
