// The machine role: the kernel, the masters and the client in Rust; here are its devices: workers,
// timers, assets.

import { initSync, Machine } from "#wasgi_core";
import { Arrival } from "./arrival.js";
import { Claims } from "./claims.js";
import { ImageCache } from "./image_cache.js";
import { Origins } from "./origins.js";
import { Bell, Link } from "./ring.js";

/**
 * @typedef {object} MachineInit
 * @property {"machine"} role
 * @property {WebAssembly.Module} core
 * @property {string} base where the assets are
 * @property {import("./ring.js").Line | null} line to the page
 * @property {Int32Array | null} bell the machine's
 */

/**
 * @typedef {object} Process
 * @property {Worker} worker
 * @property {import("./origins.js").Origin} origin
 * @property {Link} link
 * @property {Uint8Array[] | null} early what is said to it before it has its init message
 * @property {(message: import("./ring.js").Message) => void} take takes a message of it
 */

/** The working directory of every process. */
const DIRECTORY = "/home/wasgi/project";

/** The exit code that tells a master not to try again. */
const BOOT_FAILURE = 3;
/**
 * How long messages are waited for on the bell after the last one, in milliseconds; and how long
 * without the event loop.
 */
const LINGER = 1;
const TURN_AFTER = 4;
/** Messages that are taken before it is seen to what they ask for. */
const TAKEN_TOGETHER = 32;

/** The signals by which a process ends itself. @type {Record<number, string>} */
const SIGNALS = { 2: "INT", 9: "KILL", 15: "TERM" };

/** An image is kept for the next visit when those that start now have started, in milliseconds. */
const STORE_AFTER = 3000;

/** At most so many workers boot before there is a server to run in them. */
const SPARES = 8;

/** What the log says where a master cannot fork, before the reason. */
const NO_FORK = "wasgi: each worker imports the app by itself: ";

const now = () => performance.timeOrigin + performance.now();

