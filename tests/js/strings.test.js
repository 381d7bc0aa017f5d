import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeStrings, readBytes, readStrings } from "../../www/wire/strings.js";

test("a list of strings is read back as it was written", () => {
  const strings = ["8000", "GET", "/a?b=c", "", "Accept", "*/*"];
  assert.deepEqual(readStrings(encodeStrings(strings)), strings);
  assert.deepEqual(readStrings(encodeStrings([...strings])), strings);
  assert.deepEqual(readStrings(encodeStrings(["8000", "PUT"])), ["8000", "PUT"]);
});

test("strings beyond ASCII are sent as UTF-8, and read one character a byte as HTTP has them", () => {
  const read = readStrings(encodeStrings(["x-name", "é€", "after"]));
  assert.deepEqual(read, ["x-name", "\u00c3\u00a9\u00e2\u0082\u00ac", "after"]);
});

test("strings that have NULs in them come behind their lengths, and so do none", () => {
  const words = new Uint32Array([0x8000_0002, 3, 1]);
  const bytes = new Uint8Array([...new Uint8Array(words.buffer), 97, 0, 98, 99]);
  assert.deepEqual(readStrings(bytes), ["a\0b", "c"]);
  assert.deepEqual(readStrings(bytes.slice(0, 4).with(0, 0)), []);
});

test("one empty string is a list too", () => {
  assert.deepEqual(readStrings(encodeStrings([""])), [""]);
});

test("the strings of a list can be read as their bytes", () => {
  const texts = (/** @type {Uint8Array} */ list) =>
    readBytes(list).map((bytes) => new TextDecoder().decode(bytes));
  assert.deepEqual(texts(encodeStrings(["gunicorn", "", "é", ""])), ["gunicorn", "", "é", ""]);
  assert.deepEqual(texts(encodeStrings([""])), [""]);
  const words = new Uint32Array([0x8000_0002, 3, 1]);
  const counted = new Uint8Array([...new Uint8Array(words.buffer), 97, 0, 98, 99]);
  assert.deepEqual(texts(counted), ["a\0b", "c"]);
});
