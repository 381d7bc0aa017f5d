// What the calls of Python are about, once it is known.

/** @typedef {import("#wasgi_core").Process} Process */

/** Bytes that are printed with one message. */
const PIECE = 65_536;

/** The process and the faces of its worker: see src/browser/process/. */
export class Host {
  /** @type {import("#wasgi_core").Process | undefined} */
  #process;
  /** @type {import("#wasgi_core").WsgiRequests | undefined} */
  #requests;
  /** @type {import("#wasgi_core").SyncWorker | undefined} */
  #syncWorker;
  /** @type {import("#wasgi_core").ThreadedWorker | undefined} */
  #threadedWorker;
  /** @type {import("#wasgi_core").AsyncWorker | undefined} */
  #asyncWorker;
  /** @type {import("./message-loop.js").MessageLoop | undefined} */
  #loop;
  /** @type {import("./thread-state.js").ThreadState | undefined} */
  #threadState;
  /** @type {import("./pyodide.js").Pyodide | undefined} */
  #pyodide;

  /** @param {import("./threads.js").Threads} threads */
  constructor(threads) {
    this.threads = threads;
  }

  /** @param {import("./pyodide.js").Pyodide} pyodide Python has booted */
  attach(pyodide) {
    this.#pyodide = pyodide;
  }

  /** @param {import("./thread-state.js").ThreadState} threadState where threads' states are */
  attachThreads(threadState) {
    this.#threadState = threadState;
  }

  /**
   * The process is known.
   * @param {Process} process
   * @param {import("./message-loop.js").MessageLoop} loop
   */
  serve(process, loop) {
    this.#process = process;
    this.#loop = loop;
    this.#requests = process.wsgiRequests();
    this.#syncWorker = process.syncWorker();
    this.#threadedWorker = process.threadedWorker();
    this.#asyncWorker = process.asyncWorker();
  }

  /**
   * What Python prints, once there is a process that prints it.
   * @param {"stdout" | "stderr"} stream
   * @param {Uint8Array} bytes
   */
  print(stream, bytes) {
    if (!this.#process) return;
    // What is printed at once leaves in pieces: each waits until the machine has time for it.
    for (let at = 0; at < bytes.length; at += PIECE) {
      this.#process[stream](bytes.subarray(at, at + PIECE));
      this.#loop?.flush();
    }
  }

  get process() {
    return this.#process ?? lacking("a process");
  }

  get loop() {
    return this.#loop ?? lacking("a message loop");
  }

  get requests() {
    return this.#requests ?? lacking("WSGI requests");
  }

  get syncWorker() {
    return this.#syncWorker ?? lacking("a sync worker");
  }

  get threadedWorker() {
    return this.#threadedWorker ?? lacking("a threaded worker");
  }

  get asyncWorker() {
    return this.#asyncWorker ?? lacking("a async worker");
  }

  get threadState() {
    return this.#threadState ?? lacking("an interpreter");
  }

  get pyodide() {
    return this.#pyodide ?? lacking("an interpreter");
  }
}

/**
 * @param {string} what
 * @returns {never}
 */
function lacking(what) {
  throw new Error(`Python called for what this process does not have: ${what}.`);
}
