// gunicorn's configuration files: who reads them and when, their hooks, and what an error in one
// does.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`;

const HOOKS = `
def told(log, *words):
    log.info("hook " + " ".join(map(str, words)))
def on_starting(server): told(server.log, "on_starting", server.address, server.num_workers)
def on_reload(server): told(server.log, "on_reload")
def when_ready(server): told(server.log, "when_ready", len(server.LISTENERS))
def pre_fork(server, worker): told(server.log, "pre_fork", worker.age, worker.pid, sorted(w.age for w in server.WORKERS.values()))
def post_fork(server, worker): told(worker.log, "post_fork", worker.age, worker.ppid == server.pid)
def post_worker_init(worker): told(worker.log, "post_worker_init")
def worker_int(worker): told(worker.log, "worker_int")
def pre_request(worker, req): told(worker.log, "pre_request", req.method, req.path, req.query, dict(req.headers)["X-KEY"])
def post_request(worker, req, environ, resp): told(worker.log, "post_request", resp.status, worker.nr)
def child_exit(server, worker): told(server.log, "child_exit", worker.age)
def worker_exit(server, worker): told(worker.log, "worker_exit", worker.age)
def nworkers_changed(server, new, old): told(server.log, "nworkers_changed", new, old)
def on_exit(server): told(server.log, "on_exit")
`;

/** @type {import("../playground.js").RunningServer | null} */
let running = null;

const page = await openPage({ "app.py": APP });
afterEach(async () => {
  await running?.stop();
  running = null;
  await page.write({ "gunicorn.conf.py": null });
});

/** @param {string} command @param {Record<string, string>} [env] */
async function start(command, env) {
  running = await page.start(command, env);
  return running;
}

/** What hooks said, in order. @param {string} log */
const hooks = (log) => log.split("\n").flatMap((line) => line.split("[INFO] hook ").slice(1));

/** @param {string} log @param {string} text */
const count = (log, text) => log.split(text).length - 1;

describe("a configuration file", { timeout: 180_000 }, () => {
  test("in the working directory is read without being asked for, once", async () => {
    await page.write({
      "gunicorn.conf.py": 'print("reading")\nworkers = 2\nbind = ":9000"\nunknown = 7\n',
    });
    const server = await start("gunicorn app:app");
    assert.equal(await server.run((started) => started.server.address), "http://0.0.0.0:9000");
    const log = await server.log();
    assert.match(log, /^reading\n/);
    assert.deepEqual([count(log, "reading"), count(log, "Booting worker")], [1, 2]);
  });

  test("gives way to GUNICORN_CMD_ARGS, and that to the command line", async () => {
    await page.write({
      "settings.py":
        'workers = 3\nbind = ":9000"\naccesslog = "-"\naccess_log_format = "file"\nwsgi_app = "app"\n',
    });
    const server = await start("gunicorn -c python:settings -w 1 app:app", {
      GUNICORN_CMD_ARGS: "--access-logformat environment --workers 2",
    });
    assert.equal(await server.run((started) => started.server.address), "http://0.0.0.0:9000");
    await server.fetch("/");
    await server.logged(/^environment$/);
    assert.equal(count(await server.log(), "Booting worker"), 1);
  });

  test("is read again at HUP", async () => {
    await page.write({ "gunicorn.conf.py": 'accesslog = "-"\naccess_log_format = "before"\n' });
    const server = await start("gunicorn app:app");
    await server.fetch("/");
    await server.logged(/^before$/);
    await page.write({ "gunicorn.conf.py": 'accesslog = "-"\naccess_log_format = "after"\n' });
    await server.run((started) => started.server.signal("HUP"));
    await server.logged(/Worker exiting/);
    await server.fetch("/");
    await server.logged(/^after$/);
  });

  for (const [what, content, code, expected] of /** @type {const} */ ([
    [
      "that raises",
      "1 / 0\n",
      1,
      /^Failed to read config file: conf\.py\nTraceback [^]*line 1, in <module>\n[^]*ZeroDivisionError: /,
    ],
    [
      "with a wrong value",
      "workers = -1\n",
      1,
      /^Invalid value for workers: -1\n\n\nError: Value must be positive: -1$/,
    ],
    [
      "with a hook of another arity",
      "def pre_fork(server): pass\n",
      1,
      /Error: Value must have an arity of: 2$/,
    ],
    ["that asks for TLS", 'certfile = "app.py"\n', 1, /^\nError: --certfile: there is no TLS here/],
    [
      "whose on_starting leaves",
      "import sys\ndef on_starting(server): sys.exit(7)\n",
      7,
      /Starting gunicorn/,
    ],
    [
      "whose pre_fork raises",
      "def pre_fork(server, worker): raise KeyError(3)\n",
      255,
      /\[ERROR\] Unhandled exception in main loop\nTraceback [^]*KeyError: 3/,
    ],
    [
      "whose post_fork raises",
      "def post_fork(server, worker): raise KeyError(3)\n",
      3,
      /\[ERROR\] Exception in worker process\n[^]*Reason: Worker failed to boot\.$/,
    ],
  ])) {
    test(`${what} ends gunicorn as it ends the original`, async () => {
      await page.write({ "conf.py": content });
      const failure = await page.fail("gunicorn -c conf.py app:app");
      assert.equal(failure.code, code, failure.log);
      assert.match(failure.log, expected);
    });
  }

  test("that is not there is named", async () => {
    const { code, log } = await page.fail("gunicorn -c missing.py app:app");
    assert.deepEqual({ code, log }, { code: 1, log: "\nError: 'missing.py' doesn't exist" });
  });
});

