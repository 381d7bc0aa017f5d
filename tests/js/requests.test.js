import assert from "node:assert/strict";
import { test } from "node:test";

import { Requests } from "../../www/api/requests.js";

const ORIGIN = performance.timeOrigin + performance.now() - 1000;

/**
 * What the machine sends: the server's start, and a record.
 * @param {number[]} record
 */
const body = (...record) => new Uint8Array(new Float64Array([ORIGIN, 0, ...record]).buffer);

const ignore = () => {};

test("a request is known from the moment it is sent, and its stream hears its number", () => {
  const requests = new Requests();
  /** @type {number[][]} */
  const heard = [];
  requests.add(body(3, 7, 0, 5, NaN, NaN, NaN, 0), (stream, request) => {
    heard.push([stream, request]);
  });
  assert.deepEqual(heard, [[7, 3]]);
  assert.deepEqual(requests.read(), [
    { request: 3, process: null, sent: 5, accepted: null, head: null, end: null, outcome: "" },
  ]);
  assert.equal(requests.isOver(3), false);
  assert.ok(Math.abs(requests.now - 1000) < 1000);
});

test("what is learned of a request later replaces what was known", () => {
  const requests = new Requests();
  requests.add(body(3, 7, 0, 5, NaN, NaN, NaN, 0), ignore);
  requests.add(body(3, 7, 12, 5, 6, 8, 9, 1), ignore);
  const complete = {
    request: 3,
    process: 12,
    sent: 5,
    accepted: 6,
    head: 8,
    end: 9,
    outcome: "complete",
  };
  assert.deepEqual(requests.read(), [complete]);
  assert.equal(requests.isOver(3), true);
  assert.deepEqual(requests.news(), [complete]);
  assert.deepEqual(requests.news(), [], "news is told once");
});
