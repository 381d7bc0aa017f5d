// The frames of src/net/frame.rs and the runs of strings of src/gateway/encoding.rs, for JavaScript.

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
const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** Frames that wait to be sent together. */
export class Outgoing {
  /** @param {(message: Uint8Array<ArrayBuffer>) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {{ kind: number, id: number, body: Uint8Array }[]} */
    this.frames = [];
    this.length = 0;
  }

  /**
   * Appends a frame; all frames of one turn leave in one message.
   * @param {number} kind
   * @param {number} id
   * @param {Uint8Array} [body]
   */
  push(kind, id, body = EMPTY) {
    if (this.frames.length === 0) queueMicrotask(() => this.flush());
    this.frames.push({ kind, id, body });
    this.length += HEADER + body.length;
  }

  /** Sends what waits. */
  flush() {
    if (this.frames.length === 0) return;
    const message = new Uint8Array(this.length);
    const view = new DataView(message.buffer);
    let at = 0;
    for (const { kind, id, body } of this.frames) {
      message[at] = kind;
      view.setUint32(at + 1, id, true);
      view.setUint32(at + 5, body.length, true);
      message.set(body, at + HEADER);
      at += HEADER + body.length;
    }
    this.frames = [];
    this.length = 0;
    this.send(message);
  }
}

/**
 * Calls `visit` for each frame of a message.
 * @param {Uint8Array} message
 * @param {(kind: number, id: number, body: Uint8Array) => void} visit
 */
export function readFrames(message, visit) {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  while (at + HEADER <= message.length) {
    const end = at + HEADER + view.getUint32(at + 5, true);
    visit(message[at], view.getUint32(at + 1, true), message.subarray(at + HEADER, end));
    at = end;
  }
}

/**
 * A u32 as a frame's body.
 * @param {number} value
 */
export function number(value) {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, value, true);
  return body;
}

/**
 * @param {Uint8Array} body
 * @returns {number}
 */
export function readNumber(body) {
  return new DataView(body.buffer, body.byteOffset).getUint32(0, true);
}

/** Set in the first number of a run whose strings are told apart by their lengths. */
const COUNTED = 0x8000_0000;

/**
 * Strings as one run: the length of their text, then the text with NULs between them, as UTF-8.
 * @param {string[]} strings none of them with a NUL: a request has none
 */
export function run(strings) {
  const text = strings.join("\0");
  let bytes = new Uint8Array(4 + text.length);
  const { read } = encoder.encodeInto(text, bytes.subarray(4));
  if (read < text.length) {
    const encoded = encoder.encode(text);
    bytes = new Uint8Array(4 + encoded.length);
    bytes.set(encoded, 4);
  }
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4, true);
  return bytes;
}

/**
 * The strings of a run, one character per byte (latin-1), as HTTP has them.
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
export function readRun(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(0, true);
  if (first < COUNTED) return latin1(bytes.subarray(4, 4 + first)).split("\0");
  const count = first - COUNTED;
  const start = 4 + 4 * count;
  const text = latin1(bytes.subarray(start));
  const strings = new Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + view.getUint32(4 + 4 * index, true);
    strings[index] = text.slice(at, end);
    at = end;
  }
  return strings;
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  return String.fromCharCode.apply(null, /** @type {any} */ (bytes));
}
