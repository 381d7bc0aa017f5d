// The process role: one CPython behind our Rust in this worker.

import { initSync, Process } from "#wasgi_core";
import { makeCalls } from "./calls.js";
import { Claims } from "./claims.js";
import { hideGlobals } from "./globals.js";
import { makeImage } from "./image.js";
import { bootPython } from "./python.js";
import { Bell, Link } from "./ring.js";
import { threadState } from "./thread_state.js";
import { FORK, MAIN, Threads } from "./threads.js";

/**
 * @typedef {import("#wasgi_core").FromWorker} FromWorker
 * @typedef {import("#wasgi_core").ToWorker} ToWorker
 * @typedef {import("#wasgi_core").ProcessIdentity} ProcessIdentity
 */

/** @typedef {import("./ring.js").Link<ToWorker, FromWorker>} MachineLink */

/** Tells the machine something before there is a link. @param {FromWorker} message */
const tell = (message) => self.postMessage(message);

/**
 * How long messages are waited for on the bell after the last one, in milliseconds; and how long
 * without the event loop.
 */
const LINGER = 1;
const TURN_AFTER = 4;

/** How late the bell's time-outs come, in milliseconds. */
const LATE = 0.1;

/** What the main thread is sent where it goes on after a fork. */
const PARENT = 0;
const CHILD = 1;

const now = () => performance.timeOrigin + performance.now();

/**
 * @param {import("#wasgi_core").ProcessInit} options
 */
