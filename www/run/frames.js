/**
 * The frames that travel between `cargo xtask run` and its page, over one WebSocket.
 *
 * A WebSocket message holds one or more frames. A frame is a kind (1 byte), a connection (4 bytes,
 * little-endian; 0 where the frame is about none), the length of its payload (4 bytes,
 * little-endian) and the payload. `xtask/src/run/frame.rs` is the other end and says what each kind
 * means.
 */

/** The kinds of frames. */
export const Kind = Object.freeze({
  OPEN: 1,
  DATA: 2,
  EOF: 3,
  RESET: 4,
  CREDIT: 5,
  FILE: 6,
  WRITE_FILES: 7,
  START: 8,
  SIGNAL: 9,
  LOG: 10,
  READY: 11,
  EXIT: 12,
  FAILED: 13,
  REMOVE_FILE: 14,
});

/**
 * A frame: its kind, its connection, and its payload.
 * @typedef {{ kind: number, id: number, payload: Uint8Array }} Frame
 */

const HEADER = 9;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Puts frames into one message.
 * @param {readonly Frame[]} frames in their order
 * @returns {Uint8Array<ArrayBuffer>} the message
 */
export function encode(frames) {
  const message = new Uint8Array(
    frames.reduce((length, { payload }) => length + HEADER + payload.length, 0),
  );
  const view = new DataView(message.buffer);
  let at = 0;
  for (const { kind, id, payload } of frames) {
    view.setUint8(at, kind);
    view.setUint32(at + 1, id, true);
    view.setUint32(at + 5, payload.length, true);
    message.set(payload, at + HEADER);
    at += HEADER + payload.length;
  }
  return message;
}

/**
 * Takes a message apart. Payloads share its memory.
 * @param {ArrayBuffer} message as it was received
 * @returns {Frame[]} its frames in their order
 * @throws {RangeError} if the message ends inside a frame
 */
export function decode(message) {
  const view = new DataView(message);
  const frames = [];
  for (let at = 0; at < message.byteLength;) {
    const kind = view.getUint8(at);
    const id = view.getUint32(at + 1, true);
    const length = view.getUint32(at + 5, true);
    frames.push({ kind, id, payload: new Uint8Array(message, at + HEADER, length) });
    at += HEADER + length;
  }
  return frames;
}

/**
 * A frame without a payload.
 * @param {number} kind one of {@link Kind}
 * @param {number} [id] the connection
 * @returns {Frame} the frame
 */
export function bare(kind, id = 0) {
  return { kind, id, payload: EMPTY };
}

/**
 * A frame whose payload is text.
 * @param {number} kind one of {@link Kind}
 * @param {string} text the payload
 * @returns {Frame} the frame
 */
export function text(kind, text) {
  return { kind, id: 0, payload: encoder.encode(text) };
}

/**
 * A grant of credit.
 * @param {number} id the connection
 * @param {number} bytes how many more bytes the other end may send
 * @returns {Frame} the frame
 */
export function credit(id, bytes) {
  return { kind: Kind.CREDIT, id, payload: fourBytes(bytes) };
}

/**
 * The server's exit.
 * @param {number} code its exit code
 * @returns {Frame} the frame
 */
export function exit(code) {
  return { kind: Kind.EXIT, id: 0, payload: fourBytes(code) };
}

/**
 * A line of the server's output.
 * @param {boolean} isError whether it went to standard error
 * @param {string} line without its line end
 * @returns {Frame} the frame
 */
export function log(isError, line) {
  const text = encoder.encode(line);
  const payload = new Uint8Array(1 + text.length);
  payload[0] = Number(isError);
  payload.set(text, 1);
  return { kind: Kind.LOG, id: 0, payload };
}

/**
 * Reads a payload that is one number (a window or a credit).
 * @param {Uint8Array} payload four bytes
 * @returns {number} the number
 */
export function numberOf(payload) {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0, true);
}

/**
 * Reads a payload that is text.
 * @param {Uint8Array} payload UTF-8
 * @returns {string} the text
 */
export function textOf(payload) {
  return decoder.decode(payload);
}

/**
 * Reads the payload of a file.
 * @param {Uint8Array} payload of {@link Kind}.FILE
 * @returns {{ path: string, contents: Uint8Array<ArrayBuffer> }} the file; its contents are a copy
 */
export function fileOf(payload) {
  const end = 4 + numberOf(payload);
  return {
    path: decoder.decode(payload.subarray(4, end)),
    contents: new Uint8Array(payload.subarray(end)),
  };
}

/**
 * @param {number} number signed or unsigned
 * @returns {Uint8Array} the number, little-endian
 */
function fourBytes(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}
