import assert from "node:assert/strict";
import { test } from "node:test";

import { Burst } from "../../www/app/requests/burst.js";
import { Exchange } from "../../www/app/requests/exchange.js";
import { parseHeaderLines } from "../../www/app/requests/header-lines.js";
import { hexDump } from "../../www/app/requests/hex-dump.js";
import { formatBytes, formatMs, formatProgress } from "../../www/app/ui/format.js";

test("header lines become pairs, in order, and a name may come twice", () => {
  assert.deepEqual(parseHeaderLines("accept: text/html\n\nX-Two:a:b \r\nx-two:  c").headers, [
    ["accept", "text/html"],
    ["X-Two", "a:b"],
    ["x-two", "c"],
  ]);
});

test("an empty value is a value", () => {
  assert.deepEqual(parseHeaderLines("x-empty:"), { headers: [["x-empty", ""]], problems: [] });
});

test("what is no header is told with its line", () => {
  const { headers, problems } = parseHeaderLines("ok: 1\nno colon\nbad name: 2\n: 3\nx: €");
  assert.deepEqual(headers, [["ok", "1"]]);
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 3, 4, 5],
  );
  assert.match(problems[0].message, /colon/);
});

test("times and sizes are written for people", () => {
  assert.equal(formatMs(0.421), "0.42 ms");
  assert.equal(formatMs(12), "12 ms");
  assert.equal(formatMs(512.4), "512 ms");
  assert.equal(formatMs(1234), "1.23 s");
  assert.equal(formatBytes(999), "999 B");
  assert.equal(formatBytes(1200), "1.2 kB");
  assert.equal(formatBytes(25_000_000), "25 MB");
  assert.equal(formatProgress(12_300_000, 25_000_000), "12 of 25 MB");
  assert.equal(formatProgress(1_500_000, 0), "1.5 MB");
});

test("a hex dump has addresses, sixteen bytes a line and their characters", () => {
  const dump = hexDump(new Uint8Array([0, 65, 255, ...new Array(14).fill(0x42)]), 16);
  assert.equal(
    dump,
    "00000010  00 41 ff 42 42 42 42 42  42 42 42 42 42 42 42 42  |.A.BBBBBBBBBBBBB|\n" +
      "00000020  42                                                |B|\n",
  );
});

const description = { method: "GET", path: "/", headers: [], body: null };

/**
 * A server that answers every request with these chunks.
 * @param {(Uint8Array | string)[]} chunks
 * @param {string} type
 */
function serverOf(chunks, type) {
  const encoder = new TextEncoder();
  const body = () =>
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks)
          controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
        controller.close();
      },
    });
  const fetch = async () =>
    Object.assign(new Response(body(), { headers: type ? { "content-type": type } : {} }), {
      wasgi: {
        request: 7,
        headers: /** @type {[string, string][]} */ (type ? [["Content-Type", type]] : []),
      },
    });
  return /** @type {any} */ ({ fetch });
}

/** @param {Exchange} exchange @param {any} server */
async function send(exchange, server) {
  await exchange.send(server, new AbortController().signal, () => {});
  return exchange;
}

test("text is decoded across chunk borders", async () => {
  const euro = new TextEncoder().encode("€");
  const server = serverOf([euro.subarray(0, 1), euro.subarray(1)], "text/plain; charset=utf-8");
  const exchange = await send(new Exchange(description, 1000), server);
  assert.equal(exchange.body.text, "€");
  assert.equal(exchange.progress, "done");
  assert.equal(exchange.request, 7);
});

test("what is not text is shown as hexadecimal, with addresses that go on from chunk to chunk", async () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);
  const chunks = [bytes.subarray(0, 5), bytes.subarray(5, 21), bytes.subarray(21)];
  const exchange = await send(
    new Exchange(description, 1000),
    serverOf(chunks, "application/octet-stream"),
  );
  assert.equal(exchange.body.text, hexDump(bytes));
});

test("a body of unknown type with a NUL in it is binary", async () => {
  const exchange = await send(
    new Exchange(description, 1000),
    serverOf([new Uint8Array([65, 0])], ""),
  );
  assert.equal(exchange.body.binary, true);
});

test("a long body is read to its end, but only its beginning is kept", async () => {
  const exchange = await send(
    new Exchange(description, 6),
    serverOf(["1234", "5678", "9"], "text/plain"),
  );
  assert.equal(exchange.body.text, "123456");
  assert.equal(exchange.body.bytes, 9);
  assert.equal(exchange.body.cut, true);
});

test("a charset that nobody knows is read as UTF-8", async () => {
  const exchange = await send(
    new Exchange(description, 100),
    serverOf(["é"], "text/plain; charset=klingon"),
  );
  assert.equal(exchange.body.text, "é");
});

test("a failure is told in its own words", async () => {
  const server = { fetch: () => Promise.reject(new Error("Nothing listens on port 8000.")) };
  const exchange = await send(new Exchange(description, 100), server);
  assert.equal(exchange.progress, "failed");
  assert.equal(exchange.error, "Nothing listens on port 8000.");
});

test("cancelling a burst ends what is still on its way", async () => {
  const server = {
    fetch: (/** @type {string} */ _path, /** @type {RequestInit} */ { signal }) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason)),
      ),
  };
  const burst = new Burst(description, 3);
  const sent = burst.send(/** @type {any} */ (server), () => {});
  assert.equal(burst.pending, 3);
  burst.cancel();
  await sent;
  assert.equal(burst.pending, 0);
  assert.deepEqual(
    new Set(burst.exchanges.map(({ progress }) => progress)),
    new Set(["cancelled"]),
  );
});