export async function runProcess({ core: module, python, memory: source }) {
  initSync({ module });
  const inbox = new Inbox();
  /**
   * What Python prints, once there is a process that prints it.
   * @type {(stream: 1 | 2, bytes: Uint8Array) => void}
   */
  let output = () => {};
  const host = /** @type {import("./calls.js").Host} */ ({});
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let timerAt = Infinity;
  // Who checks the tests' types takes this for a page.
  const port = /** @type {import("./ring.js").Port} */ (/** @type {unknown} */ (self));
  let bell = new Bell(null, () => {});
  /** @type {MachineLink} */
  let link = new Link(port, null);
  const memory = new SharedBuffer((message) => link.send(message));

  const flush = (all = false) => {
    host.core.flush(all, now());
  };
  const settle = () => {
    flush();
    if (host.core.settle(now())) threads.schedule();
  };
  // A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new one
  // for each request.
  const schedule = () => {
    const at = host.core.deadline();
    if (at >= timerAt) return;
    timerAt = at;
    clearTimeout(timer);
    const rest = at - now();
    // Resuming from a message rather than from the timer's own task keeps timers free of the 4 ms
    // clamp that browsers put on nested ones; the last part of a millisecond, which timers leave
    // out, goes by in messages too.
    if (rest < 1) hop.port2.postMessage(0);
    else timer = setTimeout(() => hop.port2.postMessage(0), Math.min(Math.floor(rest), 0x7fffffff));
  };
  const hop = new MessageChannel();
  hop.port1.onmessage = () => {
    timerAt = Infinity;
    called();
  };
  /** Something has come while the worker slept in its event loop. */
  const called = () => {
    threads.turnedAround();
    if (!threads.scheduled) threads.pump();
  };
  const isReady = () => link.isReady();
  const isCalled = () => link.isReady() || link.isPosted();
  /** Takes a message. @type {(message: Uint8Array | ToWorker) => void} */
  let take = () => {};
  /** When the last message was there. */
  let heard = -Infinity;
  /** Takes what has come: messages, timers that are due. */
  const hear = () => {
    bell.awake();
    let taken = false;
    while (link.take(take)) taken = true;
    if (taken) heard = performance.now();
    const due = host.core.deadline() <= now();
    if (due) host.core.tick(now());
    if (taken || due) settle();
  };
  /**
   * Takes the messages that have come, for a call that is about what they say.
   * @returns {boolean} false if the event loop holds something back
   */
  const listen = () => {
    if (link.isReady()) {
      heard = performance.now();
      while (link.take(take));
    }
    return !link.isPosted();
  };
  const threads = new Threads({
    hear() {
      hear();
      return !bell.state || link.isPosted();
    },
    idle() {
      // Nobody will call soon: what could wait for the next message leaves now.
      flush(true);
      for (;;) {
        hear();
        const next = host.core.next_thread(now());
        if (next || !bell.state || link.isPosted()) return next;
        const time = performance.now();
        const due = host.core.deadline() - now();
        const patience = Math.max(heard + LINGER - time, due < 1 ? due : 0);
        if (patience <= 0 || time - threads.turnedAt > TURN_AFTER) return 0;
        // A worker is woken late by a tenth of a millisecond: the end of a timer's time is looked
        // for.
        const left = Math.min(patience, due - LATE);
        if (left > 0) bell.wait(isCalled, left);
      }
    },
    sleep() {
      // With traffic, the event loop is given a turn, and no more.
      const hasTraffic = bell.state && heard + LINGER > performance.now() && !link.isPosted();
      if (hasTraffic || !bell.sleep(isReady)) threads.schedule();
      else schedule();
    },
  });
  /** @param {number} code */
  const exit = (code) => {
    host.core.exiting();
    flush(true);
    link.post({ exit: code });
  };

  Object.assign(host, { threads, listen, settle, exit });
  const calls = makeCalls(host);
  const image = "awaited" in source ? inbox.image : "image" in source ? source.image : null;
  const { pyodide, copied } = await bootPython(python, {
    env: { HOME: "/home/wasgi" },
    stdout: (bytes) => output(1, bytes),
    stderr: (bytes) => output(2, bytes),
    image,
    calls,
  });
  host.suspends = pyodide._module.jspiSupported;
  if (!copied) {
    pyodide.registerJsModule("_wasgi", calls);
    pyodide.unregisterJsModule("pyodide_js");
  }
  const step = bind(pyodide, host, memory);
  if (!copied) await threads.live(step);
  hideGlobals();
  if (image && !copied) {
    // It is not fit for others either.
    tell({ image: null });
  }
  if ("boot" in source && source.boot.makesImage) {
    const made = copy(pyodide, calls, new Map());
    tell({ image: "image" in made ? made.image : null });
  }

  tell({ ready: {} });
  const init = await inbox.identity;
  const { argv, env, pid, ppid, directory } = init.process;
  const core = (host.core = new Process(
    memory,
    argv,
    env.flat(),
    pid,
    ppid,
    directory,
    now(),
    Math.random(),
  ));
  if (init.claims) core.share_claims(new Claims(init.claims));
  threads.serve(core);
  output = (stream, bytes) => {
    core.output(stream, bytes);
    flush();
  };
  bell = new Bell(init.bell, called);
  link = new Link(port, init.line);
  take = (message) => {
    if (message instanceof Uint8Array) {
      core.deliver(message, now());
      return;
    }
    if (!("files" in message)) return;
    writeFiles(pyodide.FS, directory, message.files);
    for (const [name, content] of message.files) init.files.set(name, content);
  };
  const { environ } = pyodide.pyimport("os");
  // The variable without a name is between the machine and us: a server's settings.
  for (const [name, value] of env) if (name) environ.set(name, value);
  writeFiles(pyodide.FS, directory, changes(copied?.given, init.files));
  core.booted();
  for (const message of init.messages) core.deliver(message, now());
  settle();
  inbox.pass((data) => {
    link.accept(data);
    called();
  });
  threads.pump();

  const live = async () => {
    let code = await threads.live(step, CHILD);
    while (code === FORK) {
      link.post({ fork: copy(pyodide, calls, init.files) });
      code = await threads.live(step, PARENT);
    }
    return code;
  };
  exit(await threads.run(live(), MAIN));
}

