// The browser's WebSocket interface over the machine's network (WHATWG WebSockets Standard).

import { targetOf } from "./request.js";
import { FromPage } from "./kinds.js";
import { number } from "../wire/frames.js";
import { encodeStrings, readStrings } from "../wire/strings.js";

/**
 * What a WebSocket may be asked for beside subprotocols.
 * @typedef {object} SocketOptions
 * @property {HeadersInit} [headers] header fields of the handshake, such as cookies
 */

/**
 * @template {Event} E
 * @typedef {((event: E) => void) | null} Handler
 */

/** @typedef {{ outgoing: import("../wire/frames.js").Outgoing, done: () => void }} Link */

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** What a message's frame has besides its bytes: `wasgi_wire::frame::Header::SIZE`. */
const FRAME = 9;
/** Bytes of messages after which the machine is told that they were dispatched. */
const TOLD = 65_536;

/** A close frame carries so many bytes beside the code. */
const MOST_REASON = 123;
const ABNORMAL = 1006;
const NO_STATUS = 1005;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const EMPTY = new Uint8Array(0);

const encoder = new TextEncoder();
/** A byte order mark is a character like others. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** CloseEvent where there is none: outside of browsers. */
const CloseEventClass =
  globalThis.CloseEvent ??
  class extends Event {
    /** @param {string} type @param {CloseEventInit} init */
    constructor(type, { wasClean = false, code = 0, reason = "" } = {}) {
      super(type);
      Object.assign(this, { wasClean, code, reason });
    }
  };

/** ErrorEvent, likewise. */
const ErrorEventClass =
  globalThis.ErrorEvent ??
  class extends Event {
    /** @param {string} type @param {ErrorEventInit} init */
    constructor(type, { message = "" } = {}) {
      super(type);
      Object.assign(this, { message });
    }
  };

/**
 * A WebSocket to a server in the machine: the browser's interface, all of it. Dispatches `open`,
 * `message`, `error` (whose `message` says what went wrong) and `close`.
 */
