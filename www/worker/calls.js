// What Python calls: the module `_wasgi` (src/python/stubs/_wasgi.pyi says how). In a copy of a
// process, it finds the copy's own in the places of these.

import {
  Cause,
  Check,
  Disposition,
  Fork,
  HookAnswer,
  Keys,
  LogLevel,
  Outcome,
  Reply,
  SocketEvent,
  Step,
  WaitFor,
} from "#wasgi_core";
import { bare } from "./bare.js";
import { crossOriginIsolated, performance } from "./browser.js";
import { keyDerivation } from "./key-derivation.js";

/** @typedef {import("./host.js").Host} Host */

const now = () => performance.timeOrigin + performance.now();

/**
 * The numbers that calls take and return, by the names that Python has for them: `Reply.ParkFor` is
 * `PARK_FOR`.
 */
const NUMBERS = [
  Cause,
  Check,
  Disposition,
  Fork,
  HookAnswer,
  Keys,
  LogLevel,
  Outcome,
  Reply,
  SocketEvent,
  Step,
  WaitFor,
];

/** @returns {Record<string, number>} */
function numbers() {
  /** @type {Record<string, number>} */
  const named = {};
  for (const enumeration of NUMBERS) {
    for (const [name, value] of Object.entries(enumeration)) {
      // The numbers lead back to the names.
      if (typeof value !== "number") continue;
      named[name.replace(/(?<=.)(?=[A-Z])/g, "_").toUpperCase()] = value;
    }
  }
  return named;
}

/**
 * The calls, as an object that Python imports as a module.
 * @param {Host} host
 */
export function makeCalls(host) {
  /**
   * What a call leaves to be sent is sent at once, and threads go on that can.
   * @template {unknown[]} Arguments
   * @template Result
   * @param {(...args: Arguments) => Result} call
   * @returns {(...args: Arguments) => Result}
   */
  const dispatched =
    (call) =>
    (...args) => {
      const result = call(...args);
      host.loop.dispatch();
      return result;
    };
  return bare({
    ...numbers(),
    ...threadCalls(host, dispatched),
    ...processCalls(host, dispatched),
    ...wsgiCalls(host, dispatched),
    ...syncCalls(host, dispatched),
    ...threadedCalls(host, dispatched),
    ...asyncCalls(host, dispatched),
    cpu_count: navigator.hardwareConcurrency,
    key_derivation: keyDerivation(() => host.pyodide.FS),
    /** Whether the browser can suspend stacks (JSPI). */
    get suspends() {
      return host.pyodide._module.jspiSupported;
    },
  });
}

/**
 * @typedef {<Arguments extends unknown[], Result>(
 *   call: (...args: Arguments) => Result,
 * ) => (...args: Arguments) => Result} Dispatched
 */

/** @param {Host} host @param {Dispatched} dispatched */
function threadCalls(host, dispatched) {
  const { threads } = host;
  return {
    gate: threads.gate.thenable,
    wait: (
      /** @type {WaitFor} */ what,
      /** @type {number | undefined} */ key,
      /** @type {number | undefined} */ timeout,
      /** @type {boolean} */ again,
      /** @type {number | undefined} */ request,
    ) => threads.wait(what, key, timeout, again, request),
    block: dispatched(
      (
        /** @type {WaitFor} */ what,
        /** @type {number} */ timeout,
        /** @type {number | undefined} */ request,
      ) => threads.block(what, timeout, request),
    ),
    yield_now: (/** @type {boolean} */ toMessages, /** @type {number | undefined} */ request) =>
      threads.yield(toMessages, request),
    wake_one: (/** @type {number} */ key) => host.process.wakeOne(key, now()),
    wake_all: (/** @type {number} */ key) => host.process.wakeAll(key, now()),
    interrupt_thread: (/** @type {number} */ id) => host.process.interruptThread(id, now()),
    spawn: () => threads.spawn(),
    thread_started: (/** @type {number} */ ident) =>
      host.threadState.begin(ident, threads.startedOn()),
    main_started: () => host.threadState.limit(threads.mainStack()),
    thread_ending: () => host.threadState.end(),
    check: () => threads.preemption.check(host.process),
    look_again: () => threads.preemption.lookAgain(host.process),
    set_switch_interval: (/** @type {number} */ interval) =>
      host.process.setSwitchInterval(interval),
  };
}

