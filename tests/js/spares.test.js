import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Spares } from "../../www/worker/spares.js";

const core = /** @type {any} */ ({});
const python = /** @type {any} */ ({});

class FakeWorker {
  /** @type {FakeWorker[]} */
  static all = [];

  constructor() {
    /** @type {unknown[]} */
    this.messages = [];
    this.terminated = false;
    FakeWorker.all.push(this);
  }

  /** @param {unknown} message */
  postMessage(message) {
    this.messages.push(message);
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

test("a spare boots without knowing which process it will be", () => {
  const spares = new Spares(core, () => false);
  spares.prepare(python);
  assert.deepEqual(FakeWorker.all[0].messages, [{ role: "process", core, python }]);
});

test("there is one spare at most", () => {
  const spares = new Spares(core, () => true);
  spares.prepare(python);
  spares.prepare(python);
  assert.equal(FakeWorker.all.length, 1);
});

test("a spare is taken once", () => {
  const spares = new Spares(core, () => true);
  spares.prepare(python);
  assert.equal(spares.take(), FakeWorker.all[0]);
  assert.equal(spares.take(), null);
});

test("the heir of a spare that was used waits until nobody is connected", () => {
  let quiet = false;
  const spares = new Spares(core, () => quiet);
  spares.prepare(python);
  spares.take();
  spares.prepare(python);
  mock.timers.tick(5000);
  assert.equal(FakeWorker.all.length, 1);
  quiet = true;
  mock.timers.tick(500);
  assert.equal(FakeWorker.all.length, 2);
});

test("a spare that fails to boot is none", () => {
  const spares = new Spares(core, () => true);
  spares.prepare(python);
  const [worker] = /** @type {any[]} */ (FakeWorker.all);
  worker.onerror({ preventDefault() {} });
  assert.equal(spares.take(), null);
  assert.ok(worker.terminated);
});
