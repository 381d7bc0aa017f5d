// Lists of strings in one buffer, as crates/wire/src/strings.rs has them: the length of the text,
// then the text, in which NULs separate the strings; or, where a string has a NUL in it or there is
// none, their number with the highest bit set, their lengths, their bytes.

import { numberAt, putNumber } from "./frames.js";

/** Set in the first number of a list whose strings are told apart by their lengths. */
const COUNTED = 0x8000_0000;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/** The last list: requests are often alike. */
let lastText = "";
let lastList = EMPTY;

/**
 * Strings as one list, in UTF-8.
 * @param {string[]} strings at least one, none of them with a NUL: a request has none
 * @returns {Uint8Array} not to be changed
 */
export function encodeStrings(strings) {
  const text = strings.join("\0");
  if (lastList === EMPTY || text !== lastText) {
    lastList = encoded(text);
    lastText = text;
  }
  return lastList;
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
 * The strings of a list, one character per byte (latin-1), as HTTP has them.
 * @param {Uint8Array} list
 * @returns {string[]}
 */
export function readStrings(list) {
  const first = numberAt(list, 0);
  if (first < COUNTED) return latin1(list.subarray(4, 4 + first)).split("\0");
  return [...parts(list, first - COUNTED)].map(latin1);
}

/**
 * The strings of a list, as their bytes.
 * @param {Uint8Array} list
 * @returns {Uint8Array[]} parts of the list
 */
export function readBytes(list) {
  const first = numberAt(list, 0);
  if (first >= COUNTED) return [...parts(list, first - COUNTED)];
  const strings = [];
  const text = list.subarray(4, 4 + first);
  for (let at = 0, end; at <= text.length; at = end + 1) {
    end = text.indexOf(0, at);
    if (end < 0) end = text.length;
    strings.push(text.subarray(at, end));
  }
  return strings;
}

/**
 * @param {Uint8Array} list
 * @param {number} count
 */
function* parts(list, count) {
  let at = 4 + 4 * count;
  for (let index = 0; index < count; index++) {
    const end = at + numberAt(list, 4 + 4 * index);
    yield list.subarray(at, end);
    at = end;
  }
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  // A spread takes longer.
  return String.fromCharCode.apply(null, /** @type {number[]} */ (/** @type {unknown} */ (bytes)));
}
