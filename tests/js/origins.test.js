import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Origins } from "../../www/worker/origins.js";

const core = /** @type {any} */ ({});
const python = /** @type {any} */ ({});

class FakeWorker {
  /** @type {FakeWorker[]} */
  static all = [];

  constructor() {
    /** What it was told, but for where its scripts are. @type {unknown[]} */
    this.messages = [];
    this.terminated = false;
    FakeWorker.all.push(this);
  }

  /** @param {unknown} message */
  postMessage(message) {
    if (!Object.hasOwn(/** @type {object} */ (message), "scripts")) this.messages.push(message);
  }

  terminate() {
    this.terminated = true;
  }
}

beforeEach(() => {
  FakeWorker.all = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, { Worker: FakeWorker, self: { location: { href: "worker.js" } } });
});
afterEach(() => mock.timers.reset());

const image = /** @type {any} */ ({ size: 1 });
/** @typedef {import("#wasgi_core").MemoryOf} MemoryOf */

const start = (/** @type {MemoryOf} */ memory) => ({ process: { core, python, memory } });
const copied = start({ image });
const boots = start({ boot: { makesImage: true } });
const awaits = start({ awaited: {} });

/** @param {() => boolean} [quiet] */
function booted(quiet = () => true) {
  const origins = new Origins(core, "/", quiet);
  origins.interpreter.made(image);
  return origins;
}

test("the first process boots and makes an image, which those that start meanwhile wait for", () => {
  const { interpreter } = new Origins(core, "/", () => true);
  const [first, second] = /** @type {any[]} */ ([new FakeWorker(), new FakeWorker()]);
  interpreter.start(first, python);
  interpreter.start(second, python);
  assert.deepEqual(first.messages, [boots]);
  assert.deepEqual(second.messages, [awaits]);
  interpreter.made(image);
  assert.deepEqual(second.messages.at(-1), { image });
});

test("a process is a copy of the image that there is", () => {
  const { interpreter } = booted();
  const worker = /** @type {any} */ (new FakeWorker());
  interpreter.start(worker, python);
  assert.deepEqual(worker.messages, [copied]);
});

test("where who makes the image ends, the others boot by themselves, and the next makes one", () => {
  const { interpreter } = new Origins(core, "/", () => true);
  const [first, second, third] = /** @type {any[]} */ ([1, 2, 3].map(() => new FakeWorker()));
  interpreter.start(first, python);
  interpreter.start(second, python);
  interpreter.ended(first);
  assert.deepEqual(second.messages.at(-1), { image: null });
  interpreter.start(third, python);
  assert.deepEqual(third.messages, [boots]);
});

test("the children of a master that has forked are copies of it, those of others are not", () => {
  const origins = booted();
  const forked = /** @type {any} */ ({ size: 2 });
  origins.forked(11, forked);
  assert.equal(origins.of(11).image, forked);
  assert.equal(origins.of(12).image, image);
  origins.ended(11);
  assert.equal(origins.of(11).image, image);
});

test("a spare is prepared when those that start have started, without knowing which process it will be", () => {
  const { interpreter } = booted();
  interpreter.prepare(python);
  assert.equal(FakeWorker.all.length, 0);
  mock.timers.tick(500);
  assert.deepEqual(FakeWorker.all[0].messages, [copied]);
});

test("there is one spare at most", () => {
  const { interpreter } = booted();
  interpreter.prepare(python);
  interpreter.prepare(python);
  mock.timers.tick(500);
  interpreter.prepare(python);
  mock.timers.tick(500);
  assert.equal(FakeWorker.all.length, 1);
});

test("where two processes may be replaced at once there are two spares, the second when nobody is connected", () => {
  let quiet = false;
  const { interpreter } = booted(() => quiet);
  interpreter.prepare(python, 1);
  interpreter.prepare(python, 4);
  mock.timers.tick(500);
  const workers = /** @type {any[]} */ (FakeWorker.all);
  workers[0].onmessage({ data: { ready: {} } });
  mock.timers.tick(5000);
  assert.equal(workers.length, 1);
  quiet = true;
  mock.timers.tick(500);
  assert.equal(workers.length, 2);
  workers[1].onmessage({ data: { ready: {} } });
  mock.timers.tick(5000);
  assert.equal(workers.length, 2);
  assert.deepEqual([interpreter.take(), interpreter.take()], workers.slice(0, 2));
});

test("a spare is taken once", () => {
  const { interpreter } = booted();
  interpreter.prepare(python);
  mock.timers.tick(500);
  assert.equal(interpreter.take(), FakeWorker.all[0]);
  assert.equal(interpreter.take(), null);
});

test("the heir of a spare that was used waits until nobody is connected", () => {
  let quiet = false;
  const { interpreter } = booted(() => quiet);
  interpreter.prepare(python);
  mock.timers.tick(500);
  interpreter.take();
  interpreter.prepare(python);
  mock.timers.tick(5000);
  assert.equal(FakeWorker.all.length, 1);
  quiet = true;
  mock.timers.tick(500);
  assert.equal(FakeWorker.all.length, 2);
});

