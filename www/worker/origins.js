// Workers for processes. A real master forks its workers, in milliseconds; here a new worker is
// given the memory of an interpreter that has booted, and spare ones are kept ready for the next
// processes, with that memory in place.

/** How often it is looked whether the machine is quiet, in milliseconds. */
const LOOK = 500;
/** At most so many blank workers start at once; so many, and so many spare ones, are kept. */
const MOST_BLANKS = 8;
const STOCK = 2;

/**
 * @typedef {import("#wasgi_core").Image} Image
 * @typedef {import("#wasgi_core").PythonAssets} PythonAssets
 * @typedef {import("#wasgi_core").MemoryOf} MemoryOf
 * @typedef {import("#wasgi_core").FromWorker} FromWorker
 * @typedef {import("#wasgi_core").ToWorker} ToWorker
 * @typedef {import("#wasgi_core").Role} Role
 */

/** Tells a worker something. @param {Worker} worker @param {Role | ToWorker} message */
const tell = (worker, message) => worker.postMessage(message);

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
    /**
     * Workers that are or will soon be ready to become a process; who began first comes first.
     * @type {Worker[]}
     */
    this.spares = [];
    /** How many there shall be. */
    this.wanted = 0;
    /**
     * The spare that is not ready yet: one at a time, so that the first is there early.
     * @type {Worker | null}
     */
    this.booting = null;
    /**
     * Whether one has been used: the next waits for a quiet moment, so as not to take the processor
     * from those who work.
     */
    this.used = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {PythonAssets | undefined} */
    this.python = undefined;
    /**
     * Who is told when the spares that are expected are ready, or why they never will be.
     * @type {((reason?: string) => void)[]}
     */
    this.expecting = [];
  }

  /** @returns {Worker | null} a spare one, which is none any more */
  take() {
    const spare = this.spares.shift() ?? null;
    this.wanted = Math.max(0, this.wanted - 1);
    this.used ||= spare !== null;
    if (spare !== null && spare === this.booting) {
      this.booting = null;
      // A server starts: what is still missing boots in a quiet moment.
      this.#tell();
    }
    return spare;
  }

  /**
   * Takes what a worker says of its memory.
   * @param {FromWorker} message
   * @param {Worker} worker
   * @returns {boolean} whether that was it
   */
  hear(message, worker) {
    if (typeof message !== "object") return false;
    if ("image" in message) {
      this.made(message.image);
      this.origins.keep(message.image);
    } else if (!("ready" in message)) {
      return false;
    } else if (this.booting === worker) {
      this.booting = null;
      if (this.expecting.length > 0) this.#fill();
      else this.#fillSoon();
    }
    return true;
  }

  /**
   * Has a worker become a process, as soon as it is told which.
   * @param {Worker} worker
   * @param {PythonAssets} python
   */
  start(worker, python) {
    tell(worker, { process: { core: this.origins.core, python, memory: this.#memoryFor(worker) } });
  }

  /**
   * @param {Worker} worker
   * @returns {MemoryOf} what its memory is to be
   */
  #memoryFor(worker) {
    if (this.image) return { image: this.image };
    if (this.image === null) return { boot: { makesImage: false } };
    if (this.maker) {
      this.waiting.add(worker);
      return { awaited: {} };
    }
    this.maker = worker;
    return { boot: { makesImage: true } };
  }

  /**
   * The maker has made the image.
   * @param {Image | null} image
   */
  made(image) {
    this.image = image;
    this.maker = null;
    for (const worker of this.waiting) tell(worker, { image });
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
   * Sees to it that there are spare ones, when those who start now have started.
   * @param {PythonAssets} python
   * @param {number} [processes] so many may be replaced at once
   */
  prepare(python, processes = 1) {
    this.python = python;
    this.wanted = Math.max(this.wanted, Math.min(processes, STOCK));
    this.#fillSoon();
  }

  #fillSoon() {
    if (this.spares.length >= this.wanted || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const hasTime = (!this.used && this.spares.length === 0) || this.origins.quiet();
      if (this.image !== undefined && hasTime) this.#fill();
      else this.#fillSoon();
    }, LOOK);
  }

  /**
   * Has spare ones ready at once: a server is about to start.
   * @param {PythonAssets} python
   * @param {number} count
   * @returns {Promise<void>} resolves when all are ready, or have been taken; rejects if one cannot
   * boot
   */
  expect(python, count) {
    this.python = python;
    this.wanted = count;
    return new Promise((resolve, reject) => {
      this.expecting.push((reason) =>
        reason === undefined ? resolve() : reject(new Error(reason)),
      );
      this.#fill();
    });
  }

  /** @param {string} [reason] why no more will be ready */
  #tell(reason) {
    for (const told of this.expecting.splice(0)) told(reason);
  }

  /** Boots one more spare, if one is wanted. */
  #fill() {
    if (this.booting || !this.python) return;
    if (this.spares.length >= this.wanted) {
      this.#tell();
      return;
    }
    const worker = this.origins.worker();
    // A spare that cannot boot is no spare; the process that would have taken it says why.
    const failed = (/** @type {string} */ reason) => {
      worker.terminate();
      this.wanted = 0;
      this.spares = this.spares.filter((spare) => spare !== worker);
      if (this.booting === worker) this.booting = null;
      this.ended(worker);
      this.#tell(reason);
    };
    worker.onmessage = ({ data }) => {
      if (!this.hear(data, worker)) failed(String(data.failed));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failed(event.message || "a process could not be started");
    };
    this.start(worker, this.python);
    this.spares.push(worker);
    this.booting = worker;
  }

  /** Nothing more comes of it. */
  end() {
    clearTimeout(this.timer);
    this.wanted = 0;
    for (const spare of this.spares) spare.terminate();
    this.spares = [];
    this.#tell("the workers that were expected are no longer wanted");
  }
}

