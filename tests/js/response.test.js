// A response whose body is there as a whole is a Response like any other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerResponse } from "../../www/api/response.js";

const text = (/** @type {string} */ string) => new TextEncoder().encode(string);
const response = (/** @type {BodyInit | null} */ body, headers = {}) =>
  new ServerResponse(body, { status: 201, headers }, "http://127.0.0.1/x", {
    request: 7,
    headers: [],
  });

/**
 * Every way to consume a body, and what it gives for "[1]".
 * @type {[string, (r: Response) => Promise<unknown>, unknown][]}
 */
const WAYS = [
  ["text", (r) => r.text(), "[1]"],
  ["json", (r) => r.json(), [1]],
  ["arrayBuffer", async (r) => [...new Uint8Array(await r.arrayBuffer())], [...text("[1]")]],
  ["blob", async (r) => (await r.blob()).text(), "[1]"],
  ["body", async (r) => new Response(r.body).text(), "[1]"],
  ["clone", (r) => r.clone().text(), "[1]"],
];

test("it is a Response, with what the server said and where", () => {
  const one = response(text("x"), { "x-a": "b" });
  assert.ok(one instanceof Response);
  assert.deepEqual([one.status, one.url, one.headers.get("x-a")], [201, "http://127.0.0.1/x", "b"]);
  assert.equal(one.wasgi.request, 7);
});

for (const [name, consume, expected] of WAYS) {
  test(`${name} gives a body that is there as a whole`, async () => {
    const one = response(text("[1]"));
    assert.equal(one.bodyUsed, false);
    assert.deepEqual(await consume(one), expected);
  });
  test(`${name} gives a body that is a stream`, async () => {
    assert.deepEqual(await consume(response(new Blob(["[1]"]).stream())), expected);
  });
}

for (const [first, consume] of WAYS.slice(0, 4)) {
  for (const [second, again] of WAYS) {
    if (second === "body") continue;
    test(`after ${first}, ${second} is refused: the body is used`, async () => {
      const one = response(text("[1]"));
      await consume(one);
      assert.equal(one.bodyUsed, true);
      await assert.rejects(async () => again(one), TypeError);
      assert.equal(one.bodyUsed, true);
    });
  }
}

test("the stream of a body that was taken has nothing, and counts as used", async () => {
  const one = response(text("[1]"));
  await one.text();
  const { done } = await /** @type {ReadableStream} */ (one.body).getReader().read();
  assert.equal(done, true);
  assert.equal(one.bodyUsed, true);
});

test("a body that is read as a stream cannot be taken at once", async () => {
  const one = response(text("[1]"));
  /** @type {ReadableStream} */ (one.body).getReader();
  await assert.rejects(one.text(), TypeError);
});

test("what is no JSON is a SyntaxError, and the body is used", async () => {
  const one = response(text("{"));
  await assert.rejects(one.json(), SyntaxError);
  assert.equal(one.bodyUsed, true);
});

test("text leaves out a byte order mark and replaces what is no UTF-8", async () => {
  assert.equal(await response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])).text(), "a\ufffd");
});

test("an array buffer is the reader's own", async () => {
  const message = text("..[1]..");
  const buffer = await response(message.subarray(2, 5)).arrayBuffer();
  assert.equal(buffer.byteLength, 3);
});

test("a response without a body has an empty text, as often as it is asked for", async () => {
  const one = response(null);
  assert.equal(one.body, null);
  assert.deepEqual([await one.text(), await one.text()], ["", ""]);
});
