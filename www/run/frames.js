/**
 * What `cargo xtask run` and its page say to each other over one WebSocket, in the frames of
 * `www/wire/frames.js`. A frame's id is a connection, 0 where it is about none.
 * `xtask/src/run/frame.rs` is the other end and says what each kind means.
 */
import { number } from "../wire/frames.js";
import { readBytes } from "../wire/strings.js";

/** The kinds of frames to the page. */
export const ToPage = Object.freeze({
  OPEN: 1,
  DATA: 2,
  EOF: 3,
  RESET: 4,
  CREDIT: 5,
  FILE: 6,
  WRITE_FILES: 7,
  START: 8,
  SIGNAL: 9,
  REMOVE_FILE: 14,
});

/** The kinds of frames from the page. */
export const FromPage = Object.freeze({
  DATA: 2,
  EOF: 3,
  RESET: 4,
  CREDIT: 5,
  LOG: 10,
  READY: 11,
  EXIT: 12,
  FAILED: 13,
});

/**
 * A frame: its kind, its connection, and its payload.
 * @typedef {{ kind: number, id: number, payload: Uint8Array }} Frame
 */

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A frame without a payload.
 * @param {number} kind one of {@link FromPage}
 * @param {number} [id] the connection
 * @returns {Frame} the frame
 */
export function bare(kind, id = 0) {
  return { kind, id, payload: EMPTY };
}

/**
 * A frame whose payload is text.
 * @param {number} kind one of {@link FromPage}
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
  return { kind: FromPage.CREDIT, id, payload: number(bytes) };
}

/**
 * The server's exit.
 * @param {number} code its exit code
 * @returns {Frame} the frame
 */
export function exit(code) {
  return { kind: FromPage.EXIT, id: 0, payload: number(code) };
}

/**
 * A line of the server's output.
 * @param {boolean} isError whether it went to standard error
 * @param {string} line without its line end
 * @returns {Frame} the frame, whose id is the stream's number
 */
export function log(isError, line) {
  return { kind: FromPage.LOG, id: isError ? 2 : 1, payload: encoder.encode(line) };
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
 * Reads the payload of a command line.
 * @param {Uint8Array} payload of {@link ToPage}.START
 * @returns {string[]} its words
 */
export function wordsOf(payload) {
  return readBytes(payload).map(textOf);
}

/**
 * Reads the payload of a file.
 * @param {Uint8Array} payload of {@link ToPage}.FILE
 * @returns {{ path: string, contents: Uint8Array<ArrayBuffer> }} the file; its contents are a copy
 */
export function fileOf(payload) {
  const [path, contents] = readBytes(payload);
  return { path: textOf(path), contents: new Uint8Array(contents) };
}
