import assert from "node:assert/strict";
import { test } from "node:test";

import { Machine } from "../../www/app/server/machine.js";
import { Runner } from "../../www/app/server/runner.js";

/** A server that stops when it is told to; with `lingers`, only once it gets a signal. */
class FakeServer extends EventTarget {
  address = "http://127.0.0.1:8000";
  /** @type {string[]} */
  signals = [];
  stopped = false;
  code = 0;
  lingers = false;
  #exit = () => {};

  /** @param {string} command */
  constructor(command) {
    super();
    this.command = command;
  }

  async stop() {
    this.stopped = true;
    if (this.lingers) await new Promise((resolve) => (this.#exit = () => resolve(undefined)));
    return { code: this.code };
  }

  /** @param {string} name */
  async signal(name) {
    this.signals.push(name);
    this.#exit();
  }
}

/** A playground that starts servers when the test lets it. */
class FakePlayground extends EventTarget {
  /**
   * @type {{
   *   command: string,
   *   resolve: (server: FakeServer) => void,
   *   reject: (error: Error) => void
   * }[]}
   */
  starts = [];
  /** @type {Record<string, string | null>[]} */
  written = [];
  disposed = false;

  /** @param {Record<string, string | null>} files */
  async writeFiles(files) {
    this.written.push(files);
  }

  /** @param {string} command */
  start(command) {
    return new Promise((resolve, reject) => this.starts.push({ command, resolve, reject }));
  }

  async dispose() {
    this.disposed = true;
  }
}

function fixture() {
  /** @type {FakePlayground[]} */
  const playgrounds = [];
  const machine = new Machine(async () => {
    const playground = new FakePlayground();
    playgrounds.push(playground);
    return /** @type {any} */ (playground);
  });
  const runner = new Runner(machine);
  return { runner, playgrounds };
}

/** @param {() => unknown} condition */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** A runner whose first server listens. */
async function running(files = FILES) {
  const { runner, playgrounds } = fixture();
  const run = runner.run("one", files);
  await until(() => playgrounds[0]?.starts.length);
  const server = new FakeServer("one");
  playgrounds[0].starts[0].resolve(server);
  await run;
  return { runner, playgrounds, server };
}

/** @type {Record<string, string>} */
const FILES = { "app.py": "app = 1" };

test("a run boots, writes the files, starts, and tells where it listens", async () => {
  const { runner, playgrounds } = fixture();
  await runner.boot();
  assert.equal(runner.state.phase, "ready");
  const run = runner.run("gunicorn app:app", FILES);
  await until(() => playgrounds[0].starts.length);
  assert.equal(runner.state.phase, "starting");
  assert.deepEqual(playgrounds[0].written, [FILES]);
  playgrounds[0].starts[0].resolve(new FakeServer("gunicorn app:app"));
  await run;
  assert.equal(runner.state.text, "Listening at http://127.0.0.1:8000");
});

test("the same run twice in a row starts one server", async () => {
  const { runner, playgrounds } = fixture();
  const runs = [runner.run("gunicorn app:app", FILES), runner.run("gunicorn app:app", FILES)];
  await until(() => playgrounds[0]?.starts.length);
  playgrounds[0].starts[0].resolve(new FakeServer("gunicorn app:app"));
  await Promise.all(runs);
  assert.equal(playgrounds[0].starts.length, 1);
  assert.equal(runner.state.phase, "listening");
});

test("a run while a server listens stops it first, and writes only what changed", async () => {
  const { runner, playgrounds, server } = await running({ "app.py": "1", "old.py": "" });
  const second = runner.run("two", { "app.py": "2" });
  await until(() => playgrounds[0].starts.length === 2);
  assert.equal(server.stopped, true);
  assert.deepEqual(playgrounds[0].written[1], { "old.py": null, "app.py": "2" });
  playgrounds[0].starts[1].resolve(new FakeServer("two"));
  await second;
  assert.equal(runner.server?.command, "two");
});

test("a command that exits before it listens tells its code", async () => {
  const { runner, playgrounds } = fixture();
  const run = runner.run("gunicorn nothing:app", FILES);
  await until(() => playgrounds[0]?.starts.length);
  playgrounds[0].starts[0].reject(Object.assign(new Error("It exited."), { code: 3, log: [] }));
  await run;
  assert.deepEqual(
    [runner.state.phase, runner.state.text, runner.state.bad],
    ["exited", "Exited with code 3", true],
  );
});

test("a server that dies by itself is told with its code", async () => {
  const { runner, server } = await running();
  server.dispatchEvent(new CustomEvent("exit", { detail: { code: 137 } }));
  assert.equal(runner.state.text, "Exited with code 137");
  assert.equal(runner.server, null);
});

test("an exit that was asked for is not bad, whatever its code", async () => {
  const { runner, server } = await running();
  server.code = 143;
  await runner.stop();
  assert.deepEqual([runner.state.text, runner.state.bad], ["Exited with code 143", false]);
});

test("stopping a start that hangs throws the machine away, and the next run gets a new one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { runner, playgrounds } = fixture();
  void runner.run("hang", FILES);
  await until(() => playgrounds[0]?.starts.length);
  const stop = runner.stop();
  t.mock.timers.tick(10_000);
  await stop;
  assert.equal(playgrounds[0].disposed, true);
  assert.equal(runner.state.phase, "exited");
  void runner.run("again", FILES);
  await until(() => playgrounds[1]?.starts.length);
  assert.deepEqual(playgrounds[1].written, [FILES]);
});

test("a start that comes true while it is being stopped is stopped at once", async () => {
  const { runner, playgrounds } = fixture();
  const run = runner.run("slow", FILES);
  await until(() => playgrounds[0]?.starts.length);
  const stop = runner.stop();
  const server = new FakeServer("slow");
  playgrounds[0].starts[0].resolve(server);
  await Promise.all([run, stop]);
  assert.equal(server.stopped, true);
  assert.equal(runner.state.phase, "exited");
  assert.equal(runner.server, null);
});

test("stopping before the start has begun leaves nothing running", async () => {
  const { runner, playgrounds } = fixture();
  const run = runner.run("one", FILES);
  await runner.stop();
  await run;
  assert.equal(runner.state.phase, "exited");
  assert.equal(playgrounds[0]?.starts.length ?? 0, 0);
});

test("a second stop kills a server that takes its time", async () => {
  const { runner, server } = await running();
  server.lingers = true;
  const stop = runner.stop();
  assert.equal(runner.state.phase, "stopping");
  await runner.stop();
  await stop;
  assert.deepEqual(server.signals, ["KILL"]);
  assert.equal(runner.state.phase, "exited");
});

test("saving writes what changed for the server that runs", async () => {
  const { runner, playgrounds } = await running();
  await runner.save({ "app.py": "app = 2" });
  assert.deepEqual(playgrounds[0].written[1], { "app.py": "app = 2" });
});

test("a machine that cannot boot is told in words, and the next run tries again", async () => {
  let attempts = 0;
  const machine = new Machine(async () => {
    attempts += 1;
    throw new Error("wasgi_core_bg.wasm could not be loaded");
  });
  const runner = new Runner(machine);
  await runner.boot();
  assert.deepEqual(
    [runner.state.phase, runner.state.text],
    ["failed", "wasgi_core_bg.wasm could not be loaded."],
  );
  await runner.run("gunicorn app:app", FILES);
  assert.equal(attempts, 2);
  assert.equal(runner.state.phase, "failed");
});

test("a machine that crashes is told, and the next run gets a new one", async () => {
  const { runner, playgrounds } = fixture();
  await runner.boot();
  playgrounds[0].dispatchEvent(
    new CustomEvent("crash", { detail: new Error("The machine has crashed.") }),
  );
  await until(() => runner.state.phase === "failed");
  assert.equal(runner.playground, null);
  void runner.run("one", FILES);
  await until(() => playgrounds[1]?.starts.length);
});

test("what is being fetched is told until it is there", async () => {
  const { runner, playgrounds } = fixture();
  void runner.run("one", FILES);
  await until(() => playgrounds[0]?.starts.length);
  const progress = (/** @type {number} */ loaded) =>
    playgrounds[0].dispatchEvent(
      new CustomEvent("progress", { detail: { step: "Loading Python", loaded, total: 100 } }),
    );
  progress(40);
  assert.equal(runner.state.progress?.loaded, 40);
  progress(100);
  assert.deepEqual([runner.state.text, runner.state.progress], ["Starting…", null]);
});
