import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EventList } from "../../www/app/requests/event-list.js";
import { bytesOfHex } from "../../www/app/sockets/hex.js";
import { SocketSession } from "../../www/app/sockets/socket-session.js";

const encoder = new TextEncoder();

/** A WebSocket that does what a test tells it. */
class FakeSocket {
  protocol = "";
  extensions = "";
  wasgi = { request: 7 };
  /** @type {(string | Uint8Array)[]} */
  sent = [];
  /** @type {(event?: any) => void} */
  onopen = () => {};
  /** @type {(event: any) => void} */
  onmessage = () => {};
  /** @type {(event: any) => void} */
  onerror = () => {};
  /** @type {(event: any) => void} */
  onclose = () => {};

  /** @param {string | Uint8Array} data */
  send(data) {
    this.sent.push(data);
  }

  close(code = 1000, reason = "") {
    this.onclose({ code, reason, wasClean: true });
  }
}

/**
 * A session that connects, its socket, and what the server was asked for.
 * @param {[string, string][]} [headers]
 */
function connect(headers = []) {
  const socket = new FakeSocket();
  const session = new SocketSession({ method: "WebSocket", path: "/ws", headers, body: null });
  const abort = new AbortController();
  /** @type {unknown[]} */
  let asked = [];
  const server = /** @type {any} */ ({
    webSocket: (/** @type {unknown[]} */ ...args) => ((asked = args), socket),
  });
  let changes = 0;
  const over = session.send(server, abort.signal, () => (changes += 1));
  return { socket, session, abort, over, asked, changes: () => changes };
}

describe("a WebSocket of the page", () => {
  test("is open, has messages, and is closed", async () => {
    const { socket, session, over, changes } = connect();
    assert.equal(session.progress, "waiting");
    socket.onopen();
    assert.deepEqual([session.progress, session.request], ["open", 7]);
    session.say("hi");
    socket.onmessage({ data: encoder.encode("hi").buffer });
    assert.deepEqual(
      session.messages.map(({ direction, bytes, binary }) => [direction, bytes, binary]),
      [
        ["sent", 2, false],
        ["received", 2, true],
      ],
    );
    assert.match(session.messages[1].text, /68 69/);
    assert.ok(changes() >= 3);
    session.close(4000, "enough");
    await over;
    assert.equal(session.progress, "closed");
    assert.deepEqual(session.closed, { code: 4000, reason: "enough", clean: true });
    assert.ok(session.duration !== null && !session.pending);
  });

  test("that never opens has failed, with the reason", async () => {
    const { socket, session, over } = connect();
    socket.onerror({ message: "Unexpected response code: 403" });
    socket.onclose({ code: 1006, reason: "", wasClean: false });
    await over;
    assert.deepEqual(
      [session.progress, session.error],
      ["failed", "Unexpected response code: 403"],
    );
  });

  test("offers the subprotocols of its header field", () => {
    const { asked } = connect([
      ["Sec-WebSocket-Protocol", "chat, superchat"],
      ["cookie", "a=b"],
    ]);
    assert.deepEqual(asked, ["/ws", ["chat", "superchat"], { headers: [["cookie", "a=b"]] }]);
  });

  test("is closed by Cancel, and says no more", async () => {
    const { socket, session, abort, over } = connect();
    socket.onopen();
    abort.abort();
    await over;
    session.say("late");
    assert.deepEqual(socket.sent, []);
    assert.equal(session.progress, "closed");
  });

  test("keeps the beginning of a large message, and its length", () => {
    const { socket, session } = connect();
    socket.onopen();
    socket.onmessage({ data: "x".repeat(100_000) });
    const [{ bytes, text }] = session.messages;
    assert.equal(bytes, 100_000);
    assert.ok(text.length < 20_000);
    assert.match(text, /of 100000 bytes/);
  });
});

test("hexadecimal digits are bytes, and anything else is none", () => {
  assert.deepEqual(bytesOfHex(" 68 69FF "), Uint8Array.of(0x68, 0x69, 0xff));
  assert.deepEqual(bytesOfHex(""), new Uint8Array());
  for (const wrong of ["6", "6 8 9", "xy", "0x68"]) assert.equal(bytesOfHex(wrong), null, wrong);
});

test("events are read as they come, and the newest are kept", () => {
  const list = new EventList();
  list.add(encoder.encode("event: tick\nid: 1\nda"));
  assert.equal(list.count, 0);
  list.add(encoder.encode("ta: one\n\ndata: é\n\n"));
  assert.deepEqual(
    list.kept.map(({ type, id, data }) => [type, id, data]),
    [
      ["tick", "1", "one"],
      ["message", "", "é"],
    ],
  );
  for (let number = 0; number < 1500; number += 1) list.add(encoder.encode("data: x\n\n"));
  assert.deepEqual([list.count, list.kept.length], [1502, 1000]);
});

test("which responses have events their type says", () => {
  for (const type of ["text/event-stream", "Text/Event-Stream; charset=utf-8"])
    assert.ok(EventList.has(type), type);
  for (const type of ["", "text/plain", "text/event-streams"])
    assert.ok(!EventList.has(type), type);
});
