import assert from "node:assert/strict";
import { test } from "node:test";

import { axisMarks } from "../../www/app/timeline/axis.js";
import { barOf, barsOf, prolong } from "../../www/app/timeline/bars.js";
import { aboutOf } from "../../www/app/timeline/descriptions.js";
import { barInDirection } from "../../www/app/timeline/navigation.js";
import { clamped, zoomed } from "../../www/app/timeline/range.js";
import { rowsOf } from "../../www/app/timeline/rows.js";
import { phaseTotals, summarise } from "../../www/app/timeline/summary.js";
import { phaseAt, threadRowsOf } from "../../www/app/timeline/threads.js";

/**
 * A span; process 0 means that no process had the request.
 * @param {number} request
 * @param {string} name
 * @param {number} start
 * @param {number} end
 * @param {number} [process]
 * @param {number} [thread]
 */
const span = (request, name, start, end, process = 0, thread = 0) => ({
  request,
  name,
  start,
  end,
  process,
  thread,
  on: 0,
});

/** What one sync worker records of a request that waited in the backlog. */
const served = (
  /** @type {number} */ request,
  /** @type {number} */ from,
  /** @type {number} */ taken,
  pid = 8,
) => [
  span(request, "connect", from, from + 1),
  span(request, "backlog", from + 1, taken),
  span(request, "parse", taken, taken + 1, pid),
  span(request, "app", taken + 1, taken + 10, pid),
  span(request, "write", taken + 10, taken + 11, pid),
];

test("a bar runs from connect to the last byte, and idle keep-alive is no part of it", () => {
  const [bar] = barsOf([...served(1, 0, 5), span(1, "keepalive", 16, 2000, 8)]);
  assert.equal(bar.start, 0);
  assert.equal(bar.end, 16);
  assert.deepEqual(
    bar.phases.map(({ name }) => name),
    ["connect", "backlog", "parse", "app", "write"],
  );
});

test("what threads do for no request in particular is nobody's bar", () => {
  assert.deepEqual(
    barsOf([...served(1, 0, 5), span(0, "io", 0, 900, 8)]).map(({ request }) => request),
    [1],
  );
});

test("a thread that works on after the answer does not make its bar longer", () => {
  const [bar] = barsOf([...served(1, 0, 5, 8), span(1, "sleep", 3, 500, 8, 2)]);
  const [alone] = barsOf(served(1, 0, 5, 8));
  assert.deepEqual([bar.end, bar.thread], [alone.end, alone.thread]);
});

test("a request that waited is on the row of the worker that took it, which began after the wait", () => {
  const bars = barsOf([...served(1, 0, 1, 8), ...served(2, 0, 12, 9)]);
  const rows = rowsOf(bars);
  assert.deepEqual(
    rows.map(({ label }) => label),
    ["pid 8", "pid 9"],
  );
  assert.equal(rows[1].bars[0].request, 2);
  assert.equal(rows[1].bars[0].taken, 13);
});

test("a request that nobody took is on a row of its own, the last one", () => {
  const rows = rowsOf(barsOf([span(1, "connect", 0, 1), ...served(2, 3, 4)]));
  assert.deepEqual(
    rows.map(({ label, process }) => [label, process]),
    [
      ["pid 8", 8],
      ["waiting", null],
    ],
  );
});

test("a process that serves with several threads has a row for each", () => {
  const rows = rowsOf(
    barsOf([span(1, "app", 0, 5, 8, 2), span(2, "app", 1, 6, 8, 1), span(3, "app", 1, 6, 9, 4)]),
  );
  assert.deepEqual(
    rows.map(({ label }) => label),
    ["pid 8 · main thread", "pid 8 · thread 2", "pid 9"],
  );
});

test("the application's thread names the row, not the thread that read the request", () => {
  const [bar] = barsOf([
    span(1, "parse", 0, 1, 8, 0),
    span(1, "queue", 1, 4, 8, 0),
    span(1, "app", 4, 9, 8, 3),
    span(1, "write", 9, 10, 8, 0),
  ]);
  assert.equal(bar.thread, 3);
  assert.equal(bar.taken, 4);
});