/**
 * An image of this process, or why there is none.
 * @param {any} pyodide
 * @param {Record<string, any>} calls
 * @param {Map<string, Uint8Array | null>} given
 * @returns {import("#wasgi_core").Forked}
 */
function copy(pyodide, calls, given) {
  try {
    return { image: makeImage(pyodide, calls, given) };
  } catch (error) {
    return { refused: String(/** @type {Error} */ (error).message) };
  }
}

/**
 * Binds what Python and JavaScript have of each other.
 * @param {any} pyodide
 * @param {import("./calls.js").Host} host
 * @param {SharedBuffer} memory
 * @returns {any} `wasgi_runtime.process.main.step`
 */
function bind(pyodide, host, memory) {
  host.FS = pyodide.FS;
  memory.attach(pyodide, pyodide.pyimport("wasgi_runtime.bridge.buffer").shared);
  host.threads.start = pyodide.pyimport("wasgi_runtime.threads.thread_module").start;
  host.state = threadState(pyodide);
  host.threads.attach(pyodide);
  return pyodide.pyimport("wasgi_runtime.process.main").step;
}

/** What the machine says, in the order in which it is wanted. */
class Inbox {
  constructor() {
    /** @type {(image: import("./image.js").Image | null) => void} */
    let gotImage = () => {};
    /** @type {(identity: ProcessIdentity) => void} */
    let gotIdentity = () => {};
    /** @type {Promise<import("./image.js").Image | null>} null: none could be made */
    this.image = new Promise((resolve) => (gotImage = resolve));
    /** @type {Promise<ProcessIdentity>} */
    this.identity = new Promise((resolve) => (gotIdentity = resolve));
    /** What comes before somebody takes it. @type {any[]} */
    this.early = [];
    self.onmessage = ({ data }) => {
      if (typeof data === "object" && "identity" in data) gotIdentity(data.identity);
      else if (typeof data === "object" && "image" in data) gotImage(data.image);
      else this.early.push(data);
    };
  }

  /** @param {(data: any) => void} take whatever comes, from now on */
  pass(take) {
    self.onmessage = ({ data }) => take(data);
    for (const data of this.early) take(data);
  }
}

/**
 * The buffer in CPython's memory that `wasgi_runtime.bridge.buffer` calls shared, and the way to
 * the machine.
 */
class SharedBuffer {
  /** @param {(message: Uint8Array) => void} send gets a view, which is good until it returns */
  constructor(send) {
    this.send = send;
  }

  /** @param {any} pyodide @param {any} bytearray */
  attach(pyodide, bytearray) {
    const { data } = bytearray.getBuffer("u8");
    this.module = pyodide._module;
    this.start = data.byteOffset;
  }

  /** @param {Uint8Array} bytes */
  put(bytes) {
    this.module.HEAPU8.set(bytes, this.start);
  }

  /** @param {Uint8Array} into */
  get(into) {
    into.set(
      this.module.HEAPU8.subarray(this.start, /** @type {number} */ (this.start) + into.length),
    );
  }
}

/**
 * What has changed of files since a process had them given: what the process made of the others is
 * its copy's too.
 * @param {Map<string, Uint8Array | null>} given
 * @param {Map<string, Uint8Array | null>} files
 */
function changes(given = new Map(), files) {
  const changed = new Map(files);
  for (const [name, before] of given) {
    const after = files.get(name) ?? null;
    if (before?.length === after?.length && before?.every((byte, index) => byte === after?.[index]))
      changed.delete(name);
    else changed.set(name, after);
  }
  return changed;
}

/**
 * @param {any} FS
 * @param {string} directory
 * @param {Map<string, Uint8Array | null>} files
 */
function writeFiles(FS, directory, files) {
  FS.mkdirTree(directory);
  for (const [name, content] of files) {
    const path = `${directory}/${name}`;
    if (content === null) {
      if (FS.analyzePath(path).exists) FS.unlink(path);
      continue;
    }
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, content);
  }
}