describe("hooks", { timeout: 180_000 }, () => {
  test("run at their moments, in the process that they concern", async () => {
    await page.write({ "gunicorn.conf.py": HOOKS });
    const server = await start("gunicorn app:app");
    assert.deepEqual(hooks(await server.log()), [
      "nworkers_changed 1 None",
      "on_starting [('127.0.0.1', 8000)] 1",
      "when_ready 1",
      "pre_fork 1 [booting] []",
      "post_fork 1 True",
      "post_worker_init",
    ]);
    await server.fetch("/path?a=b", { headers: { "x-key": "value" } });
    await server.logged(/hook post_request/);
    await server.run((started) => started.server.signal("HUP"));
    await server.logged(/hook child_exit/);
    await server.stop();
    running = null;
    const told = hooks(await server.log());
    const master = told.filter((line) => !/^(post_|worker_)/.test(line));
    assert.deepEqual(master.slice(4), [
      "pre_request GET /path a=b value",
      "nworkers_changed 1 1",
      "on_reload",
      "pre_fork 2 [booting] [1]",
      "child_exit 1",
      "child_exit 2",
      "on_exit",
    ]);
    assert.equal(told.includes("post_request 200 OK 1"), true);
    for (const age of [1, 2])
      assert.equal(told.includes(`worker_exit ${age}`), true, told.join("\n"));
  });

  test("that wait hold the master up, and nothing else", async () => {
    await page.write({
      "gunicorn.conf.py":
        'import time\ndef on_reload(server):\n    print("waiting", flush=True)\n    time.sleep(1)\n    print("waited", flush=True)\n',
    });
    const server = await start("gunicorn app:app");
    await server.run((started) => started.server.signal("HUP"));
    await server.logged(/^waiting$/);
    await server.run((started) => started.server.signal("TERM"));
    assert.equal((await server.fetch("/")).status, 200);
    assert.equal((await server.log()).includes("Handling signal: term"), false);
    assert.deepEqual(await server.stop(), { code: 0 });
    running = null;
  });

  test("leave to workers what they did before those were forked", async () => {
    await page.write({
      "gunicorn.conf.py": `
workers = 2
done = []
def on_starting(server): done.append("starting")
def pre_fork(server, worker): done.append(worker.age); worker.note = "noted"
def post_fork(server, worker): worker.log.info(f"hook {done} {worker.note}")
`,
    });
    const server = await start("gunicorn app:app");
    assert.deepEqual(hooks(await server.log()).sort(), [
      "['starting', 1, 2] noted",
      "['starting', 1] noted",
    ]);
  });

  test("and --preload go together: the app is imported once, by the master, also at HUP", async () => {
    await page.write({
      "gunicorn.conf.py": `workers = 2\npreload_app = True\n${HOOKS}`,
      "loud.py": `print("importing", flush=True)\n${APP}`,
    });
    const server = await start("gunicorn loud:app");
    assert.match(await server.log(), /^importing\n/m);
    assert.match((await server.fetch("/", { headers: { "x-key": "" } })).text, /^\d+$/);
    await server.run((started) => started.server.signal("HUP"));
    await server.logged(/hook child_exit 2/);
    assert.equal(count(await server.log(), "importing"), 1);
  });

  test("worker_int runs where INT ends a worker", async () => {
    await page.write({ "gunicorn.conf.py": HOOKS });
    const server = await start("gunicorn app:app");
    await server.run((started) => started.server.signal("INT"));
    await server.logged(/hook on_exit/);
    assert.equal(hooks(await server.log()).includes("worker_int"), true);
    running = null;
  });
});