test("bars that overlap get lanes of their own, and a free lane is used again", () => {
  const [row] = rowsOf(
    barsOf([span(1, "app", 0, 10, 8), span(2, "app", 5, 15, 8), span(3, "app", 10, 20, 8)]),
  );
  assert.deepEqual(
    row.bars.map(({ lane }) => lane),
    [0, 1, 0],
  );
  assert.equal(row.lanes, 2);
});

/**
 * What the client knows of a request.
 * @param {Partial<import("../../www/api/requests.js").RequestRecord>} known
 * @returns {import("../../www/api/requests.js").RequestRecord}
 */
const record = (known) => ({
  request: 2,
  process: null,
  sent: 0,
  accepted: null,
  head: null,
  end: null,
  outcome: "",
  ...known,
});

const phasesOf = (/** @type {import("../../www/app/timeline/bars.js").Bar} */ { phases }) =>
  phases.map(({ name, start, end }) => [name, start, end]);

test("a request that nobody has accepted waits in the backlog until now", () => {
  const bar = barOf(2, { spans: [], record: record({ sent: 5 }) }, 40);
  assert.deepEqual([bar.start, bar.end, bar.open, bar.process], [5, 40, true, null]);
  assert.deepEqual(phasesOf(bar), [["backlog", 5, 40]]);
  prolong(bar, 60);
  assert.deepEqual(phasesOf(bar), [["backlog", 5, 60]]);
});

test("of a process that has said nothing, it is known that it has taken the request", () => {
  const bar = barOf(2, { spans: [], record: record({ process: 8, accepted: 10 }) }, 40);
  assert.deepEqual([bar.process, bar.thread], [8, 1]);
  assert.deepEqual(phasesOf(bar), [["taken", 10, 40]]);
});

test("what a process has told of a request on its way goes on until now", () => {
  const known = {
    spans: [span(2, "backlog", 0, 10, 8), span(2, "parse", 10, 11, 8)],
    record: record({ process: 8, accepted: 10 }),
    open: [span(2, "app", 11, Infinity, 8, 3), span(2, "run", 11, Infinity, 8, 3)],
  };
  const bar = barOf(2, known, 40);
  assert.equal(bar.thread, 3);
  assert.deepEqual(phasesOf(bar), [
    ["backlog", 0, 10],
    ["parse", 10, 11],
    ["app", 11, 40],
    ["run", 11, 40],
  ]);
});

test("a bar ends with the last byte at the client, whatever its spans say", () => {
  const known = { spans: served(2, 0, 5), record: record({ process: 8, end: 90 }) };
  const bar = barOf(2, known, 500);
  assert.deepEqual([bar.end, bar.open], [90, false]);
});

test("an outer phase comes before those within it, so that it is painted below", () => {
  const [bar] = barsOf([
    span(1, "run", 0, 2, 8),
    span(1, "app", 0, 9, 8),
    span(1, "sleep", 2, 8, 8),
  ]);
  assert.deepEqual(
    bar.phases.map(({ name }) => name),
    ["app", "run", "sleep"],
  );
});

test("the application's own total leaves out what is told by name within it", () => {
  const [bar] = barsOf([
    span(1, "app", 0, 10, 8),
    span(1, "run", 0, 2, 8),
    span(1, "sleep", 2, 8, 8),
    span(1, "run", 8, 9, 8),
    span(1, "write", 10, 11, 8),
  ]);
  assert.deepEqual(Object.fromEntries(phaseTotals(bar).map(({ name, ms }) => [name, ms])), {
    app: 1,
    run: 3,
    sleep: 6,
    write: 1,
  });
});

