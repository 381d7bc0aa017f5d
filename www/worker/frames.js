// The frames of src/net/frame.rs and the runs of strings of src/gateway/encoding.rs, for
// JavaScript.

/** Kinds, see `net::frame::Kind`. */
export const Kind = Object.freeze({
  Data: 6,
  Eof: 7,
  Reset: 8,
  Credit: 9,
  Spans: 25,
  Fetch: 40,
  Connect: 41,
  Head: 42,
});

const HEADER = 9;
/**
 * A buffer for what goes out is kept at this size: to make one for each message costs more than to
 * fill it.
 */
const KEPT = 8192;
const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** Frames that wait to be sent together. */
export class Outgoing {
  /**
   * @param {(message: Uint8Array<ArrayBuffer>) => void} send gets a view, which is good until it
   * returns
   */
  constructor(send) {
    this.send = send;
    this.bytes = new Uint8Array(KEPT);
    this.length = 0;
    this.flush = this.flush.bind(this);
  }

  /**
   * Appends a frame; all frames of one turn leave in one message.
   * @param {number} kind
   * @param {number} id
   * @param {Uint8Array} [body]
   */
  push(kind, id, body = EMPTY) {
    if (this.length === 0) queueMicrotask(this.flush);
    const at = this.length;
    this.length = at + HEADER + body.length;
    if (this.length > this.bytes.length) {
      // A message that fills its buffer need not be copied once more to be posted.
      const larger = new Uint8Array(body.length > KEPT ? this.length : 2 * this.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[at] = kind;
    putNumber(this.bytes, at + 1, id);
    putNumber(this.bytes, at + 5, body.length);
    this.bytes.set(body, at + HEADER);
  }

  /** Sends what waits. */
  flush() {
    if (this.length === 0) return;
    const message = this.bytes.subarray(0, this.length);
    this.length = 0;
    // Who posts a large one takes its buffer.
    if (this.bytes.length > KEPT) this.bytes = new Uint8Array(KEPT);
    this.send(message);
  }
}

/**
 * Calls `visit` for each frame of a message.
 * @param {Uint8Array} message
 * @param {(kind: number, id: number, body: Uint8Array) => void} visit
 */
export function readFrames(message, visit) {
  let at = 0;
  while (at + HEADER <= message.length) {
    const end = at + HEADER + numberAt(message, at + 5);
    visit(message[at], numberAt(message, at + 1), message.subarray(at + HEADER, end));
    at = end;
  }
}

/**
 * A u32 as a frame's body.
 * @param {number} value
 */
export function number(value) {
  const body = new Uint8Array(4);
  putNumber(body, 0, value);
  return body;
}

/**
 * @param {Uint8Array} body
 * @returns {number}
 */
export function readNumber(body) {
  return numberAt(body, 0);
}

// A DataView would have to be made for each message: that takes longer than the few numbers in it.

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function numberAt(bytes, at) {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} value
 */
function putNumber(bytes, at, value) {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Set in the first number of a run whose strings are told apart by their lengths. */
const COUNTED = 0x8000_0000;

/** The last run: requests are often alike. */
let lastText = "";
let lastRun = EMPTY;

/**
 * Strings as one run: the length of their text, then the text with NULs between them, as UTF-8.
 * @param {string[]} strings none of them with a NUL: a request has none
 * @returns {Uint8Array} not to be changed
 */
export function run(strings) {
  const text = strings.join("\0");
  if (lastRun === EMPTY || text !== lastText) {
    lastRun = encoded(text);
    lastText = text;
  }
  return lastRun;
}

/** @param {string} text */
function encoded(text) {
  let bytes = new Uint8Array(4 + text.length);
  const { read } = encoder.encodeInto(text, bytes.subarray(4));
  if (read < text.length) {
    const whole = encoder.encode(text);
    bytes = new Uint8Array(4 + whole.length);
    bytes.set(whole, 4);
  }
  putNumber(bytes, 0, bytes.length - 4);
  return bytes;
}

/**
 * The strings of a run, one character per byte (latin-1), as HTTP has them.
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
export function readRun(bytes) {
  const first = numberAt(bytes, 0);
  if (first < COUNTED) return latin1(bytes.subarray(4, 4 + first)).split("\0");
  const count = first - COUNTED;
  const start = 4 + 4 * count;
  const text = latin1(bytes.subarray(start));
  const strings = new Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + numberAt(bytes, 4 + 4 * index);
    strings[index] = text.slice(at, end);
    at = end;
  }
  return strings;
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return String.fromCharCode.apply(null, /** @type {any} */ (bytes));
}
