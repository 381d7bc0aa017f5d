import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Kind,
  Outgoing,
  number,
  readFrames,
  readNumber,
  readRun,
  run,
} from "../../www/worker/frames.js";

test("the frames of one turn leave in one message and are read back in order", async () => {
  /** @type {Uint8Array[]} */
  const sent = [];
  const outgoing = new Outgoing((message) => sent.push(message));
  outgoing.push(Kind.Data, 7, new Uint8Array([1, 2, 3]));
  outgoing.push(Kind.Eof, 7);
  outgoing.push(Kind.Credit, 8, number(70_000));
  assert.equal(sent.length, 0);
  await Promise.resolve();
  assert.equal(sent.length, 1);
  /** @type {[number, number, number[]][]} */
  const read = [];
  readFrames(sent[0], (kind, id, body) => read.push([kind, id, [...body]]));
  assert.deepEqual(read.slice(0, 2), [
    [Kind.Data, 7, [1, 2, 3]],
    [Kind.Eof, 7, []],
  ]);
  assert.equal(readNumber(new Uint8Array(read[2][2])), 70_000);
});

test("frames of any size leave as they were when they were pushed", () => {
  /** @type {[number, number, Uint8Array][]} */
  const read = [];
  const outgoing = new Outgoing((message) =>
    readFrames(
      structuredClone(message, { transfer: message.length > 8192 ? [message.buffer] : [] }),
      (...frame) => read.push(frame),
    ),
  );
  const sizes = [0, 1, 5000, 5000, 100_000, 3, 262_144, 8192 - 9];
  for (const [id, size] of sizes.entries()) {
    const body = new Uint8Array(size).fill(id);
    outgoing.push(Kind.Data, id, body);
    body.fill(255);
    if (id > 3) outgoing.flush();
  }
  assert.deepEqual(
    read.map(([, id, body]) => [id, body.length, body.every((byte) => byte === id)]),
    sizes.map((size, id) => [id, size, true]),
  );
});

test("a run of strings is read back as it was written", () => {
  const strings = ["8000", "GET", "/a?b=c", "", "Accept", "*/*"];
  assert.deepEqual(readRun(run(strings)), strings);
  assert.deepEqual(readRun(run([...strings])), strings);
  assert.deepEqual(readRun(run(["8000", "PUT"])), ["8000", "PUT"]);
});

test("strings beyond ASCII are sent as UTF-8, and read one character a byte as HTTP has them", () => {
  const read = readRun(run(["x-name", "é€", "after"]));
  assert.deepEqual(read, ["x-name", "\u00c3\u00a9\u00e2\u0082\u00ac", "after"]);
});

test("strings that have NULs in them come behind their lengths, and so do none", () => {
  const words = new Uint32Array([0x8000_0002, 3, 1]);
  const bytes = new Uint8Array([...new Uint8Array(words.buffer), 97, 0, 98, 99]);
  assert.deepEqual(readRun(bytes), ["a\0b", "c"]);
  assert.deepEqual(readRun(bytes.slice(0, 4).with(0, 0)), []);
});

test("one empty string is a run too", () => {
  assert.deepEqual(readRun(run([""])), [""]);
});
