// What Python calls: the module `_wasgi`. In a copy of a process, it finds the copy's own in the
// places of these.

import { keyDerivation } from "./key_derivation.js";

/**
 * What the calls are about. There is no `core` before the process is known, and no `state` before
 * Python has booted.
 * @typedef {object} Host
 * @property {import("#wasgi_core").Process} core
 * @property {import("./threads.js").Threads} threads
 * @property {ReturnType<typeof import("./thread_state.js").threadState>} state
 * @property {any} FS
 * @property {boolean} suspends whether the browser can suspend stacks
 * @property {() => boolean} listen
 * @property {() => void} settle
 * @property {(code: number) => void} exit
 */

/** What writing says where the client does not take it yet, and what `write_last` says then. */
const PARK = -1;
const UNFINISHED = -3;

/** What `take_request` says where the event loop is to have its turn: see `wsgi.py`. */
const TURN = -3;

const now = () => performance.timeOrigin + performance.now();

/** @param {Host} host */
export function makeCalls(host) {
  /** Calls from Python: what they leave to be sent is sent at once. */
  const flushed =
    (/** @type {(...args: any[]) => any} */ call) =>
    (/** @type {any[]} */ ...args) => {
      const result = call(...args);
      host.settle();
      return result;
    };
  return {
    gate: host.threads.gate,
    exit: (/** @type {number} */ code) => {
      host.exit(code);
      halt();
    },
    kill: flushed((pid, signal) => {
      host.core.kill(pid, signal, now());
      host.threads.soon();
    }),
    wait: (
      /** @type {number} */ name,
      /** @type {number} */ key,
      /** @type {number} */ timeout,
      /** @type {boolean} */ again,
      /** @type {number} */ request,
    ) => host.threads.wait(name, key, timeout, again, request),
    block: flushed((name, timeout, request) => host.threads.block(name, timeout, request)),
    get suspends() {
      return host.suspends;
    },
    yield_now: (/** @type {boolean} */ turn, /** @type {number} */ request) =>
      host.threads.yield(turn, request),
    wake_one: (/** @type {number} */ key) => host.core.wake_one(key, now()),
    wake_all: (/** @type {number} */ key) => host.core.wake_all(key, now()),
    interrupt_thread: (/** @type {number} */ id) => host.core.interrupt_thread(id, now()),
    check: () => host.threads.check(),
    look_again: () => host.threads.lookAgain(),
    spawn: () => host.threads.spawn(),
    thread_started: (/** @type {number} */ ident) =>
      host.state.begin(ident, host.threads.startedOn()),
    main_started: () => host.state.limit(host.threads.mainStack()),
    thread_ending: () => host.state.end(),
    set_switch_interval: (/** @type {number} */ interval) =>
      host.core.set_switch_interval(interval),
    set_disposition: (/** @type {number} */ signal, /** @type {number} */ disposition) =>
      host.core.set_disposition(signal, disposition),
    raise_signal: (/** @type {number} */ signal) => {
      host.core.raise_signal(signal, now());
      host.threads.soon();
    },
    take_signal: () => host.core.take_signal(),
    cpu_count: navigator.hardwareConcurrency,
    key_derivation: keyDerivation(() => host.FS),
    configuration: () => host.core.configuration(),
    next_hook: () => host.core.next_hook(),
    answer: flushed((answer, length) => host.core.answer(answer, length)),
    log: flushed((level, length) => host.core.log(level, length, now())),
    notify: flushed(() => host.core.notify()),
    interrupted: () => host.core.interrupted(),
    exit_code: () => host.core.exit_code(),
    base_environ: () => host.core.base_environ(),
    loaded: flushed(() => host.core.loaded()),
    accepting: flushed(() => host.core.accepting()),
    close_listeners: flushed(() => host.core.close_listeners(now())),
    connections: () => host.core.connections(),
    total: () => host.core.total(),
    next_request: flushed((thread) => host.core.next_request(thread, false, now())),
    take_request: flushed(() => (host.listen() ? host.core.next_request(0, true, now()) : TURN)),
    read_body: flushed((id, size) => host.core.read_body(id, size, now())),
    receive_raw: flushed((id) => host.core.receive_raw(id, now())),
    send_raw: flushed((id, length) => host.core.send_raw(id, length)),
    mark_raw: flushed((id, ends) => host.core.mark_raw(id, ends, now())),
    start_response: (
      /** @type {number} */ id,
      /** @type {number} */ length,
      /** @type {boolean} */ excInfo,
    ) => host.core.start_response(id, length, excInfo),
    write: flushed((id, length) => host.core.write(id, length, now())),
    // As write and finish, of what another call follows at once.
    write_part: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.core.write(id, length, now()),
    finish_part: (/** @type {number} */ id) => host.core.finish(id, now()),
    // Both, for a response of one block.
    write_last: (/** @type {number} */ id, /** @type {number} */ length) => {
      const written = host.core.write(id, length, now());
      if (written === 0) return host.core.finish(id, now());
      return written === PARK ? UNFINISHED : written;
    },
    flushed: flushed((id) => host.core.flushed(id)),
    finish: flushed((id) => host.core.finish(id, now())),
    raised_wsgi: flushed((id, length, cause, iterating) =>
      host.core.raised_wsgi(id, length, cause, iterating, now()),
    ),
    next_connection: flushed(() => host.core.next_connection(now())),
    take: flushed((id) => host.core.take(id, now())),
    end: flushed((id) => host.core.end(id, now())),
    finish_request: flushed((id) => host.core.finish_request(id, now())),
    stop: () => host.core.stop(),
    early_signal: () => host.core.early_signal(),
    polling: flushed((on) => host.core.polling(on, now())),
    // A loop that has callbacks does not wait: what it has asked for, to accept say, leaves before
    // them.
    next_event: () => {
      const event = host.core.next_event(now());
      if (event < 0) host.settle();
      return event;
    },
    receive: flushed((id) => host.core.receive(id, now())),
    send_start: (
      /** @type {number} */ id,
      /** @type {number} */ status,
      /** @type {number} */ length,
    ) => host.core.send_start(id, status, length),
    send_start_failed: flushed((id, status) => host.core.send_start_failed(id, status)),
    send_body: flushed((id, length, rest, more) =>
      host.core.send_body(id, length, rest, more, now()),
    ),
    send_other: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.core.send_other(id, length),
    returned: flushed((id, length) => host.core.returned(id, length, now())),
    raised_asgi: flushed((id, length) => host.core.raised_asgi(id, length, now())),
  };
}

/** Nothing more runs here: the machine ends this worker as soon as it hears of the exit. */
function halt() {
  const forever = self.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null;
  for (;;) if (forever) Atomics.wait(forever, 0, 0);
}
