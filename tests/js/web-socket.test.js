import assert from "node:assert/strict";
import { test } from "node:test";

import { FromPage } from "../../www/api/kinds.js";
import { ServerWebSocket } from "../../www/api/web-socket.js";
import { readNumber } from "../../www/wire/frames.js";
import { encodeStrings, readStrings } from "../../www/wire/strings.js";

const encoder = new TextEncoder();

/** @typedef {{ kind: number, id: number, body: Uint8Array }} Frame */

/**
 * A WebSocket and what it has told the machine.
 * @param {string | URL} path
 * @param {string | string[]} [protocols]
 * @param {import("../../www/api/web-socket.js").SocketOptions} [options]
 */
function socketTo(path, protocols = [], options = {}) {
  /** @type {Frame[]} */
  const frames = [];
  const outgoing = /** @type {any} */ ({
    /** @param {number} kind @param {number} id @param {Uint8Array} [body] */
    push: (kind, id, body = new Uint8Array(0)) => frames.push({ kind, id, body: body.slice() }),
  });
  const link = { outgoing, done: () => {} };
  const socket = new ServerWebSocket(5, 8000, path, protocols, options, link);
  const [opening] = frames.splice(0);
  return { socket, frames, opening: readStrings(opening.body) };
}

/** @param {string[]} [agreed] */
function openSocket(agreed = ["7", "", ""]) {
  const made = socketTo("/ws");
  made.socket.head(encodeStrings(agreed));
  return made;
}

/** @param {EventTarget} socket */
function events(socket) {
  /** @type {any[]} */
  const seen = [];
  for (const type of ["open", "message", "error", "close"])
    socket.addEventListener(type, (event) => seen.push(event));
  return seen;
}

test("what was dispatched is told of, so that the server may send more", () => {
  const { socket, frames } = openSocket();
  for (let count = 0; count < 7; count++) socket.taken(10_000);
  assert.deepEqual(
    frames.map(({ kind, body }) => [kind, readNumber(body)]),
    [[FromPage.Credit, 7 * 10_009]],
  );
});

test("a path, a URL of http or of ws may be opened", () => {
  for (const path of ["/a b?x#y", "http://elsewhere/a%20b?x", "ws://elsewhere/a%20b?x"]) {
    const { socket, opening } = socketTo(path);
    assert.equal(socket.url, "ws://127.0.0.1:8000/a%20b?x");
    assert.deepEqual(opening.slice(0, 2), ["8000", "/a%20b?x"]);
    assert.equal(opening[2].length, 24);
  }
});

test("subprotocols and header fields are sent", () => {
  const { opening } = socketTo("/", ["chat", "superchat"], { headers: { Cookie: "a=b" } });
  assert.deepEqual(opening.slice(3, 8), ["2", "chat", "superchat", "Host", "127.0.0.1:8000"]);
  const fields = opening.slice(8);
  assert.equal(fields[fields.indexOf("cookie") + 1], "a=b");
  assert.equal(fields[fields.indexOf("origin") + 1], "http://127.0.0.1:8000");
});

test("subprotocols that are none are refused", () => {
  for (const protocols of [["a", "a"], ["a", "A"], "a b", "", ["ü"]])
    assert.throws(() => socketTo("/", protocols), { name: "SyntaxError" });
});

test("it opens with what was agreed", () => {
  const { socket } = socketTo("/", "chat");
  const seen = events(socket);
  assert.equal(socket.readyState, socket.CONNECTING);
  socket.head(encodeStrings(["7", "chat", "permessage-deflate"]));
  assert.equal(socket.readyState, ServerWebSocket.OPEN);
  assert.deepEqual(
    [socket.protocol, socket.extensions, socket.wasgi.request, seen[0].type],
    ["chat", "permessage-deflate", 7, "open"],
  );
});

test("nothing is sent before it is open", () => {
  const { socket } = socketTo("/");
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
});

test("text, buffers and views are sent as they are, and count until they have left", () => {
  const { socket, frames } = openSocket();
  socket.send("hé\ud800");
  socket.send(new Uint8Array([1, 2, 3]).buffer);
  socket.send(new Uint8Array([1, 2, 3]).subarray(1));
  socket.send(/** @type {any} */ (12));
  assert.deepEqual(
    frames.map(({ kind, body }) => [kind, ...body]),
    [
      [FromPage.Text, ...encoder.encode("hé\ufffd")],
      [FromPage.Binary, 1, 2, 3],
      [FromPage.Binary, 2, 3],
      [FromPage.Text, 49, 50],
    ],
  );
  assert.equal(socket.bufferedAmount, 6 + 3 + 2 + 2);
  socket.grant(6);
  assert.equal(socket.bufferedAmount, 7);
});

