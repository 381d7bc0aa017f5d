import { hexDump } from "./hex-dump.js";

/** Media types whose body is text though they are not `text/*`. */
const TEXTUAL =
  /^(?:text\/|application\/(?:json|xml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson|problem\+)|image\/svg)|[+/](?:json|xml)$/i;

/** A line of a hex dump shows so many bytes. */
const LINE = 16;

/** The bytes of a response's body as they came. What they look like, a `BodyReader` tells. */
export class ReceivedBody {
  /** Bytes received. */
  bytes = 0;
  /** Those that are kept. @type {Uint8Array[]} */
  parts = [];
  binary = false;
  /** How text is encoded. */
  charset = "utf-8";
  /** The body is longer than what is kept. */
  cut = false;
  /** No more bytes come. */
  ended = false;
  #kept = 0;

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
    const kept = bytes.length > room ? bytes.slice(0, room) : bytes;
    if (kept.length === 0) return;
    this.#kept += kept.length;
    this.parts.push(kept);
  }

  /** No more bytes come. */
  end() {
    this.ended = true;
  }

  /** All that is kept, as it is shown. */
  get text() {
    return new BodyReader(this).next(Infinity);
  }

  /**
   * What the media type says; where it says nothing, what the first bytes look like.
   * @param {Uint8Array} first
   * @param {string} contentType
   */
  #chooseForm(first, contentType) {
    const type = contentType.split(";")[0].trim();
    this.binary = type === "" ? first.subarray(0, 512).includes(0) : !TEXTUAL.test(type);
    this.charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  }
}

/** Reads a body from its beginning, as text, or as a hex dump if it is binary. */
export class BodyReader {
  #body;
  /** @type {TextDecoder | null} */
  #decoder = null;
  #part = 0;
  #at = 0;
  #offset = 0;
  #flushed = false;

  /** @param {ReceivedBody} body */
  constructor(body) {
    this.#body = body;
  }

  /** Whether there is more to be read by now. */
  get hasMore() {
    const { binary, ended } = this.#body;
    if (binary) return this.#rest() >= (ended ? 1 : LINE);
    // The decoder may hold the beginning of a character.
    return this.#rest() > 0 || (ended && this.#decoder !== null && !this.#flushed);
  }

  /** Bytes that were read. */
  get offset() {
    return this.#offset;
  }

  /**
   * @param {number} most bytes to read
   * @returns {string} what they look like; the last line of a hex dump comes when it is full, or
   * when the body has ended
   */
  next(most) {
    return this.#body.binary ? this.#nextLines(most) : this.#nextText(most);
  }

  /** @param {number} most */
  #nextText(most) {
    this.#decoder ??= decoderOf(this.#body.charset);
    let text = "";
    for (let left = most; left > 0;) {
      const bytes = this.#take(left);
      if (!bytes) break;
      left -= bytes.length;
      text += this.#decoder.decode(bytes, { stream: true });
    }
    if (this.#rest() === 0 && this.#body.ended && !this.#flushed) {
      this.#flushed = true;
      text += this.#decoder.decode();
    }
    return text;
  }

  /** @param {number} most */
  #nextLines(most) {
    const whole = this.#rest() - (this.#body.ended ? 0 : this.#rest() % LINE);
    const length = Math.min(whole, Math.max(LINE, Math.floor(most / LINE) * LINE));
    const offset = this.#offset;
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const part = this.#take(length - at);
      if (!part) break;
      bytes.set(part, at);
      at += part.length;
    }
    return hexDump(bytes, offset);
  }

  /** Bytes that are there and were not read. */
  #rest() {
    const { parts } = this.#body;
    let rest = -this.#at;
    for (let index = this.#part; index < parts.length; index += 1) rest += parts[index].length;
    return Math.max(0, rest);
  }

  /** @param {number} most @returns {Uint8Array | null} the next bytes of one part */
  #take(most) {
    const { parts } = this.#body;
    if (this.#part >= parts.length) return null;
    const part = parts[this.#part];
    const bytes = part.subarray(this.#at, this.#at + most);
    this.#at += bytes.length;
    this.#offset += bytes.length;
    if (this.#at === part.length) {
      this.#part += 1;
      this.#at = 0;
    }
    return bytes;
  }
}

/** @param {string} charset */
function decoderOf(charset) {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
