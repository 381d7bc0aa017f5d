// A running server: requests, its log, its signals.

import { Connection } from "./connection.js";
import { ConnectionLost, ConnectionRefused } from "./errors.js";
import { openEventSource } from "./event-source.js";
import { PendingFetch } from "./pending-fetch.js";
import { requestOf } from "./request.js";
import { FromPage, ToPage } from "./kinds.js";
import { number, readNumber } from "../wire/frames.js";
import { Requests } from "./requests.js";
import { Spans } from "./spans.js";
import { ServerWebSocket } from "./web-socket.js";

/**
 * @typedef {{ line: string, stream: "stdout" | "stderr", time: number }} LogEntry time is
 * milliseconds since the epoch
 */

const decoder = new TextDecoder();
/** Streams of all servers of a page share one space of ids. */
let nextStream = 1;

/**
 * Dispatches `log` (`detail`: LogEntry), `exit` (`detail`: `{ code }`), and `trace` when there is
 * something new in the trace.
 */
export class Server extends EventTarget {
  #id;
  #outgoing;
  #control;
  #port = 0;
  /** @type {Map<number, PendingFetch | PendingConnection | ServerWebSocket>} */
  #streams = new Map();
  /**
   * Those whose heads came with the message that is being taken.
   * @type {(PendingFetch | PendingConnection | ServerWebSocket)[]}
   */
  #headed = [];
  #spans = new Spans();
  #requests = new Requests();
  /** Something of the trace came with the message that is being taken. */
  #traced = false;
  /** @type {number | null} */
  #code = null;

  /**
   * @internal
   * @param {number} id
   * @param {string} command
   * @param {import("../wire/frames.js").Outgoing} outgoing
   * @param {(message: import("#wasgi_core").ToMachine) => void} control
   */
  constructor(id, command, outgoing, control) {
    super();
    this.#id = id;
    this.#outgoing = outgoing;
    this.#control = control;
    /** The command line. */
    this.command = command;
    /** Where it listens, like `http://127.0.0.1:8000`. */
    this.address = "";
  }

  /** The exit code, or null while it runs. */
  get code() {
    return this.#code;
  }

  /**
   * The Fetch API over the machine's network. The response has `wasgi`: `{ request, headers }`, the
   * request's number in the trace and all header fields as they came (the Fetch API hides
   * Set-Cookie).
   * @param {string | URL | Request} input a path, or a URL of which the path and query count
   * @param {RequestInit & {
   *   headers?: HeadersInit,
   *   onRequest?: (request: number) => void
   * }} [init] `onRequest` hears the request's number as soon as it is known, which may be before
   * there is a response
   * @returns {Promise<import("./response.js").ServerResponse>}
   */
  async fetch(input, init = {}) {
    const signal = init.signal ?? (input instanceof Request ? input.signal : null);
    signal?.throwIfAborted();
    const outgoing = requestOf(input, init, `127.0.0.1:${this.#port}`);
    const request = outgoing instanceof Promise ? await outgoing : outgoing;
    signal?.throwIfAborted();
    this.#refuseIfGone();
    const id = nextStream++;
    return new Promise((resolve, reject) => {
      const pending = new PendingFetch(id, request, this.#outgoing, {
        resolve,
        reject,
        done: () => this.#streams.delete(id),
        numbered: init.onRequest ?? null,
      });
      this.#streams.set(id, pending);
      pending.send(this.#port);
      if (signal) pending.abortWith(signal);
    });
  }