test("a Blob keeps its place among messages, and before a close", async () => {
  const { socket, frames } = openSocket();
  socket.send(new Blob(["one"]));
  const later = new Uint8Array([2]);
  socket.send(later);
  later[0] = 9;
  socket.close(3000);
  assert.equal(socket.bufferedAmount, 4);
  assert.equal(frames.length, 0);
  while (frames.length < 3) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    frames.map(({ kind, body }) => [kind, ...body]),
    [
      [FromPage.Binary, ...encoder.encode("one")],
      [FromPage.Binary, 2],
      [FromPage.Close, 0x0b, 0xb8],
    ],
  );
});

test("messages come as text, Blob or ArrayBuffer", async () => {
  const { socket } = openSocket();
  const seen = events(socket);
  socket.text(encoder.encode("\ufeffhé"));
  socket.binary(new Uint8Array([1, 2]));
  socket.binaryType = "arraybuffer";
  socket.binaryType = /** @type {any} */ ("nonsense");
  socket.binary(new Uint8Array([3]));
  assert.equal(seen[0].data, "\ufeffhé");
  assert.equal(seen[0].origin, "ws://127.0.0.1:8000");
  assert.deepEqual([...new Uint8Array(await seen[1].data.arrayBuffer())], [1, 2]);
  assert.deepEqual([...new Uint8Array(seen[2].data)], [3]);
});

test("close checks code and reason", () => {
  const { socket, frames } = openSocket();
  for (const code of [0, 999, 1001, 1005, 2999, 5000, "x"])
    assert.throws(() => socket.close(/** @type {any} */ (code)), { name: "InvalidAccessError" });
  assert.throws(() => socket.close(1000, "é".repeat(62)), { name: "SyntaxError" });
  assert.equal(socket.readyState, socket.OPEN);
  socket.close(4999, "é".repeat(61));
  assert.equal(socket.readyState, socket.CLOSING);
  socket.close(1000);
  assert.deepEqual([...frames[0].body.subarray(0, 2)], [0x13, 0x87]);
  assert.equal(frames.length, 1);
});

test("a close without code has no body; a reason alone goes with 1000", () => {
  const plain = openSocket();
  plain.socket.close();
  assert.deepEqual([...plain.frames[0].body], []);
  const reasoned = openSocket();
  reasoned.socket.close(undefined, "x");
  assert.deepEqual([...reasoned.frames[0].body], [0x03, 0xe8, 120]);
});

test("what is sent while it closes counts as waiting and goes nowhere", () => {
  const { socket, frames } = openSocket();
  socket.close();
  socket.send("lost");
  assert.equal(frames.length, 1);
  assert.equal(socket.bufferedAmount, 4);
});

test("it closes once, as the machine says", () => {
  const { socket } = openSocket();
  const seen = events(socket);
  socket.closed(new Uint8Array([1, 0x03, 0xe9, ...encoder.encode("gone")]));
  socket.lost(new Error("too late"));
  const [close] = seen;
  assert.deepEqual(
    [seen.length, close.type, close.wasClean, close.code, close.reason, socket.readyState],
    [1, "close", true, 1001, "gone", socket.CLOSED],
  );
  socket.text(encoder.encode("late"));
  assert.equal(seen.length, 1);
});

test("a failure is an error and a close of 1006", () => {
  const { socket } = socketTo("/");
  const seen = events(socket);
  socket.lost(new Error("Unexpected response code: 403"));
  assert.deepEqual(
    seen.map((event) => event.type),
    ["error", "close"],
  );
  assert.equal(seen[0].message, "Unexpected response code: 403");
  assert.deepEqual([seen[1].code, seen[1].wasClean], [1006, false]);
});

test("handlers are properties too, and can be replaced and taken away", () => {
  const { socket } = socketTo("/");
  /** @type {string[]} */
  const calls = [];
  assert.equal(socket.onopen, null);
  socket.onopen = () => calls.push("first");
  socket.onopen = () => calls.push("second");
  socket.onclose = () => calls.push("close");
  socket.onclose = null;
  socket.head(encodeStrings(["1", "", ""]));
  socket.closed(new Uint8Array([1, 0x03, 0xe8]));
  assert.deepEqual(calls, ["second"]);
});