test("a spare that fails to boot is none", () => {
  const { interpreter } = booted();
  interpreter.prepare(python);
  mock.timers.tick(500);
  const [worker] = /** @type {any[]} */ (FakeWorker.all);
  worker.onerror({ preventDefault() {} });
  assert.equal(interpreter.take(), null);
  assert.ok(worker.terminated);
});

test("the spare of a master ends with it", () => {
  const origins = booted();
  origins.forked(11, image);
  origins.of(11).prepare(python);
  mock.timers.tick(500);
  origins.ended(11);
  assert.ok(FakeWorker.all[0].terminated);
});

test("spares for a server that is about to start boot one after the other, the first at once", () => {
  const { interpreter } = booted();
  interpreter.expect(python, 3);
  const workers = /** @type {any[]} */ (FakeWorker.all);
  assert.equal(workers.length, 1);
  workers[0].onmessage({ data: { ready: {} } });
  assert.equal(workers.length, 2);
  // Run comes before all are there: who takes one leaves that many fewer to boot.
  assert.equal(interpreter.take(), workers[0]);
  assert.equal(interpreter.take(), workers[1]);
  assert.equal(interpreter.take(), null);
  workers[1].onmessage({ data: { ready: {} } });
  assert.equal(workers.length, 2);
});

/**
 * Whether a promise has come to its end.
 * @param {Promise<void>} promise
 */
function watch(promise) {
  const watched = { state: "pending" };
  promise.then(
    () => (watched.state = "ready"),
    (error) => (watched.state = error.message),
  );
  return {
    watched,
    turn: () => new Promise((resolve) => setImmediate(() => resolve(watched.state))),
  };
}

test("who expects spares is told when the last of them is ready, not before", async () => {
  const { interpreter } = booted();
  const { turn } = watch(interpreter.expect(python, 2));
  const workers = /** @type {any[]} */ (FakeWorker.all);
  assert.equal(await turn(), "pending");
  workers[0].onmessage({ data: { ready: {} } });
  assert.equal(await turn(), "pending");
  workers[1].onmessage({ data: { ready: {} } });
  assert.equal(await turn(), "ready");
});

test("who expects spares that are there already is told at once", async () => {
  const { interpreter } = booted();
  void interpreter.expect(python, 1);
  const [worker] = /** @type {any[]} */ (FakeWorker.all);
  worker.onmessage({ data: { ready: {} } });
  assert.equal(await watch(interpreter.expect(python, 1)).turn(), "ready");
});

test("who expects spares is told when a server has taken them before they were ready", async () => {
  const { interpreter } = booted();
  const { turn } = watch(interpreter.expect(python, 1));
  interpreter.take();
  assert.equal(await turn(), "ready");
});

test("who expects spares is told why one cannot boot", async () => {
  const { interpreter } = booted();
  const { turn } = watch(interpreter.expect(python, 2));
  const [worker] = /** @type {any[]} */ (FakeWorker.all);
  worker.onmessage({ data: { failed: "Error: no memory" } });
  assert.equal(await turn(), "Error: no memory");
  assert.equal(FakeWorker.all.length, 1);
});

test("on a first visit a spare makes the image", () => {
  /** @type {unknown[]} */
  const kept = [];
  const { interpreter } = new Origins(
    core,
    "/",
    () => true,
    (its) => kept.push(its),
  );
  interpreter.expect(python, 2);
  const [first] = /** @type {any[]} */ (FakeWorker.all);
  assert.deepEqual(first.messages, [boots]);
  first.onmessage({ data: { image } });
  first.onmessage({ data: { ready: {} } });
  assert.deepEqual(kept, [image]);
  assert.deepEqual(FakeWorker.all[1].messages, [copied]);
});

test("workers for the forks of a master start before it has loaded its app, and copy its image when it has", () => {
  const origins = booted();
  origins.expectForks(python, 2);
  const workers = FakeWorker.all;
  assert.deepEqual(
    workers.map((worker) => worker.messages),
    [[awaits], [awaits]],
  );
  const loaded = /** @type {any} */ ({ size: 2 });
  origins.forked(20, loaded);
  assert.equal(origins.takeBlank(origins.of(20)), workers[0]);
  assert.deepEqual(workers[0].messages.at(-1), { image: loaded });
});

test("blank workers that were used are replaced in a quiet moment, and end with the last server that forks", () => {
  let quiet = false;
  const origins = booted(() => quiet);
  origins.expectForks(python, 1);
  origins.forked(20, image);
  origins.takeBlank(origins.of(20));
  mock.timers.tick(2000);
  assert.equal(FakeWorker.all.length, 1, "somebody waits for an answer");
  quiet = true;
  mock.timers.tick(500);
  assert.equal(FakeWorker.all.length, 2);
  origins.settle();
  assert.equal(FakeWorker.all[1].terminated, false, "the master may fork again");
  origins.ended(20);
  origins.settle();
  assert.equal(FakeWorker.all[1].terminated, true);
});