/** @param {Host} host @param {Dispatched} dispatched */
function processCalls(host, dispatched) {
  return {
    configuration: () => host.process.configuration(),
    exit: (/** @type {number} */ code) => {
      host.loop.exit(code);
      halt();
    },
    kill: dispatched((/** @type {number} */ pid, /** @type {number} */ signal) => {
      host.process.kill(pid, signal, now());
      host.threads.preemption.lookSoon();
    }),
    set_disposition: (/** @type {number} */ signal, /** @type {Disposition} */ disposition) =>
      host.process.setDisposition(signal, disposition),
    raise_signal: (/** @type {number} */ signal) => {
      host.process.raiseSignal(signal, now());
      host.threads.preemption.lookSoon();
    },
    next_signal: () => host.process.nextSignal(),
    interrupted: () => host.process.interrupted(),
    next_hook: () => host.process.nextHook(),
    answer_hook: dispatched((/** @type {HookAnswer} */ answer, /** @type {number} */ length) =>
      host.process.answerHook(answer, length),
    ),
    log: dispatched((/** @type {LogLevel} */ level, /** @type {number} */ length) =>
      host.process.log(level, length, now()),
    ),
    log_request: dispatched((/** @type {number} */ core, /** @type {number} */ length) =>
      host.process.logRequest(core, length),
    ),
    notify: dispatched(() => host.process.notify()),
    loaded: dispatched(() => host.process.loaded()),
    accept: dispatched(() => host.process.accept()),
  };
}

/** @param {Host} host @param {Dispatched} dispatched */
function wsgiCalls(host, dispatched) {
  const write = (/** @type {number} */ id, /** @type {number} */ length) =>
    host.requests.write(id, length, now());
  const finish = (/** @type {number} */ id) => host.requests.finish(id, now());
  return {
    base_environ: () => host.requests.baseEnviron(),
    read_body: dispatched((/** @type {number} */ id, /** @type {number} */ size) =>
      host.requests.readBody(id, size, now()),
    ),
    receive_raw: dispatched((/** @type {number} */ id) => host.requests.receiveRaw(id, now())),
    send_raw: dispatched((/** @type {number} */ id, /** @type {number} */ length) =>
      host.requests.sendRaw(id, length),
    ),
    begin_raw: dispatched((/** @type {number} */ id) => host.requests.beginRaw(id, now())),
    end_raw: dispatched((/** @type {number} */ id) => host.requests.endRaw(id, now())),
    start_response: (
      /** @type {number} */ id,
      /** @type {number} */ length,
      /** @type {boolean} */ excInfo,
    ) => host.requests.startResponse(id, length, excInfo),
    write: dispatched(write),
    finish: dispatched(finish),
    // What another call follows at once.
    write_part: write,
    finish_part: finish,
    write_last: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.requests.writeLast(id, length, now()),
    early_hints: dispatched((/** @type {number} */ id, /** @type {number} */ length) =>
      host.requests.earlyHints(id, length),
    ),
    begin_file: (/** @type {number} */ id, /** @type {number} */ left) =>
      host.requests.beginFile(id, left, now()),
    end_file: (/** @type {number} */ id) => host.requests.endFile(id),
    set_changed: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.requests.setChanged(id, length),
    before_close: dispatched((/** @type {number} */ id) => host.requests.beforeClose(id, now())),
    flushed: dispatched((/** @type {number} */ id) => host.requests.flushed(id)),
    raised_wsgi: dispatched(
      (
        /** @type {number} */ id,
        /** @type {number} */ length,
        /** @type {Cause} */ cause,
        /** @type {number | undefined} */ errno,
        /** @type {boolean} */ iterating,
      ) => host.requests.raised(id, length, cause, errno, iterating, now()),
    ),
  };
}

