import { hexDump } from "../ui/format.js";

/**
 * A request as the request bar describes it.
 *
 * @typedef {object} RequestDescription
 * @property {string} method
 * @property {string} path
 * @property {[string, string][]} headers
 * @property {BodyInit | null} body
 *
 * @typedef {"waiting" | "receiving" | "done" | "failed" | "cancelled"} Progress
 */

/** @import { ServerLike } from "../types.js" */

/** How much of a body is kept for the screen (bytes); of the rest only the length. */
const KEPT_ALONE = 1_000_000;
const KEPT_IN_BURST = 64_000;

/** Media types whose body is text though they are not `text/*`. */
const TEXTUAL =
  /^(?:text\/|application\/(?:json|xml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson|problem\+)|image\/svg)|[+/](?:json|xml)$/i;

/**
 * One exchange: what was sent, and what has come back so far. Times are `performance.now()` of this
 * page.
 */
export class Exchange {
  /** @type {Progress} */
  progress = "waiting";
  /** @type {number | null} the machine's number for it, which the trace uses too */
  request = null;
  status = 0;
  statusText = "";
  /** @type {[string, string][]} */
  headers = [];
  started = 0;
  /** @type {number | null} */
  headersAt = null;
  /** @type {number | null} */
  ended = null;
  /** Bytes received. */
  bytes = 0;
  /**
   * Body text so far (a hex dump if it is binary), as pieces, so that a view can append what is
   * new.
   * @type {string[]}
   */
  pieces = [];
  binary = false;
  /** The body is longer than what is kept. */
  cut = false;
  error = "";
  #kept = 0;
  /** @type {TextDecoder | null} */
  #decoder = null;
  #pendingHex = new Uint8Array();

  /** @param {RequestDescription} description @param {number} limit bytes of the body to keep */
  constructor(description, limit) {
    this.description = description;
    this.limit = limit;
  }

  /** Milliseconds from Send to the last byte (or the error), null while it runs. */
  get duration() {
    return this.ended === null ? null : this.ended - this.started;
  }

  get pending() {
    return this.ended === null;
  }

  get contentType() {
    return this.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  }

  /**
   * @param {ServerLike} server
   * @param {AbortSignal} signal
   * @param {() => void} changed called whenever there is something new to see
   */
  async send(server, signal, changed) {
    const { method, path, headers, body } = this.description;
    this.started = performance.now();
    try {
      const response = await server.fetch(path, { method, headers, body, signal });
      this.headersAt = performance.now();
      this.request = response.wasgi?.request ?? null;
      this.status = response.status;
      this.statusText = response.statusText;
      this.headers = response.wasgi?.headers ?? [...response.headers];
      this.progress = "receiving";
      changed();
      const reader = response.body?.getReader();
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) break;
        this.#receive(part.value);
        changed();
      }
      this.#finish();
      this.progress = "done";
    } catch (error) {
      this.progress = signal.aborted ? "cancelled" : "failed";
      this.error = signal.aborted
        ? "Cancelled."
        : error instanceof Error
          ? error.message || error.name
          : String(error);
    }
    this.ended = performance.now();
    changed();
  }

  /** @param {Uint8Array} bytes */
  #receive(bytes) {
    if (this.bytes === 0) this.#chooseForm(bytes);
    this.bytes += bytes.length;
    const room = this.limit - this.#kept;
    if (bytes.length > room) this.cut = true;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    this.#kept += kept.length;
    if (this.#decoder) {
      this.pieces.push(this.#decoder.decode(kept, { stream: true }));
    } else {
      const joined = new Uint8Array(this.#pendingHex.length + kept.length);
      joined.set(this.#pendingHex);
      joined.set(kept, this.#pendingHex.length);
      const whole = joined.length - (joined.length % 16);
      this.pieces.push(hexDump(joined.subarray(0, whole), this.#kept - joined.length));
      this.#pendingHex = joined.slice(whole);
    }
  }

  #finish() {
    if (this.#decoder) this.pieces.push(this.#decoder.decode());
    else if (this.#pendingHex.length)
      this.pieces.push(hexDump(this.#pendingHex, this.#kept - this.#pendingHex.length));
  }

  /**
   * Text or hex: what the media type says; where it says nothing, what the first bytes look like.
   * @param {Uint8Array} first
   */
  #chooseForm(first) {
    const type = this.contentType.split(";")[0].trim();
    this.binary = type === "" ? first.subarray(0, 512).includes(0) : !TEXTUAL.test(type);
    if (this.binary) return;
    const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(this.contentType)?.[1] ?? "utf-8";
    try {
      this.#decoder = new TextDecoder(charset);
    } catch {
      this.#decoder = new TextDecoder();
    }
  }
}

/** What one press of Send sent. */
export class Burst {
  #abort = new AbortController();
  /** @type {Exchange[]} */
  exchanges;

  /** @param {RequestDescription} description @param {number} times how many at once */
  constructor(description, times) {
    this.description = description;
    const limit = times === 1 ? KEPT_ALONE : KEPT_IN_BURST;
    this.exchanges = Array.from({ length: times }, () => new Exchange(description, limit));
  }

  get pending() {
    return this.exchanges.filter((exchange) => exchange.pending).length;
  }

  /** @param {ServerLike} server @param {() => void} changed */
  async send(server, changed) {
    await Promise.all(
      this.exchanges.map((exchange) => exchange.send(server, this.#abort.signal, changed)),
    );
  }

  cancel() {
    this.#abort.abort();
  }
}
