// The page's end of the bridge of `cargo xtask run`: its frames, and what goes back and forth on
// one connection.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Bridge } from "../../www/run/bridge.js";
import {
  FromPage,
  ToPage,
  bare,
  credit,
  exit,
  fileOf,
  log,
  text,
  textOf,
  wordsOf,
} from "../../www/run/frames.js";
import { Outgoing, number, readFrames, readNumber } from "../../www/wire/frames.js";
import { encodeStrings } from "../../www/wire/strings.js";

/** @import { Frame } from "../../www/run/frames.js" */

const bytes = (/** @type {string} */ string) => new TextEncoder().encode(string);

/**
 * The frames of a message, whose payloads are copies.
 * @param {Uint8Array} message
 */
function decode(message) {
  /** @type {Frame[]} */
  const frames = [];
  readFrames(message, (kind, id, payload) => frames.push({ kind, id, payload: payload.slice() }));
  return frames;
}

describe("frames", () => {
  test("frames of all kinds survive a batch, in their order", () => {
    const frames = [
      credit(7, 262144),
      { kind: FromPage.DATA, id: 0xffffffff, payload: bytes("GET /") },
      bare(FromPage.EOF, 7),
      log(true, "ä"),
      exit(-1),
      text(FromPage.FAILED, "No."),
    ];
    /** @type {Frame[]} */
    const read = [];
    const outgoing = new Outgoing((message) => read.push(...decode(message)));
    for (const { kind, id, payload } of frames) outgoing.push(kind, id, payload);
    outgoing.flush();
    assert.deepEqual(read, frames);
  });

  test("the layout is the one of frame.rs", () => {
    assert.deepEqual([...exit(-1).payload], [255, 255, 255, 255]);
    const { id, payload } = log(false, "a");
    assert.deepEqual([id, ...payload], [1, 0x61]);
    assert.equal(log(true, "a").id, 2);
  });

  test("a file is its path and its contents", () => {
    const lengths = new Uint32Array([0x8000_0002, 2, 2]);
    const payload = new Uint8Array([...new Uint8Array(lengths.buffer), ...bytes("ä"), 0, 255]);
    const { path, contents } = fileOf(payload);
    assert.equal(path, "ä");
    assert.deepEqual([...contents], [0, 255]);
  });

  test("a command line is its words", () => {
    const words = ["gunicorn", "--access-logformat", "a ä", ""];
    assert.deepEqual(wordsOf(encodeStrings(words)), words);
  });
});

/** A bridge, what it sent, and connections to a server that the test plays. */
function bridge() {
  /** @type {Frame[]} */
  const sent = [];
  /** @type {ReturnType<typeof connection>[]} */
  const connections = [];
  const bridge = new Bridge(
    (message) => sent.push(...decode(message)),
    async () => {
      const made = connection();
      connections.push(made);
      return made;
    },
  );
  return {
    sent,
    connections,
    open: (/** @type {number} */ id, window = 8) => {
      bridge.receive({ kind: ToPage.OPEN, id, payload: number(window) });
    },
    receive: bridge.receive.bind(bridge),
    data: (/** @type {number} */ id, /** @type {string} */ string) => {
      bridge.receive({ kind: ToPage.DATA, id, payload: bytes(string) });
    },
  };
}

function connection() {
  /** @type {string[]} */
  const calls = [];
  /** @type {(() => void)[]} */
  const writes = [];
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let controller;
  return {
    calls,
    /** Lets the server take the oldest write. */
    take: () => writes.shift()?.(),
    readable: new ReadableStream({ start: (c) => void (controller = c) }),
    server: {
      send: (/** @type {string} */ string) => controller.enqueue(bytes(string)),
      end: () => controller.close(),
      reset: () => controller.error(new Error("reset")),
    },
    write: (/** @type {Uint8Array} */ data) => {
      calls.push(textOf(data));
      return new Promise((/** @type {(value?: undefined) => void} */ resolve) =>
        writes.push(resolve),
      );
    },
    end: () => void calls.push("FIN"),
    reset: () => void calls.push("RST"),
  };
}

/** Lets everything happen that waits for nothing. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const shown = (/** @type {Frame[]} */ frames) =>
  frames.map(({ kind, id, payload }) => {
    switch (kind) {
      case FromPage.DATA:
        return `${id} ${textOf(payload)}`;
      case FromPage.CREDIT:
        return `${id} +${readNumber(payload)}`;
      default:
        return `${id} ${kind === FromPage.EOF ? "FIN" : kind === FromPage.RESET ? "RST" : kind}`;
    }
  });

describe("a connection", () => {
  test("the server gets one piece after the other, and the client credit for what was taken", async () => {
    const { sent, connections, open, data } = bridge();
    open(1);
    data(1, "abcd");
    data(1, "efgh");
    await settle();
    const [{ calls, take }] = connections;
    assert.deepEqual(calls, ["abcd"]);
    assert.deepEqual(sent, []);
    take();
    await settle();
    assert.deepEqual(calls, ["abcd", "efgh"]);
    assert.deepEqual(shown(sent), ["1 +4"]);
  });

  test("the client gets no more than it has granted, and the rest later", async () => {
    const { sent, connections, open, receive } = bridge();
    open(1);
    await settle();
    const [{ server }] = connections;
    server.send("0123456789");
    server.send("ab");
    server.end();
    await settle();
    assert.deepEqual(shown(sent), ["1 01234567"]);
    receive(credit(1, 3));
    await settle();
    assert.deepEqual(shown(sent), ["1 01234567", "1 89", "1 a"]);
    receive(credit(1, 100));
    await settle();
    assert.deepEqual(shown(sent).slice(3), ["1 b", "1 FIN"]);
  });

  test("the client's end reaches the server after all that it sent", async () => {
    const { connections, open, data, receive } = bridge();
    open(1);
    data(1, "abc");
    receive(bare(ToPage.EOF, 1));
    await settle();
    const [{ calls, take }] = connections;
    assert.deepEqual(calls, ["abc"]);
    take();
    await settle();
    assert.deepEqual(calls, ["abc", "FIN"]);
  });

  test("a reset goes both ways", async () => {
    const { sent, connections, open, receive } = bridge();
    open(1);
    open(2);
    await settle();
    receive(bare(ToPage.RESET, 1));
    connections[1].server.reset();
    await settle();
    assert.deepEqual(connections[0].calls, ["RST"]);
    assert.deepEqual(shown(sent), ["2 RST"]);
  });

  test("a client that is gone before the server answers is gone for the server too", async () => {
    const { connections, open, receive } = bridge();
    open(1);
    receive(bare(ToPage.RESET, 1));
    await settle();
    assert.deepEqual(connections[0].calls, ["RST"]);
  });

  test("frames of one turn share a message", async () => {
    /** @type {Frame[][]} */
    const messages = [];
    const bridge = new Bridge(
      (message) => messages.push(decode(message)),
      async () => Promise.reject(new Error("refused")),
    );
    for (const id of [1, 2, 3]) bridge.receive({ kind: ToPage.OPEN, id, payload: number(8) });
    await settle();
    assert.deepEqual(messages.map(shown), [["1 RST", "2 RST", "3 RST"]]);
  });
});
