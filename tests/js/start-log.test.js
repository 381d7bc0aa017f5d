import assert from "node:assert/strict";
import { test } from "node:test";

import { StartLog } from "../../www/api/start-log.js";

test("what a server logs before it accepts is kept, line by line", () => {
  const log = new StartLog();
  log.add("one");
  log.add("two");
  assert.deepEqual(log.lines, ["one", "two"]);
});

test("of a log without end the last lines are kept, and how many came before", () => {
  const log = new StartLog();
  for (let number = 1; number <= 12_345; number++) log.add(`line ${number}`);
  assert.equal(log.lines.length, 2001);
  assert.equal(log.lines[0], "… 10345 lines before these");
  assert.equal(log.lines[1], "line 10346");
  assert.equal(log.lines.at(-1), "line 12345");
});
