// The page's end of the bridge of `cargo xtask run`: its frames, and what goes back and forth on
// one connection.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Bridge } from "../../www/run/bridge.js";
import {
  Kind,
  bare,
  credit,
  decode,
  encode,
  exit,
  fileOf,
  log,
  numberOf,
  text,
  textOf,
} from "../../www/run/frames.js";

/** @import { Frame } from "../../www/run/frames.js" */

const bytes = (/** @type {string} */ string) => new TextEncoder().encode(string);

describe("frames", () => {
  test("frames of all kinds survive a batch, in their order", () => {
    const frames = [
      credit(7, 262144),
      { kind: Kind.DATA, id: 0xffffffff, payload: bytes("GET /") },
      bare(Kind.EOF, 7),
      log(true, "ä"),
      exit(-1),
      text(Kind.FAILED, "No."),
    ];
    assert.deepEqual(decode(encode(frames).buffer), frames);
  });

  test("the layout is the one of frame.rs", () => {
    const message = encode([{ kind: Kind.DATA, id: 0x01020304, payload: bytes("hi") }]);
    assert.deepEqual([...message], [2, 4, 3, 2, 1, 2, 0, 0, 0, 0x68, 0x69]);
    assert.deepEqual([...exit(-1).payload], [255, 255, 255, 255]);
    assert.deepEqual([...log(false, "a").payload], [0, 0x61]);
  });

  test("a message that ends inside a frame is an error", () => {
    const message = encode([credit(1, 1)]);
    assert.throws(() => decode(message.slice(0, -1).buffer), RangeError);
    assert.throws(() => decode(message.slice(0, 4).buffer), RangeError);
  });

  test("a file is its path and its contents", () => {
    const payload = new Uint8Array([2, 0, 0, 0, ...bytes("ä"), 0, 255]);
    const { path, contents } = fileOf(payload);
    assert.equal(path, "ä");
    assert.deepEqual([...contents], [0, 255]);
  });
});

/** A bridge, what it sent, and connections to a server that the test plays. */
function bridge() {
  /** @type {Frame[]} */
  const sent = [];
  /** @type {ReturnType<typeof connection>[]} */
  const connections = [];
  const bridge = new Bridge(
    (message) => sent.push(...decode(message.buffer)),
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
      bridge.receive({ kind: Kind.OPEN, id, payload: credit(id, window).payload });
    },
    receive: bridge.receive.bind(bridge),
    data: (/** @type {number} */ id, /** @type {string} */ string) => {
      bridge.receive({ kind: Kind.DATA, id, payload: bytes(string) });
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
      case Kind.DATA:
        return `${id} ${textOf(payload)}`;
      case Kind.CREDIT:
        return `${id} +${numberOf(payload)}`;
      default:
        return `${id} ${kind === Kind.EOF ? "FIN" : kind === Kind.RESET ? "RST" : kind}`;
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
    receive(bare(Kind.EOF, 1));
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
    receive(bare(Kind.RESET, 1));
    connections[1].server.reset();
    await settle();
    assert.deepEqual(connections[0].calls, ["RST"]);
    assert.deepEqual(shown(sent), ["2 RST"]);
  });

  test("a client that is gone before the server answers is gone for the server too", async () => {
    const { connections, open, receive } = bridge();
    open(1);
    receive(bare(Kind.RESET, 1));
    await settle();
    assert.deepEqual(connections[0].calls, ["RST"]);
  });

  test("frames of one turn share a message", async () => {
    /** @type {Frame[][]} */
    const messages = [];
    const bridge = new Bridge(
      (message) => messages.push(decode(message.buffer)),
      async () => Promise.reject(new Error("refused")),
    );
    for (const id of [1, 2, 3])
      bridge.receive({ kind: Kind.OPEN, id, payload: credit(id, 8).payload });
    await settle();
    assert.deepEqual(messages.map(shown), [["1 RST", "2 RST", "3 RST"]]);
  });
});