  /**
   * A bare connection.
   * @param {number} [port] the server's own by default
   * @returns {Promise<Connection>}
   */
  async connect(port = this.#port) {
    this.#refuseIfGone();
    const id = nextStream++;
    return new Promise((resolve, reject) => {
      const connection = new Connection(this.#outgoing, id, () => this.#streams.delete(id));
      this.#streams.set(id, new PendingConnection(connection, resolve, reject));
      this.#outgoing.push(FromPage.Connect, id, number(port));
    });
  }

  /**
   * A WebSocket: the browser's interface. Where nothing listens it fails as in a browser, with an
   * `error` and a `close`.
   * @param {string | URL} path a path, or a URL of which the path and query count
   * @param {string | string[]} [protocols] subprotocols to offer
   * @param {import("./web-socket.js").SocketOptions} [options]
   * @returns {ServerWebSocket}
   */
  webSocket(path, protocols = [], options = {}) {
    const id = nextStream++;
    const link = { outgoing: this.#outgoing, done: () => this.#streams.delete(id) };
    const socket = new ServerWebSocket(id, this.#port, path, protocols, options, link);
    this.#streams.set(id, socket);
    if (this.#code !== null) {
      const why = `The server has exited with code ${this.#code}: start it again.`;
      setTimeout(() => socket.lost(new ConnectionRefused(why)));
    }
    return socket;
  }

  /**
   * Server-sent events: the browser's EventSource interface, which asks again after a connection
   * has ended until it is closed or the server has exited.
   * @param {string | URL} path a path, or a URL of which the path and query count
   * @param {import("./event-source.js").EventSourceOptions} [options]
   */
  eventSource(path, options = {}) {
    return openEventSource(this, this.#port, path, options);
  }

  /**
   * Where the time of each request went: spans in milliseconds since the server's start.
   * @returns {import("./spans.js").Span[]}
   */
  trace() {
    return this.#spans.read();
  }

  /**
   * What has begun and not ended, as far as processes have told: spans whose end is Infinity. It is
   * told of what lasts for 100 ms.
   * @returns {import("./spans.js").Span[]}
   */
  underway() {
    return this.#spans.open().filter(({ request }) => !this.#requests.isOver(request));
  }

  /**
   * The requests of this page, from the moment they are sent.
   * @returns {import("./requests.js").RequestRecord[]}
   */
  requests() {
    return this.#requests.read();
  }

  /**
   * The present time by the clock of the trace: milliseconds since the server's start. NaN before
   * the first request.
   */
  get now() {
    return this.#requests.now;
  }

  /**
   * What is new in the trace; for one who keeps it.
   * @internal
   * @param {number} position what the last call returned; 0 at first
   */
  traceSince(position) {
    const requests = this.#requests.news();
    for (const { request, end } of requests) if (end !== null) this.#spans.over(request);
    return { ...this.#spans.since(position), open: this.#spans.open(), requests };
  }

  /**
   * Sends the master a signal.
   * @param {string} name like "HUP"
   */
  async signal(name) {
    this.#signal(name.toUpperCase().replace(/^SIG/, ""));
  }

  /**
   * Stops the server as SIGTERM does, or SIGINT where that would only reload it (uWSGI without
   * `--die-on-term`).
   * @returns {Promise<{ code: number }>}
   */
  async stop() {
    if (this.#code !== null) return { code: this.#code };
    const exited = new Promise((resolve) => this.addEventListener("exit", resolve, { once: true }));
    this.#signal(null);
    await exited;
    return { code: /** @type {number} */ (/** @type {unknown} */ (this.#code)) };
  }

  /** @param {string | null} name null: the one that ends this server, which the machine knows */
  #signal(name) {
    this.#control({ signal: { server: this.#id, name } });
  }

  #refuseIfGone() {
    if (this.#code !== null) {
      throw new ConnectionRefused(`The server has exited with code ${this.#code}: start it again.`);
    }
  }

  /** @internal @param {string} address @param {number} port */
  listening(address, port) {
    this.address = address;
    this.#port = port;
  }

  /** @internal @param {LogEntry} entry */
  logged(entry) {
    this.dispatchEvent(new CustomEvent("log", { detail: entry }));
  }

  /** @internal @param {number} code */
  exited(code) {
    if (this.#code !== null) return;
    this.#code = code;
    const error = new ConnectionLost(`The server exited with code ${code} before it answered.`);
    for (const stream of [...this.#streams.values()]) stream.lost(error);
    this.#streams.clear();
    this.dispatchEvent(new CustomEvent("exit", { detail: { code } }));
  }

  /**
   * Takes a frame from the machine.
   * @internal
   * @param {number} kind
   * @param {number} id
   * @param {Uint8Array} body good until this returns
   * @returns {boolean} whether it was for this server
   */
  receive(kind, id, body) {
    if (kind === ToPage.Spans || kind === ToPage.Requests) {
      if (id !== this.#id) return false;
      if (kind === ToPage.Spans) this.#spans.add(body);
      else this.#requests.add(body, this.#numbered);
      this.#traced = true;
      return true;
    }
    const stream = this.#streams.get(id);
    if (!stream) return false;
    if (stream instanceof ServerWebSocket) {
      receiveFor(stream, kind, body);
      return true;
    }
    if (kind === ToPage.Data) stream.data(body.slice());
    else if (kind === ToPage.Head) {
      stream.head(body);
      this.#headed.push(stream);
    } else if (kind === ToPage.Eof) stream.eof();
    else if (kind === ToPage.Credit) stream.grant(readNumber(body));
    else if (kind === ToPage.Refused) stream.lost(new ConnectionRefused(decoder.decode(body)));
    else if (kind === ToPage.Reset) stream.lost(new ConnectionLost(decoder.decode(body)));
    return true;
  }

  /** @param {number} stream @param {number} request its number in the trace */
  #numbered = (stream, request) => {
    const pending = this.#streams.get(stream);
    if (pending instanceof PendingFetch) pending.numbered(request);
  };

  /** @internal Ends of a message: responses that are already whole need no stream. */
  settle() {
    for (const stream of this.#headed.splice(0)) stream.settle();
    if (!this.#traced) return;
    this.#traced = false;
    this.dispatchEvent(new Event("trace"));
  }
}

/**
 * Takes a frame for a WebSocket.
 * @param {ServerWebSocket} socket
 * @param {number} kind
 * @param {Uint8Array} body
 */
function receiveFor(socket, kind, body) {
  if (kind === ToPage.Text || kind === ToPage.Binary) {
    if (kind === ToPage.Text) socket.text(body);
    else socket.binary(body);
    socket.taken(body.length);
  } else if (kind === ToPage.Head) socket.head(body);
  else if (kind === ToPage.Credit) socket.grant(readNumber(body));
  else if (kind === ToPage.Closed) socket.closed(body);
  else if (kind === ToPage.Refused) socket.lost(new ConnectionRefused(decoder.decode(body)));
  else if (kind === ToPage.Reset) socket.lost(new ConnectionLost(decoder.decode(body)));
}

/** A connection until the machine has said that it is there. */
class PendingConnection {
  /**
   * @param {Connection} connection
   * @param {(connection: Connection) => void} resolve
   * @param {(error: Error) => void} reject
   */
  constructor(connection, resolve, reject) {
    this.connection = connection;
    this.resolve = resolve;
    this.reject = reject;
  }

  head() {
    this.resolve(this.connection);
  }

  /** @param {Uint8Array} bytes */
  data(bytes) {
    this.connection.data(bytes);
  }

  eof() {
    this.connection.eof();
  }

  /** @param {number} bytes */
  grant(bytes) {
    this.connection.grant(bytes);
  }

  /** @param {Error} error */
  lost(error) {
    this.reject(error);
    this.connection.lost(error);
  }

  settle() {}
}
