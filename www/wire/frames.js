// Messages of frames, as crates/wire/src/frame.rs has them: a frame is its kind (1 byte), an id (4
// bytes) and the length of its body (4 bytes), both little-endian, then the body. The kinds of each
// link are defined where they are used.

const HEADER = 9;
/**
 * A buffer for what goes out is kept at this size: to make one for each message costs more than to
 * fill it.
 */
const KEPT = 8192;
const EMPTY = new Uint8Array(0);

/** Frames that wait to be sent together. */
export class Outgoing {
  /**
   * @param {(message: Uint8Array<ArrayBuffer>) => void} send gets a view, which is good until it
   * returns
   * @param {number} [most] a message that has so many bytes leaves at once
   */
  constructor(send, most = Infinity) {
    this.send = send;
    this.most = most;
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
    if (this.length >= this.most) this.flush();
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
 * @param {(kind: number, id: number, body: Uint8Array) => void} visit gets the body as a part of
 * the message
 * @throws {RangeError} if the message ends inside a frame
 */
export function readFrames(message, visit) {
  for (let at = 0; at < message.length;) {
    const start = at + HEADER;
    const end = start + numberAt(message, at + 5);
    if (start > message.length || end > message.length)
      throw new RangeError("A message ends inside a frame.");
    visit(message[at], numberAt(message, at + 1), message.subarray(start, end));
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
 * The u32 at a place.
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export function numberAt(bytes, at) {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/**
 * Puts a u32 at a place.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} value
 */
export function putNumber(bytes, at, value) {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