/** @param {MachineInit} init */
export async function runMachine(init) {
  initSync({ module: init.core });
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  /** @type {Map<number, Process>} */
  const processes = new Map();
  const bell = new Bell(init.bell, () => work());
  const page = new Link(self, init.line);
  /** @type {Promise<import("./python.js").PythonAssets> | undefined} */
  let loading;
  const assets = () => (loading ??= load().catch(forget));
  const load = async () => {
    const told = loadAssets(init.base, (message) => page.tell(message));
    const [{ python, whole }, image] = await Promise.all([told, cache.load()]);
    whole.catch((error) => {
      loading = undefined;
      origins.lost();
      // Those that have what they need go on; who reads what is missing gets an error.
      for (const pid of processes.keys()) machine.output(pid, `wasgi: ${error.message}`, now());
      work();
    });
    if (image) origins.interpreter.made(image);
    return python;
  };
  /** @param {unknown} error @returns {never} */
  const forget = (error) => {
    loading = undefined;
    throw error;
  };

  const cache = new ImageCache(init.base);
  const origins = new Origins(
    init.core,
    init.base,
    () => machine.is_quiet(),
    (image) => {
      if (image) setTimeout(() => cache.store(image), STORE_AFTER);
      else void cache.forget();
    },
  );
  /** @param {number} pid a process that is no more */
  const end = (pid) => {
    const process = processes.get(pid);
    if (!process) return;
    processes.delete(pid);
    process.worker.terminate();
    process.origin.ended(process.worker);
    origins.ended(pid);
  };
  const devices = {
    /**
     * @param {number} pid
     * @param {number} ppid
     * @param {string[]} argv
     * @param {string[]} env
     * @param {boolean} replaced
     * @param {number} forks
     */
    spawn(pid, ppid, argv, env, replaced, forks) {
      const origin = origins.of(ppid);
      const prepared = origin.take() ?? origins.takeBlank(origin);
      const worker = prepared ?? origins.worker();
      const itsBell = Bell.shared();
      const [line, itsLine] = Link.lines(bell.state, itsBell);
      const link = new Link(worker, line);
      let booted = false;
      /** @type {Process} */
      const process = {
        worker,
        origin,
        link,
        early: [],
        take(message) {
          if (message instanceof Uint8Array) {
            booted = true;
            machine.deliver_process(pid, message, now());
          } else if (message.fork) {
            if (message.fork.image) {
              origins.forked(pid, message.fork.image);
              // Its first worker may be long in coming: uWSGI's --cheap.
              assets().then(
                (python) => origins.of(pid).prepare(python),
                () => {},
              );
            } else {
              machine.output(pid, NO_FORK + message.fork.reason, now());
            }
          } else {
            exited(Math.max(0, message.exit), SIGNALS[-message.exit]);
          }
        },
      };
      processes.set(pid, process);
      /** @param {number} code @param {string} [signal] */
      const exited = (code, signal = "") => {
        if (processes.get(pid) !== process) return;
        end(pid);
        machine.exited(pid, code, signal, now());
      };
      /**
       * A crash of the interpreter is a crash of the process; one that never came up is a failure
       * to boot.
       */
      const failed = (/** @type {string} */ text) => {
        if (processes.get(pid) !== process) return;
        work();
        machine.output(pid, text, now());
        if (booted) exited(0, "ABRT");
        else exited(BOOT_FAILURE);
        work();
      };
      worker.onmessage = ({ data }) => {
        if (processes.get(pid) !== process) return;
        if (data.failed) {
          failed(data.failed);
        } else if (!origin.hear(data, worker)) {
          link.accept(data);
          work();
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        failed(event.message || "the process could not be started");
      };
      assets().then(
        (python) => {
          if (!prepared) origin.start(worker, python);
          const messages = process.early ?? [];
          const shared = { line: itsLine, bell: itsBell, claims };
          worker.postMessage({
            identity: {
              argv,
              env: pairs(env),
              pid,
              ppid,
              directory: DIRECTORY,
              files,
              messages,
              ...shared,
            },
          });
          process.early = null;
          if (replaced) origin.prepare(python, processes.size);
          origins.expectForks(python, forks);
        },
        (error) => failed(String(error.message)),
      );
    },
    /** @param {number} pid */
    kill: (pid) => end(pid),
    /** @param {number} pid @param {Uint8Array} message a view of wasm memory */
    to_process(pid, message) {
      const process = processes.get(pid);
      if (process?.early) process.early.push(message.slice());
      else process?.link.send(message);
    },
    /** @param {Uint8Array} message a view of wasm memory */
    to_page(message) {
      page.send(message);
    },
    /** @param {number} server @param {number} stream @param {string} line @param {number} time */
    log(server, stream, line, time) {
      page.tell({ op: "log", server, stream: stream === 1 ? "stdout" : "stderr", line, time });
    },
    /** @param {number} server @param {string} address @param {number} port */
    listening(server, address, port) {
      page.tell({ op: "listening", server, address, port });
    },
    /** @param {number} server @param {number} code */
    exit(server, code) {
      origins.settle();
      page.tell({ op: "exit", server, code });
    },
  };

  const machine = new Machine();
  const claims = Claims.shared();
  if (claims) machine.share_claims(new Claims(claims));
  machine.set_room(room());
  machine.set_fact("", String(navigator.hardwareConcurrency));
  /** @param {string} path of a file or directory that is there, and so are those that it is in */
  const exists = (path) => {
    machine.set_fact(`${path}/`, "");
    if (path !== "/") exists(path.slice(0, path.lastIndexOf("/")) || "/");
  };
  exists(DIRECTORY);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let timerAt = Infinity;
  // A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new one
  // for each request.
  const schedule = () => {
    const at = machine.deadline();
    if (at >= timerAt) return;
    timerAt = at;
    clearTimeout(timer);
    timer = setTimeout(expire, Math.max(0, at - now()));
  };
  const expire = () => {
    timerAt = Infinity;
    work();
  };
  const isReady = () => {
    if (page.isReady()) return true;
    for (const { link } of processes.values()) if (link.isReady()) return true;
    return false;
  };
  const isPosted = () => {
    if (page.isPosted()) return true;
    for (const { link } of processes.values()) if (link.isPosted()) return true;
    return false;
  };
  const isCalled = () => isReady() || isPosted();

  /** Takes what has come, in the order in which it was said. */
  const take = () => {
    let count = 0;
    while (count < TAKEN_TOGETHER) {
      /** @type {Process | null} */
      let from = null;
      let found = page.isReady() ? page : null;
      for (const process of processes.values()) {
        if (process.link.isReady() && (!found || process.link.isBefore(found))) {
          found = process.link;
          from = process;
        }
      }
      if (!found) break;
      found.take(from ? from.take : takeFromPage);
      count += 1;
    }
    return count > 0;
  };

  /** When the last message was there. */
  let heard = -Infinity;
  /** Whether the event loop turns, and then there is more to do. */
  let turning = false;
  /**
   * Does what there is to do, then waits for more: on the bell as long as there is traffic, else in
   * the event loop.
   */
  const work = () => {
    bell.awake();
    const turned = performance.now();
    let working = true;
    while (working) {
      if (machine.deadline() <= now()) machine.tick(now());
      const taken = take();
      machine.flush(devices);
      const time = performance.now();
      if (taken) heard = time;
      if (time - turned > TURN_AFTER) {
        if (!turning) hop.port2.postMessage(0);
        turning = true;
        return;
      }
      if (taken) continue;
      const rest = Math.min(heard + LINGER - time, machine.deadline() - now());
      if (rest > 0 && bell.state && !isPosted()) bell.wait(isCalled, rest);
      else working = !bell.sleep(isReady);
    }
    schedule();
  };
  const hop = new MessageChannel();
  hop.port1.onmessage = () => {
    turning = false;
    work();
  };

  /** @type {Record<string, (message: any) => void>} */
  const operations = {
    files({ files: changes }) {
      for (const [name, content] of changes) {
        if (content === null) files.delete(name);
        else files.set(name, content);
        machine.set_fact(`${DIRECTORY}/${name}`, settings(name, content));
        // Of a file that is removed the directories stay.
        if (content) exists(`${DIRECTORY}/${name}`);
        else machine.set_fact(`${DIRECTORY}/${name}/`, undefined);
        machine.file_changed(`${DIRECTORY}/${name}`, now());
      }
      for (const { link, early } of processes.values()) {
        if (!early) link.post({ files: changes });
      }
      page.tell({ op: "files" });
    },
    start({ server, command, env }) {
      // gunicorn reads this file if it is there; where "there" is, the command line may say.
      const configured = [...files.keys()].some(
        (name) => name.split("/").pop() === "gunicorn.conf.py",
      );
      if (configured) env = [...env, "", ""];
      if (typeof command === "string") machine.start_line(server, command, env, DIRECTORY, now());
      else machine.start_words(server, command, env, DIRECTORY, now());
    },
    signal: ({ server, name }) => machine.signal(server, name, now()),
    preload({ id, workers }) {
      const prepare = async () => {
        const python = await assets();
        // Later, there are spares as they are used.
        if (processes.size > 0) return;
        await origins.interpreter.expect(python, Math.min(workers, SPARES, room()));
      };
      prepare().then(
        () => page.tell({ op: "preloaded", id }),
        (error) => page.tell({ op: "preloaded", id, failed: String(error.message) }),
      );
    },
  };
  /** @param {import("./ring.js").Message} message */
  const takeFromPage = (message) => {
    if (message instanceof Uint8Array) machine.deliver_page(message, now());
    else operations[message.op](message);
  };
  self.onmessage = ({ data }) => {
    page.accept(data);
    work();
  };
  // From here on it sleeps, and can be woken.
  work();
  self.postMessage({ op: "ready" });
}

/** A file that a command line may name has this many bytes at most. */
const MOST_SETTINGS = 1 << 16;

/**
 * The text of a file, if it may be one that a command line names.
 * @param {string} name
 * @param {Uint8Array | null} content
 */
function settings(name, content) {
  if (!content || content.length > MOST_SETTINGS || name.endsWith(".py")) return undefined;
  return new TextDecoder().decode(content);
}

/** Memory that a worker takes, in megabytes: see `src/machine`. */
const WORKER = 64;

/**
 * How many workers may be asked for: half of the memory that the browser admits to, which is 8 GB
 * at most.
 */
function room() {
  const { deviceMemory = 4 } = /** @type {{ deviceMemory?: number }} */ (navigator);
  return Math.max(4, Math.floor((deviceMemory * 1024) / 2 / WORKER));
}

/** @param {string[]} flat */
function pairs(flat) {
  /** @type {Record<string, string>} */
  const record = {};
  for (let index = 0; index < flat.length; index += 2) record[flat[index]] = flat[index + 1];
  return record;
}

/**
 * Fetches what all processes share, once.
 * @param {string} base
 * @param {(message: object) => void} tell says how far it is
 * @returns {Promise<{ python: import("./python.js").PythonAssets, whole: Promise<unknown> }>} what
 * processes can start with, and when all of it is there
 */
async function loadAssets(base, tell) {
  const parts = new Map();
  let reported = 0;
  /** @param {string} name @param {number} loaded @param {number} total */
  const report = (name, loaded, total) => {
    parts.set(name, { loaded, total });
    if (loaded !== total && performance.now() - reported < 50) return;
    reported = performance.now();
    let sum = { loaded: 0, total: 0 };
    for (const part of parts.values()) {
      sum = { loaded: sum.loaded + part.loaded, total: sum.total + part.total };
    }
    tell({ op: "progress", step: "Loading Python", ...sum });
  };
  const file = (/** @type {string} */ name) =>
    download(`${base}python/${name}`, (l, t) => report(name, l, t));
  const [module, stdlib, pack] = await Promise.all([
    compile(`${base}python/pyodide.asm.wasm`, report),
    file("stdlib.zip"),
    file("site.pack"),
  ]);
  const python = {
    base,
    module,
    stdlib: stdlib.file,
    pack: pack.file,
    clockOrigin: performance.timeOrigin,
  };
  return { python, whole: Promise.all([stdlib.whole, pack.whole]) };
}

/**
 * Compiles straight from the response: only so may the browser keep the machine code in its cache.
 * @param {string} url
 * @param {(name: string, loaded: number, total: number) => void} report
 */
async function compile(url, report) {
  const response = await get(url);
  const total = Number(response.headers.get("content-length") ?? 0);
  report(url, 0, total);
  const module = await WebAssembly.compileStreaming(response);
  report(url, total, total);
  return module;
}

/** @param {string} url */
async function get(url) {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const response = await fetch(url).catch(() => null);
  if (!response) throw new Error(`${name} could not be fetched: is the network there?`);
  if (!response.ok || !response.body) {
    throw new Error(
      `${name} could not be fetched (${response.status}): is dist/ complete on this host?`,
    );
  }
  return response;
}

/**
 * Fetches a file into a buffer: one for all processes where the page is cross-origin isolated,
 * which they may read as it comes; else each gets a copy.
 * @param {string} url
 * @param {(loaded: number, total: number) => void} report
 * @returns {Promise<{ file: import("./arrival.js").Arriving, whole: Promise<unknown> }>}
 */
async function download(url, report) {
  const response = await get(url);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const total = Number(response.headers.get("content-length") ?? 0);
  report(0, total);
  // What is compressed on its way is longer than it says.
  if (self.crossOriginIsolated && total > 0 && !response.headers.has("content-encoding")) {
    const arrival = new Arrival(total);
    return { file: arrival.shared, whole: arrive(reader, arrival, url, report) };
  }
  const buffer = await gather(reader, total, report);
  return { file: { buffer, arrived: null }, whole: Promise.resolve() };
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {Arrival} arrival
 * @param {string} url
 * @param {(loaded: number, total: number) => void} report
 */
async function arrive(reader, arrival, url, report) {
  const total = arrival.bytes.length;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      arrival.add(part.value);
      if (arrival.length < total) report(arrival.length, total);
    }
    if (arrival.length < total) throw new Error("it ended early");
    report(total, total);
  } catch (error) {
    arrival.lose();
    const name = url.slice(url.lastIndexOf("/") + 1);
    const why = /** @type {Error} */ (error).message;
    throw new Error(`${name} did not come whole (${why}): is the network there?`, { cause: error });
  }
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {number} total as far as it is known
 * @param {(loaded: number, total: number) => void} report
 * @returns {Promise<ArrayBufferLike>}
 */
async function gather(reader, total, report) {
  let bytes = allocate(total);
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (loaded + value.length > bytes.length) {
      const larger = allocate(Math.max(loaded + value.length, 2 * bytes.length));
      larger.set(bytes.subarray(0, loaded));
      bytes = larger;
    }
    bytes.set(value, loaded);
    loaded += value.length;
    report(loaded, Math.max(bytes.length, loaded));
  }
  if (loaded < bytes.length) {
    const whole = allocate(loaded);
    whole.set(bytes.subarray(0, loaded));
    bytes = whole;
  }
  report(loaded, loaded);
  return bytes.buffer;
}

/** @param {number} length */
function allocate(length) {
  return new Uint8Array(
    self.crossOriginIsolated ? new SharedArrayBuffer(length) : new ArrayBuffer(length),
  );
}
