// The process role: one CPython behind our Rust in this worker.

import { initSync, Process } from "#wasgi_core";
import { hideGlobals } from "./globals.js";
import { keyDerivation } from "./key_derivation.js";
import { bootPython } from "./python.js";
import { threadState } from "./thread_state.js";
import { Threads } from "./threads.js";

/**
 * Which process it is. A worker whose interpreter boots before that is known gets it in a message of its own.
 * @typedef {object} Identity
 * @property {string[]} argv
 * @property {Record<string, string>} env
 * @property {number} pid
 * @property {number} ppid
 * @property {string} directory
 * @property {Map<string, Uint8Array | null>} files
 */

/**
 * @typedef {object} ProcessInit
 * @property {"process"} role
 * @property {WebAssembly.Module} core
 * @property {import("./python.js").PythonAssets} python
 * @property {Identity} [identity]
 */

const now = () => performance.timeOrigin + performance.now();

/**
 * @param {ProcessInit} options
 */
export async function runProcess({ core: module, python, identity }) {
  initSync({ module });
  /** What Python prints, once there is a process that prints it. @type {(stream: 1 | 2, bytes: Uint8Array) => void} */
  let output = () => {};
  const booting = bootPython(python, {
    env: { HOME: "/home/wasgi" },
    stdout: (bytes) => output(1, bytes),
    stderr: (bytes) => output(2, bytes),
  });
  // Until its result is asked for, a failure is kept.
  booting.catch(() => {});
  const init = identity ?? (await assignment());
  const memory = new SharedBuffer();
  const core = new Process(
    memory,
    init.argv,
    Object.entries(init.env).flat(),
    init.pid,
    init.ppid,
    init.directory,
    now(),
    Math.random(),
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let timerAt = Infinity;
  /** CPython's, once it has booted. @type {any} */
  let fileSystem = null;

  const flush = (all = false) => {
    const message = core.take_outbox(all, now());
    if (message) {
      if (message.length > 8192) self.postMessage(message, [message.buffer]);
      else self.postMessage(message);
    }
  };
  // When all threads wait, nobody will call soon: what could wait for the next message leaves now.
  const threads = new Threads(core, () => {
    flush(true);
    schedule();
  });
  const settle = () => {
    flush();
    if (core.settle(now())) threads.schedule();
  };
  // A timer that is no longer needed is left to fire in vain: that is cheaper than to set a new one for each request.
  const schedule = () => {
    const at = core.deadline();
    if (at >= timerAt) return;
    timerAt = at;
    clearTimeout(timer);
    const rest = at - now();
    // Resuming from a message rather than from the timer's own task keeps timers free of the 4 ms clamp that browsers put
    // on nested ones; the last part of a millisecond, which timers leave out, goes by in messages too.
    if (rest < 1) hop.port2.postMessage(0);
    else timer = setTimeout(() => hop.port2.postMessage(0), Math.min(Math.floor(rest), 0x7fffffff));
  };
  const hop = new MessageChannel();
  hop.port1.onmessage = () => {
    timerAt = Infinity;
    threads.turned();
    if (core.deadline() <= now()) {
      core.tick(now());
      settle();
      if (!threads.scheduled) threads.pump();
    } else {
      schedule();
    }
  };
  self.onmessage = ({ data }) => {
    if (data instanceof Uint8Array) {
      core.deliver(data, now());
      threads.turned();
      settle();
      schedule();
    } else if (data.files) {
      // While Python boots, what changes is written with the rest.
      if (fileSystem) writeFiles(fileSystem, init.directory, data.files);
      else for (const [name, content] of data.files) init.files.set(name, content);
    }
  };

  output = (stream, bytes) => {
    core.output(stream, bytes);
    flush();
  };
  const pyodide = await booting;
  const { environ } = pyodide.pyimport("os");
  // The variable without a name is between the machine and us: a server's settings.
  for (const [name, value] of Object.entries(init.env)) if (name) environ.set(name, value);
  fileSystem = pyodide.FS;
  writeFiles(fileSystem, init.directory, init.files);
  core.booted();
  settle();

  /** Calls from Python: what they leave to be sent is sent at once. */
  const flushed =
    (/** @type {(...args: any[]) => any} */ call) =>
    (/** @type {any[]} */ ...args) => {
      const result = call(...args);
      settle();
      return result;
    };
  /** @param {number} code */
  const exit = (code) => {
    core.exiting();
    flush(true);
    self.postMessage({ exit: code });
  };
  pyodide.registerJsModule("_wasgi", {
    gate: threads.gate,
    exit: (/** @type {number} */ code) => {
      exit(code);
      halt();
    },
    kill: flushed((pid, signal) => {
      core.kill(pid, signal, now());
      threads.soon();
    }),
    wait: (
      /** @type {number} */ name,
      /** @type {number} */ key,
      /** @type {number} */ timeout,
      /** @type {boolean} */ again,
      /** @type {number} */ request,
    ) => threads.wait(name, key, timeout, again, request),
    block: flushed((name, timeout, request) => threads.block(name, timeout, request)),
    suspends: pyodide._module.jspiSupported,
    yield_now: (/** @type {boolean} */ turn, /** @type {number} */ request) => threads.yield(turn, request),
    wake_one: (/** @type {number} */ key) => core.wake_one(key, now()),
    wake_all: (/** @type {number} */ key) => core.wake_all(key, now()),
    check: () => threads.check(),
    look_again: () => threads.lookAgain(),
    spawn: () => threads.spawn(),
    thread_started: (/** @type {number} */ ident) => state.begin(ident, threads.startedOn()),
    main_started: () => state.limit(threads.mainStack()),
    thread_ending: () => state.end(),
    set_switch_interval: (/** @type {number} */ interval) => core.set_switch_interval(interval),
    set_disposition: (/** @type {number} */ signal, /** @type {number} */ disposition) =>
      core.set_disposition(signal, disposition),
    raise_signal: (/** @type {number} */ signal) => {
      core.raise_signal(signal, now());
      threads.soon();
    },
    take_signal: () => core.take_signal(),
    cpu_count: navigator.hardwareConcurrency,
    key_derivation: keyDerivation(pyodide.FS),
    configuration: () => core.configuration(),
    next_hook: () => core.next_hook(),
    answer: flushed((answer, length) => core.answer(answer, length)),
    log: flushed((level, length) => core.log(level, length, now())),
    notify: flushed(() => core.notify()),
    interrupted: () => core.interrupted(),
    exit_code: () => core.exit_code(),
    base_environ: () => core.base_environ(),
    accepting: flushed(() => core.accepting()),
    close_listeners: flushed(() => core.close_listeners(now())),
    connections: () => core.connections(),
    total: () => core.total(),
    next_request: flushed(() => core.next_request(now())),
    read_body: flushed((id, size) => core.read_body(id, size, now())),
    start_response: (
      /** @type {number} */ id,
      /** @type {number} */ length,
      /** @type {boolean} */ excInfo,
    ) => core.start_response(id, length, excInfo),
    write: flushed((id, length) => core.write(id, length, now())),
    // As write and finish, of what another call follows at once.
    write_part: (/** @type {number} */ id, /** @type {number} */ length) => core.write(id, length, now()),
    finish_part: (/** @type {number} */ id) => core.finish(id, now()),
    flushed: flushed((id) => core.flushed(id)),
    finish: flushed((id) => core.finish(id, now())),
    raised_wsgi: flushed((id, length, cause, iterating) =>
      core.raised_wsgi(id, length, cause, iterating, now()),
    ),
    next_connection: flushed(() => core.next_connection(now())),
    take: flushed((id) => core.take(id, now())),
    end: flushed((id) => core.end(id, now())),
    finish_request: flushed((id) => core.finish_request(id, now())),
    stop: () => core.stop(),
    early_signal: () => core.early_signal(),
    polling: flushed((on) => core.polling(on, now())),
    next_event: () => core.next_event(now()),
    receive: flushed((id) => core.receive(id, now())),
    send_start: (/** @type {number} */ id, /** @type {number} */ status, /** @type {number} */ length) =>
      core.send_start(id, status, length),
    send_start_failed: flushed((id, status) => core.send_start_failed(id, status)),
    send_body: flushed((id, length, rest, more) => core.send_body(id, length, rest, more, now())),
    send_other: (/** @type {number} */ id, /** @type {number} */ length) => core.send_other(id, length),
    returned: flushed((id, length) => core.returned(id, length, now())),
    raised_asgi: flushed((id, length) => core.raised_asgi(id, length, now())),
  });
  memory.attach(pyodide, pyodide.pyimport("wasgi_runtime.crossing").shared);
  threads.start = pyodide.pyimport("wasgi_runtime.threads").start;
  const state = threadState(pyodide);
  const { step } = pyodide.pyimport("wasgi_runtime.process");
  threads.attach(pyodide);
  pyodide.unregisterJsModule("pyodide_js");
  hideGlobals();
  exit(await threads.run(threads.live(step), 1));
}

/**
 * Waits to be told which process this is.
 * @returns {Promise<Identity>}
 */
function assignment() {
  return new Promise((resolve) => {
    self.onmessage = ({ data }) => resolve(data.identity);
  });
}

/** Nothing more runs here: the machine ends this worker as soon as it hears of the exit. */
function halt() {
  const forever = self.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null;
  for (;;) if (forever) Atomics.wait(forever, 0, 0);
}

/** The buffer in CPython's memory that `wasgi_runtime.crossing` calls shared. */
class SharedBuffer {
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
    into.set(this.module.HEAPU8.subarray(this.start, /** @type {number} */ (this.start) + into.length));
  }
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