/** @param {Host} host @param {Dispatched} dispatched */
function syncCalls(host, dispatched) {
  return {
    next_request: dispatched((/** @type {number} */ core) =>
      host.syncWorker.nextRequest(core, now()),
    ),
    next_request_or_yield: dispatched(() =>
      host.loop.receiveMessages() ? host.syncWorker.nextRequestOrYield(now()) : Reply.Turn,
    ),
    exit_code: () => host.syncWorker.exitCode(),
  };
}

/** @param {Host} host @param {Dispatched} dispatched */
function threadedCalls(host, dispatched) {
  return {
    next_connection: dispatched(() => host.threadedWorker.nextConnection(now())),
    connection_request: dispatched((/** @type {number} */ id) =>
      host.threadedWorker.connectionRequest(id, now()),
    ),
    end_request: dispatched((/** @type {number} */ id) =>
      host.threadedWorker.endRequest(id, now()),
    ),
    release_connection: dispatched((/** @type {number} */ id) =>
      host.threadedWorker.releaseConnection(id, now()),
    ),
    stop: () => host.threadedWorker.stop(),
    early_signal: () => host.threadedWorker.earlySignal(),
  };
}

/** @param {Host} host @param {Dispatched} dispatched */
function asyncCalls(host, dispatched) {
  return {
    set_polling: dispatched((/** @type {boolean} */ polling) =>
      host.asyncWorker.setPolling(polling, now()),
    ),
    next_event: () => {
      const event = host.asyncWorker.nextEvent(now());
      // A loop that has callbacks does not wait: what it has asked for, to accept say, leaves
      // before them.
      if (event === Reply.Nothing || event === Reply.Turn) host.loop.dispatch();
      return event;
    },
    receive: dispatched((/** @type {number} */ id) => host.asyncWorker.receive(id, now())),
    send_start: (
      /** @type {number} */ id,
      /** @type {number} */ status,
      /** @type {number} */ length,
    ) => host.asyncWorker.sendStart(id, status, length),
    scope_changed: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.asyncWorker.scopeChanged(id, length),
    send_start_failed: dispatched(
      (/** @type {number} */ id, /** @type {number | undefined} */ status) =>
        host.asyncWorker.sendStartFailed(id, status),
    ),
    send_body: dispatched(
      (
        /** @type {number} */ id,
        /** @type {number} */ length,
        /** @type {number} */ rest,
        /** @type {boolean} */ more,
      ) => host.asyncWorker.sendBody(id, length, rest, more, now()),
    ),
    send_other: (/** @type {number} */ id, /** @type {number} */ length) =>
      host.asyncWorker.sendOther(id, length),
    returned: dispatched((/** @type {number} */ id, /** @type {number | undefined} */ length) =>
      host.asyncWorker.returned(id, length, now()),
    ),
    raised_asgi: dispatched((/** @type {number} */ id, /** @type {number} */ length) =>
      host.asyncWorker.raised(id, length, now()),
    ),
    socket_receive: dispatched((/** @type {number} */ id) =>
      host.asyncWorker.socketReceive(id, now()),
    ),
    socket_rest: () => host.asyncWorker.socketRest(),
    socket_send: dispatched(
      (
        /** @type {number} */ id,
        /** @type {SocketEvent} */ event,
        /** @type {number} */ number,
        /** @type {number} */ length,
        /** @type {number} */ rest,
      ) => host.asyncWorker.socketSend(id, event, number, length, rest, now()),
    ),
    socket_lost: dispatched((/** @type {number} */ id) => host.asyncWorker.socketLost(id, now())),
    socket_returned: dispatched(
      (/** @type {number} */ id, /** @type {number | undefined} */ length) =>
        host.asyncWorker.socketReturned(id, length, now()),
    ),
    socket_raised: dispatched(
      (/** @type {number} */ id, /** @type {number | undefined} */ length) =>
        host.asyncWorker.socketRaised(id, length, now()),
    ),
    close_listeners: dispatched(() => host.asyncWorker.closeListeners(now())),
    connections: () => host.asyncWorker.connections(),
    total: () => host.asyncWorker.total(),
  };
}

/** Nothing more runs here: the machine ends this worker as soon as it hears of the exit. */
function halt() {
  const forever = crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4)) : null;
  for (;;) if (forever) Atomics.wait(forever, 0, 0);
}
