import assert from "node:assert/strict";
import { test } from "node:test";

import { Spans } from "../../www/api/spans.js";

/**
 * Records as the machine sends them.
 * @param {number} first
 * @param {number} count
 */
function records(first, count) {
  const numbers = Array.from({ length: count }, (_, index) => [
    first + index,
    12,
    1,
    4,
    1.5,
    2.5,
    0,
  ]).flat();
  return new Uint8Array(new Float64Array(numbers).buffer);
}

const requests = (/** @type {Spans} */ spans) => spans.read().map(({ request }) => request);
const numbers = (/** @type {number} */ first, /** @type {number} */ count) =>
  Array.from({ length: count }, (_, index) => first + index);

test("spans are read in the order in which they came, however many came at once", () => {
  const spans = new Spans();
  assert.deepEqual(requests(spans), []);
  spans.add(records(1, 2));
  spans.add(records(3, 2500));
  assert.deepEqual(requests(spans), numbers(1, 2502));
  spans.add(records(2503, 1));
  assert.deepEqual(requests(spans), numbers(1, 2503));
  assert.deepEqual(spans.read()[0], {
    request: 1,
    process: 12,
    thread: 1,
    name: "app",
    start: 1.5,
    end: 2.5,
    on: 0,
  });
});

test("a span that has not ended is open until it has, or its thread does something else", () => {
  const spans = new Spans();
  const record = (/** @type {number[]} */ ...numbers) =>
    spans.add(new Uint8Array(new Float64Array(numbers).buffer));
  const open = () => spans.open().map(({ request, name }) => `${request} ${name}`);
  record(1, 12, 1, 4, 1.5, Infinity, 0);
  record(1, 12, 1, 6, 1.5, Infinity, 0);
  assert.deepEqual(open(), ["1 app", "1 run"]);
  assert.deepEqual(spans.read(), [], "what is measured has an end");
  record(0, 12, 1, 9, 1, 1.5, 1);
  assert.deepEqual(open(), ["1 app", "1 run"], "what had ended before ends nothing");
  record(1, 12, 1, 6, 1.5, 2.5, 0);
  assert.deepEqual(open(), ["1 app"]);
  record(1, 12, 1, 4, 1.5, 3, 0);
  assert.deepEqual(open(), []);
});

test("what has come since a position is read once", () => {
  const spans = new Spans();
  spans.add(records(1, 2));
  const first = spans.since(0);
  assert.deepEqual(
    first.spans.map(({ request }) => request),
    [1, 2],
  );
  spans.add(records(3, 1));
  assert.deepEqual(
    spans.since(first.position).spans.map(({ request }) => request),
    [3],
  );
});

test("what was added is copied", () => {
  const spans = new Spans();
  const bytes = records(7, 1);
  spans.add(bytes);
  bytes.fill(0);
  assert.deepEqual(requests(spans), [7]);
});

test("of spans that nobody reads the oldest go", () => {
  const spans = new Spans();
  for (let first = 1; first <= 300_000; first += 3000) spans.add(records(first, 3000));
  assert.deepEqual(requests(spans), numbers(100_001, 200_000));
});
