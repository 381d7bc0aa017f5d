import assert from "node:assert/strict";
import { test } from "node:test";

import { CommandHistory, withCommand } from "../../www/app/command/command-history.js";
import { Store } from "../../www/app/state/store.js";

test("a listener is called at once, and when what it watches changes, and for nothing else", () => {
  const store = new Store({ a: 1, b: 1, c: 1 });
  const seen = /** @type {number[][]} */ ([]);
  store.watch(["a", "b"], () => seen.push([store.get("a"), store.get("b")]));
  store.set({ a: 2, b: 2 });
  store.set({ a: 2 });
  store.set({ c: 2 });
  assert.deepEqual(seen, [
    [1, 1],
    [2, 2],
  ]);
});

test("a value that changed in place is told to those who watch it", () => {
  const store = new Store({ list: /** @type {number[]} */ ([]) });
  let calls = 0;
  store.watch(["list"], () => (calls += 1));
  store.get("list").push(1);
  store.changed("list");
  assert.equal(calls, 2);
});

test("arrow keys go through the commands that were run, and back to what was being typed", () => {
  const history = new CommandHistory();
  history.lines = ["one", "two"];
  assert.equal(history.go(1, "typed"), null);
  assert.equal(history.go(-1, "typed"), "two");
  assert.equal(history.go(-1, "two"), "one");
  assert.equal(history.go(-1, "one"), null);
  assert.equal(history.go(1, "one"), "two");
  assert.equal(history.go(1, "two"), "typed");
});

test("a command that is run again is the newest, and stands in the history once", () => {
  assert.deepEqual(withCommand(["a", "b"], "a"), ["b", "a"]);
  assert.equal(withCommand(Array.from({ length: 60 }, String), "x").length, 50);
});