export class ServerWebSocket extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;
  CONNECTING = CONNECTING;
  OPEN = OPEN;
  CLOSING = CLOSING;
  CLOSED = CLOSED;

  #id;
  #link;
  #url;
  #origin;
  #readyState = CONNECTING;
  #bufferedAmount = 0;
  #protocol = "";
  #extensions = "";
  /** @type {BinaryType} */
  #binaryType = "blob";
  /** Bytes of messages that were dispatched and of which the machine has not been told. */
  #taken = 0;
  /** The request's number in the trace, once it is open. */
  #request = 0;
  /** Ends when the Blobs that are to be sent have been read; null where there is none. */
  #reading = /** @type {Promise<void> | null} */ (null);
  /** @type {Map<string, { callback: EventListener | null, listener: EventListener }>} */
  #handlers = new Map();

  /**
   * @internal
   * @param {number} id the stream
   * @param {number} port
   * @param {string | URL} path
   * @param {string | string[]} protocols
   * @param {SocketOptions} options
   * @param {Link} link
   */
  constructor(id, port, path, protocols, options, link) {
    super();
    this.#id = id;
    this.#link = link;
    const names = typeof protocols === "string" ? [protocols] : Array.from(protocols, String);
    const distinct = new Set(names.map((name) => name.toLowerCase()));
    if (distinct.size < names.length || !names.every((name) => TOKEN.test(name)))
      throw new DOMException(
        `${JSON.stringify(names)} are no subprotocols: give distinct HTTP tokens.`,
        "SyntaxError",
      );
    const target = targetOf(String(path).replace(/^ws(?=s?:)/, "http"));
    const host = `127.0.0.1:${port}`;
    this.#url = `ws://${host}${target}`;
    this.#origin = `ws://${host}`;
    const headers = new Headers(options.headers);
    if (!headers.has("user-agent"))
      headers.set("User-Agent", globalThis.navigator?.userAgent ?? "");
    if (!headers.has("origin")) headers.set("Origin", `http://${host}`);
    const random = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) =>
      String.fromCharCode(byte & 0x7f || 1),
    );
    link.outgoing.push(
      FromPage.Socket,
      id,
      encodeStrings([
        String(port),
        target,
        random.join(""),
        String(names.length),
        ...names,
        "Host",
        host,
        ...[...headers].flat(),
      ]),
    );
  }

  /** Where it is connected to. */
  get url() {
    return this.#url;
  }

  /** CONNECTING, OPEN, CLOSING or CLOSED. */
  get readyState() {
    return this.#readyState;
  }

  /** Bytes that were sent and have not left the page's machine. */
  get bufferedAmount() {
    return this.#bufferedAmount;
  }

  /** The subprotocol that the server has chosen, "" where it has none. */
  get protocol() {
    return this.#protocol;
  }

  /** The extensions in use, "" where there are none. */
  get extensions() {
    return this.#extensions;
  }

  /** What binary messages come as: "blob" or "arraybuffer". */
  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(type) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** As `response.wasgi`: the request's number in the trace, 0 until it is open. */
  get wasgi() {
    return { request: this.#request };
  }

  /** @returns {Handler<Event>} */
  get onopen() {
    return /** @type {Handler<Event>} */ (this.#handler("open"));
  }

  set onopen(callback) {
    this.#setHandler("open", /** @type {EventListener | null} */ (callback));
  }

  /** @returns {Handler<MessageEvent>} */
  get onmessage() {
    return /** @type {Handler<MessageEvent>} */ (this.#handler("message"));
  }

  set onmessage(callback) {
    this.#setHandler("message", /** @type {EventListener | null} */ (callback));
  }

  /** @returns {Handler<ErrorEvent>} */
  get onerror() {
    return /** @type {Handler<ErrorEvent>} */ (this.#handler("error"));
  }

  set onerror(callback) {
    this.#setHandler("error", /** @type {EventListener | null} */ (callback));
  }

  /** @returns {Handler<CloseEvent>} */
  get onclose() {
    return /** @type {Handler<CloseEvent>} */ (this.#handler("close"));
  }

  set onclose(callback) {
    this.#setHandler("close", /** @type {EventListener | null} */ (callback));
  }

  /**
   * Sends a message: text, or bytes.
   * @param {string | ArrayBufferLike | ArrayBufferView | Blob} data
   */
  send(data) {
    if (this.#readyState === CONNECTING)
      throw new DOMException(
        "The WebSocket is still connecting: send when it is open.",
        "InvalidStateError",
      );
    // What is sent on a connection that closes counts as waiting, and goes nowhere.
    const goes = this.#readyState === OPEN;
    if (data instanceof Blob) {
      this.#bufferedAmount += data.size;
      if (!goes) return;
      this.#afterBlobs(async () => {
        const bytes = new Uint8Array(await data.arrayBuffer());
        this.#transmit(FromPage.Binary, bytes);
      });
      return;
    }
    const binary = bytesOf(data);
    const bytes = binary ?? encoder.encode(String(data).toWellFormed());
    this.#bufferedAmount += bytes.length;
    if (!goes) return;
    const kind = binary ? FromPage.Binary : FromPage.Text;
    if (this.#reading) {
      // Messages arrive in the order in which they were sent.
      const copy = bytes.slice();
      this.#afterBlobs(() => this.#transmit(kind, copy));
    } else this.#transmit(kind, bytes);
  }

  /**
   * Closes the connection.
   * @param {number} [code] 1000, or 3000 to 4999
   * @param {string} [reason] at most 123 bytes of UTF-8
   */
  close(code, reason) {
    const number = code === undefined ? undefined : clamped(code);
    if (number !== undefined && number !== 1000 && !(number >= 3000 && number <= 4999))
      throw new DOMException(
        `The close code ${number} is reserved: give 1000, or one from 3000 to 4999.`,
        "InvalidAccessError",
      );
    const text = reason === undefined ? EMPTY : encoder.encode(String(reason).toWellFormed());
    if (text.length > MOST_REASON)
      throw new DOMException(
        `The close reason has ${text.length} bytes: give at most ${MOST_REASON}.`,
        "SyntaxError",
      );
    if (this.#readyState === CLOSING || this.#readyState === CLOSED) return;
    const opened = this.#readyState === OPEN;
    this.#readyState = CLOSING;
    /** @type {Uint8Array} */
    let payload = EMPTY;
    if (number !== undefined || text.length > 0) {
      payload = new Uint8Array(2 + text.length);
      new DataView(payload.buffer).setUint16(0, number ?? 1000);
      payload.set(text, 2);
    }
    const close = () => this.#link.outgoing.push(FromPage.Close, this.#id, payload);
    if (opened && this.#reading) this.#afterBlobs(close);
    else close();
  }

  /** @param {() => void | Promise<void>} action */
  #afterBlobs(action) {
    const reading = (this.#reading ?? Promise.resolve()).then(action);
    this.#reading = reading;
    const settled = () => {
      if (this.#reading === reading) this.#reading = null;
    };
    reading.then(settled, settled);
  }

  /**
   * @param {number} kind
   * @param {Uint8Array} bytes
   */
  #transmit(kind, bytes) {
    if (this.#readyState !== CLOSED) this.#link.outgoing.push(kind, this.#id, bytes);
  }

  /** @param {string} type */
  #handler(type) {
    return this.#handlers.get(type)?.callback ?? null;
  }

  /**
   * @param {string} type
   * @param {any} callback
   */
  #setHandler(type, callback) {
    const known = this.#handlers.get(type);
    const next = typeof callback === "function" ? callback : null;
    if (known) {
      known.callback = next;
      return;
    }
    const handler = {
      callback: next,
      /** @param {Event} event */
      listener: (event) => handler.callback?.call(this, event),
    };
    this.#handlers.set(type, handler);
    this.addEventListener(type, handler.listener);
  }

  // --- what the machine says

  /** @internal @param {Uint8Array} body */
  head(body) {
    const [request, protocol, extensions] = readStrings(body);
    this.#request = Number(request);
    this.#protocol = protocol;
    this.#extensions = extensions;
    if (this.#readyState !== CONNECTING) return;
    this.#readyState = OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** @internal @param {Uint8Array} body */
  text(body) {
    this.#message(decoder.decode(body));
  }

  /** @internal @param {Uint8Array} body */
  binary(body) {
    const bytes = body.slice();
    this.#message(this.#binaryType === "blob" ? new Blob([bytes]) : bytes.buffer);
  }

  /** @param {unknown} data */
  #message(data) {
    if (this.#readyState !== OPEN) return;
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  /**
   * A message was dispatched: the server may send as much anew.
   * @internal
   * @param {number} length of its bytes
   */
  taken(length) {
    this.#taken += FRAME + length;
    if (this.#taken < TOLD) return;
    this.#link.outgoing.push(FromPage.Credit, this.#id, number(this.#taken));
    this.#taken = 0;
  }

  /** @internal @param {number} bytes */
  grant(bytes) {
    this.#bufferedAmount -= bytes;
  }

  /** @internal @param {Uint8Array} body */
  closed(body) {
    const [clean, high, low] = body;
    this.#end(clean === 1, (high << 8) | low, decoder.decode(body.subarray(3)));
  }

  /** @internal @param {Error} error */
  lost(error) {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSING;
    this.dispatchEvent(new ErrorEventClass("error", { message: error.message }));
    this.#end(false, ABNORMAL, "");
  }

  /** @internal */
  settle() {}

  /**
   * @param {boolean} wasClean
   * @param {number} code
   * @param {string} reason
   */
  #end(wasClean, code, reason) {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#link.done();
    const event = new CloseEventClass("close", { wasClean, code: code || NO_STATUS, reason });
    this.dispatchEvent(event);
  }
}

/**
 * The bytes of what is binary; null for anything else.
 * @param {unknown} data
 * @returns {Uint8Array | null}
 */
function bytesOf(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return null;
}

/**
 * Web IDL's `[Clamp] unsigned short`.
 * @param {unknown} value
 */
function clamped(value) {
  const number = Math.min(Math.max(Number(value), 0), 65535);
  return Number.isNaN(number) ? 0 : Math.round(number);
}