describe("--check-config and --print-config", { timeout: 120_000 }, () => {
  test("--check-config says nothing about an app that can be loaded", async () => {
    const { code, log } = await page.fail("gunicorn --check-config app:app");
    assert.deepEqual({ code, log }, { code: 0, log: "" });
  });

  test("--check-config shows why an app cannot be loaded", async () => {
    const { code, log } = await page.fail("gunicorn --check-config missing:app");
    assert.equal(code, 1);
    assert.match(
      log,
      /^\nError while loading the application:\n\nTraceback [^]*ModuleNotFoundError: No module named 'missing'$/,
    );
  });

  test("the file is found before the directory changes, and the app after", async () => {
    await page.write({
      "conf.py": "workers = 3",
      "shop/inner.py": "def app(environ, start_response): pass",
      "lib/outer.py": "def app(environ, start_response): pass",
    });
    const { code, log } = await page.fail(
      "gunicorn --print-config -c conf.py --chdir shop inner:app",
    );
    assert.equal(code, 0, log);
    assert.match(log, /^chdir += \/home\/wasgi\/project\/shop$/m);
    assert.match(log, /^config += conf\.py$/m);
    assert.match(log, /^workers += 3$/m);
    // gunicorn adds --pythonpath only where it is to serve.
    const line = "gunicorn --check-config --chdir shop --pythonpath ../lib outer:app";
    const outside = await page.fail(line);
    assert.equal(outside.code, 1);
    assert.match(outside.log, /ModuleNotFoundError: No module named 'outer'$/);
  });

  test("a directory that is not there is no place to change to", async () => {
    for (const more of ["--check-config ", "-c conf.py ", ""]) {
      const { code, log } = await page.fail(`gunicorn ${more}--chdir missing app:app`);
      assert.deepEqual({ code, log }, { code: 1, log: "\nError: can't chdir to 'missing'" });
    }
  });

  test("--print-config shows all settings and where they come from does not matter", async () => {
    await page.write({ "gunicorn.conf.py": "threads = 3\ndef on_exit(server): pass\n" });
    const { code, log } = await page.fail("gunicorn --print-config -w 2 app:app");
    assert.equal(code, 0);
    const lines = log.split("\n");
    assert.equal(lines.length, 120);
    for (const line of [
      "threads                            = 3",
      "workers                            = 2",
      "on_exit                            = <on_exit()>",
      "bind                               = ['127.0.0.1:8000']",
    ])
      assert.equal(lines.includes(line), true, line);
  });
});
