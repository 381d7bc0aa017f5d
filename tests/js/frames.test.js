import assert from "node:assert/strict";
import { test } from "node:test";

import { Outgoing, number, readFrames, readNumber } from "../../www/wire/frames.js";

/** Kinds as any link may have them. */
const Kind = { Data: 6, Eof: 7, Credit: 9 };

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

test("the layout is the one of crates/wire/src/frame.rs", () => {
  /** @type {Uint8Array[]} */
  const sent = [];
  const outgoing = new Outgoing((message) => sent.push(message));
  outgoing.push(Kind.Data, 0x01020304, new Uint8Array([0x68, 0x69]));
  outgoing.flush();
  assert.deepEqual([...sent[0]], [6, 4, 3, 2, 1, 2, 0, 0, 0, 0x68, 0x69]);
});

test("a message that ends inside a frame is an error", () => {
  /** @type {Uint8Array[]} */
  const sent = [];
  const outgoing = new Outgoing((message) => sent.push(message));
  outgoing.push(Kind.Credit, 1, number(1));
  outgoing.flush();
  for (const length of [4, sent[0].length - 1])
    assert.throws(() => readFrames(sent[0].slice(0, length), () => {}), RangeError);
});

test("a message that has become large leaves before its turn ends", () => {
  /** @type {number[]} */
  const sent = [];
  const outgoing = new Outgoing((message) => sent.push(message.length), 100);
  outgoing.push(Kind.Data, 1, new Uint8Array(50));
  assert.deepEqual(sent, []);
  outgoing.push(Kind.Data, 1, new Uint8Array(50));
  assert.deepEqual(sent, [118]);
});
