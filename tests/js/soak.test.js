// How `cargo xtask soak` judges, and how a seed decides.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Outcome } from "../soak/episode.js";
import { Random } from "../soak/random.js";

/** @param {Partial<import("../soak/load.js").Tally>} tally @param {number} mayClose */
function judged(tally, mayClose) {
  const outcome = new Outcome();
  outcome.judge({ sent: 9, answered: 9, closed: [], wrong: [], open: [], ...tally }, mayClose);
  return outcome;
}

describe("a request is lost", () => {
  test("that is answered otherwise than it was to be, or never", () => {
    assert.equal(judged({}, 0).lost, 0);
    const { lost, broken } = judged({ wrong: ["/a: 500"], open: ["/b"] }, 0);
    assert.equal(lost, 2);
    assert.deepEqual(broken, ["1 wrong: /a: 500", "1 never answered: /b"]);
  });

  test("whose connection is closed, but for those that a killed worker had under way", () => {
    assert.deepEqual(judged({ closed: ["/a"] }, 1).broken, []);
    const { lost, broken } = judged({ closed: ["/a", "/b"] }, 1);
    assert.equal(lost, 1);
    assert.deepEqual(broken, ["2 closed (1 may be): /a; /b"]);
  });
});

test("the same seed gives the same order, another seed another", () => {
  const order = (/** @type {number} */ seed) =>
    new Random(seed).shuffled(Array.from({ length: 20 }, (_, index) => index)).join();
  assert.equal(order(7), order(7));
  assert.notEqual(order(7), order(8));
});