/** All of them. */
export class Origins {
  /**
   * @param {WebAssembly.Module} core
   * @param {string} base where the assets are
   * @param {() => boolean} quiet whether there is time to boot one: nobody waits for an answer
   * @param {(image: Image | null) => void} [keep] keeps the image of a booted interpreter; null: it
   * is not fit to be kept
   */
  constructor(core, base, quiet, keep = () => {}) {
    this.core = core;
    this.base = base;
    this.quiet = quiet;
    this.keep = keep;
    /** A booted interpreter. */
    this.interpreter = new Origin(this, undefined);
    /** Masters that have loaded their app, by their process ids. @type {Map<number, Origin>} */
    this.masters = new Map();
    /**
     * Workers whose interpreter is all but its memory: they wait for whichever image they are
     * given.
     * @type {Worker[]}
     */
    this.blanks = [];
    /** How many there shall be in quiet times. */
    this.stock = 0;
    /** @type {PythonAssets | undefined} */
    this.python = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * A process is about to fork so many times. Its image is made when it has loaded its app, and no
   * spare can have it in place: so workers start meanwhile that will only have to copy it.
   * @param {PythonAssets} python
   * @param {number} forks
   */
  expectForks(python, forks) {
    const wanted = Math.min(forks, MOST_BLANKS);
    this.stock = Math.max(this.stock, Math.min(wanted, STOCK));
    this.python = python;
    while (this.blanks.length < wanted) this.#addBlank(python);
  }

  /**
   * @param {Origin} origin
   * @returns {Worker | null} a worker that becomes a copy of its image
   */
  takeBlank({ image }) {
    const worker = image ? (this.blanks.shift() ?? null) : null;
    if (!worker || !image) return null;
    tell(worker, { image });
    this.#restock();
    return worker;
  }

  /** A server has ended. */
  settle() {
    if (this.masters.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stock = 0;
    for (const worker of this.blanks.splice(0)) worker.terminate();
  }

  /** @param {PythonAssets} python */
  #addBlank(python) {
    const worker = this.worker();
    const failed = () => {
      worker.terminate();
      this.blanks = this.blanks.filter((blank) => blank !== worker);
    };
    worker.onmessage = failed;
    worker.onerror = (event) => {
      event.preventDefault();
      failed();
    };
    tell(worker, { process: { core: this.core, python, memory: { awaited: {} } } });
    this.blanks.push(worker);
  }

  /** Sees to it that there are blank ones again, one after the other, in quiet moments. */
  #restock() {
    if (this.timer !== undefined || this.blanks.length >= this.stock) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.python && this.quiet()) this.#addBlank(this.python);
      this.#restock();
    }, LOOK);
  }

  /** A worker as it starts. */
  worker() {
    const worker = new Worker(self.location.href, { type: "module", name: "process" });
    // What all have to be told may not be there yet: it does not wait for that with its scripts.
    tell(worker, { scripts: this.base });
    return worker;
  }

  /**
   * What spare workers were told is of no use.
   */
  lost() {
    for (const origin of [this.interpreter, ...this.masters.values()]) origin.end();
    this.interpreter = new Origin(this, undefined);
    for (const worker of this.blanks.splice(0)) worker.terminate();
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
