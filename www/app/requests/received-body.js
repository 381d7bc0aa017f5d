import { hexDump } from "./hex-dump.js";

/** Media types whose body is text though they are not `text/*`. */
const TEXTUAL =
  /^(?:text\/|application\/(?:json|xml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson|problem\+)|image\/svg)|[+/](?:json|xml)$/i;

const NOTHING = new Uint8Array();

/** A response's body as it is shown: as text, or as a hex dump if it is binary. */
export class ReceivedBody {
  /** Bytes received. */
  bytes = 0;
  /** What there is to show, in pieces, so that a view can append what is new. @type {string[]} */
  pieces = [];
  binary = false;
  /** The body is longer than what is kept. */
  cut = false;
  /** @type {TextDecoder | null} null for a binary body */
  #decoder = null;
  #kept = 0;
  /** What does not fill a line of the hex dump yet. */
  #rest = NOTHING;

  /** @param {number} limit bytes to keep */
  constructor(limit) {
    this.limit = limit;
  }

  /** @param {Uint8Array} bytes @param {string} contentType the response's, or "" */
  add(bytes, contentType) {
    if (this.bytes === 0) this.#chooseForm(bytes, contentType);
    this.bytes += bytes.length;
    const room = this.limit - this.#kept;
    if (bytes.length > room) this.cut = true;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    this.#kept += kept.length;
    if (this.#decoder) this.pieces.push(this.#decoder.decode(kept, { stream: true }));
    else this.#dump(kept);
  }

  /** No more bytes come. */
  end() {
    if (this.#decoder) this.pieces.push(this.#decoder.decode());
    else if (this.#rest.length)
      this.pieces.push(hexDump(this.#rest, this.#kept - this.#rest.length));
  }

  /** @param {Uint8Array} bytes */
  #dump(bytes) {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    const whole = joined.length - (joined.length % 16);
    this.pieces.push(hexDump(joined.subarray(0, whole), this.#kept - joined.length));
    this.#rest = joined.slice(whole);
  }

  /**
   * What the media type says; where it says nothing, what the first bytes look like.
   * @param {Uint8Array} first
   * @param {string} contentType
   */
  #chooseForm(first, contentType) {
    const type = contentType.split(";")[0].trim();
    this.binary = type === "" ? first.subarray(0, 512).includes(0) : !TEXTUAL.test(type);
    if (this.binary) return;
    const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
    try {
      this.#decoder = new TextDecoder(charset);
    } catch {
      this.#decoder = new TextDecoder();
    }
  }
}