test("a summary tells the makespan, the split between processes and who waits", () => {
  const bars = barsOf([...served(1, 0, 1, 8), ...served(2, 0, 12, 8), ...served(3, 0, 1, 10)]);
  const waiting = barOf(4, { spans: [], record: record({ sent: 0 }) }, 20);
  const summary = summarise([...bars, waiting]);
  assert.equal(summary.makespan, 23);
  assert.deepEqual(summary.split, [
    [8, 2],
    [10, 1],
  ]);
  assert.deepEqual([summary.open, summary.waiting], [1, 1]);
});

test("no requests make a summary of nothing", () => {
  assert.equal(summarise([]).makespan, 0);
  assert.deepEqual(rowsOf([]), []);
});

test("an axis is marked at round numbers within its range", () => {
  assert.deepEqual(axisMarks(0, 1000, 5).marks, [0, 200, 400, 600, 800, 1000]);
  assert.deepEqual(axisMarks(130, 480, 4).marks, [200, 300, 400]);
  assert.equal(axisMarks(0, 0.05, 5).step, 0.01);
  assert.deepEqual(axisMarks(5, 5, 5).marks, []);
});

test("arrow keys move along a row, and to what starts nearest in the next", () => {
  const rows = rowsOf(
    barsOf([...served(1, 0, 1, 8), ...served(2, 50, 51, 8), ...served(3, 48, 49, 9)]),
  );
  const go = (/** @type {number | null} */ from, /** @type {string} */ key) =>
    barInDirection(rows, from, key)?.request;
  assert.equal(go(null, "ArrowRight"), 1);
  assert.equal(go(1, "ArrowRight"), 2);
  assert.equal(go(2, "ArrowRight"), 2);
  assert.equal(go(2, "ArrowLeft"), 1);
  assert.equal(go(2, "ArrowDown"), 3);
  assert.equal(go(3, "ArrowUp"), 2);
  assert.equal(go(1, "End"), 3);
  assert.equal(barInDirection([], null, "Home"), null);
});

test("zooming keeps the time under the pointer where it is", () => {
  assert.deepEqual(zoomed({ start: 0, end: 100 }, 0.5, 20), { start: 10, end: 60 });
});

test("a view stays within what there is to see", () => {
  const all = { start: 0, end: 100 };
  assert.deepEqual(clamped({ start: -50, end: 0 }, all), { start: -2, end: 48 });
  assert.equal(clamped({ start: -50, end: 200 }, all), null);
});

test("each thread has a row of what it does, for requests and for none, as far as it is in sight", () => {
  const spans = [
    span(1, "app", 0, 50, 8, 2),
    span(1, "sleep", 20, 30, 8, 2),
    span(1, "run", 0, 20, 8, 2),
    span(0, "io", 0, 90, 8, 1),
    span(0, "io", 200, 300, 8, 3),
  ];
  const rows = threadRowsOf(spans, { start: 0, end: 100 });
  assert.deepEqual(
    rows.map(({ label, phases }) => [label, phases?.map(({ name }) => name)]),
    [
      ["8: main thread", ["io"]],
      ["8: thread 2", ["run", "sleep"]],
    ],
  );
});

test("the phase at a point is the one there, or the next within reach", () => {
  const phases = [
    { ...span(1, "run", 0, 10, 8), on: 0 },
    { ...span(1, "lock", 14, 20, 8), on: 7 },
  ];
  assert.equal(phaseAt(phases, 5, 1)?.name, "run");
  assert.equal(phaseAt(phases, 13, 2)?.name, "lock");
  assert.equal(phaseAt(phases, 12, 1), null);
  assert.equal(phaseAt(phases, 30, 1), null);
});

test("what a thread waits for is said, and for whom", () => {
  assert.equal(aboutOf({ ...span(3, "lock", 0, 1, 8, 2), on: 17 }), "lock 17, for request 3");
  assert.equal(
    aboutOf({ ...span(0, "io", 0, 1, 8, 1), on: 1 }),
    "the worker's connections, for no request in particular",
  );
});
