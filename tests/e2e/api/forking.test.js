// What a fork takes along of a master that has loaded the app, and what not: gunicorn --preload,
// and uWSGI unless --lazy-apps.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */

const APP = `
import hashlib, json, os, random, signal, threading, time

print("imported by", os.getpid(), flush=True)
IMPORTED_BY = os.getpid()
EVENTS = []
AT_IMPORT = random.random()
SHARED = random.Random(5)
SINCE = time.monotonic()
CALLS = []
VERSION = 1

os.register_at_fork(
    before=lambda: EVENTS.append("before"),
    after_in_parent=lambda: EVENTS.append("in parent"),
    after_in_child=lambda: EVENTS.append("in child"),
)
signal.signal(signal.SIGALRM, lambda *_: EVENTS.append("alarm"))
signal.signal(signal.SIGTERM, lambda *_: EVENTS.append("never"))

FILE = open("/tmp/written", "w+")
FILE.write("at import")
NAMELESS = open("/tmp/nameless", "w+")
NAMELESS.write("without a name")
for file in (FILE, NAMELESS):
    file.flush()
os.unlink("/tmp/nameless")

KEY = hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1000)
LOCK = threading.Lock()

def live_on():
    print("a thread of", os.getpid(), flush=True)
    with LOCK:
        time.sleep(1e6)

THREAD = threading.Thread(target=live_on, daemon=True)
THREAD.start()

def app(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "application/json")])
    if path == "/end":
        os._exit(7)
    if path == "/alarm":
        os.kill(os.getpid(), signal.SIGALRM)
    CALLS.append(path)
    for file in (FILE, NAMELESS):
        file.seek(0)
    answer = {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "imported by": IMPORTED_BY,
        "calls": CALLS,
        "events": EVENTS,
        "at import": AT_IMPORT,
        "of its own": random.random(),
        "shared": SHARED.random(),
        "since": time.monotonic() - SINCE,
        "threads": [thread.name for thread in threading.enumerate()],
        "alive": THREAD.is_alive(),
        "files": [FILE.read(), NAMELESS.read(), os.path.exists("/tmp/nameless")],
        "key": KEY == hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1000),
        "directory": os.getcwd(),
        "version": VERSION,
    }
    return [json.dumps(answer).encode()]

application = app
`;

const FILES = {
  "app.py": APP,
  "broken.py": "import app\nraise ValueError('no app today')\n",
  "leaves.py": "import sys\nsys.exit(7)\n",
  "holds.py": "from pyodide.ffi import to_js\nHELD = to_js([1])\n" + APP,
  "fast.py":
    "import os\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel\n\nPID = os.getpid()\napp = FastAPI()\n\n" +
    "class Item(BaseModel):\n    count: int\n\n@app.post('/')\n" +
    "async def index(item: Item):\n    return [PID, os.getpid(), item.count + 1]\n",
};

const page = await openPage(FILES);

/** @param {RunningServer} server @param {string} [path] */
const ask = async (server, path = "/") => JSON.parse((await server.fetch(path)).text);

/**
 * Answers of two workers, one each: the one that answered first, and another.
 * @param {RunningServer} server
 */
async function askBoth(server) {
  const first = await ask(server);
  for (;;) {
    const other = await ask(server);
    if (other.pid !== first.pid) return [first, other];
  }
}

/**
 * Runs a test with a server.
 * @param {string} command
 * @param {(server: RunningServer) => Promise<void>} work
 */
async function withServer(command, work) {
  const server = await page.start(command);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

/** @param {string} log @param {RegExp} pattern */
const count = (log, pattern) => log.match(new RegExp(pattern, "g"))?.length ?? 0;

describe("gunicorn --preload", { timeout: 120_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn --preload -w 2 app:app");
  });
  after(() => server?.stop());

  test("the master imports the app once, before its first line", async () => {
    const [{ parent, ...answer }, other] = await askBoth(server);
    assert.equal(answer["imported by"], parent);
    assert.equal(other["imported by"], parent);
    const log = await server.log();
    assert.match(
      log,
      new RegExp(`^imported by ${parent}\n(a thread of ${parent}\n)?.*Starting gunicorn`),
    );
    assert.equal(count(log, /imported by/), 1);
  });

  test("what the import made is shared, and then each worker's own", async () => {
    const [first, other] = await askBoth(server);
    assert.equal(first["at import"], other["at import"]);
    assert.notEqual(first["of its own"], other["of its own"]);
    assert.notEqual(first.pid, other.pid);
    const { calls } = await ask(server, "/mark");
    assert.equal(count(calls.join(), /mark/), 1);
  });

  test("a generator of random numbers that the app seeded goes on alike in each worker", async () => {
    await withServer("gunicorn --preload -w 2 -b :8001 app:app", async (fresh) => {
      const firsts = new Map();
      while (firsts.size < 2) {
        const { pid, shared } = await ask(fresh);
        if (!firsts.has(pid)) firsts.set(pid, shared);
      }
      assert.equal(new Set(firsts.values()).size, 1);
    });
  });

  test("threads live on in the master alone", async () => {
    const { threads, alive, parent } = await ask(server);
    assert.deepEqual([threads, alive], [["MainThread"], false]);
    await server.logged(new RegExp(`^a thread of ${parent}$`));
    assert.equal(count(await server.log(), /a thread of/), 1);
  });

  test("hooks run, handlers of signals stay but for those that gunicorn sets", async () => {
    const { events } = await ask(server);
    assert.deepEqual(events.slice(0, 2), ["before", "in child"]);
    const { events: later } = await ask(server, "/alarm");
    assert.equal(later.at(-1), "alarm");
  });

  test("files, the clock and what derives keys go on", async () => {
    const { files, since, directory, key } = await ask(server);
    assert.ok(key);
    assert.deepEqual(files, ["at import", "without a name", false]);
    assert.equal(directory, "/home/wasgi/project");
    assert.ok(since > 0, String(since));
  });

  test("a worker that ends is replaced by another fork", async () => {
    const [first] = await askBoth(server);
    await server.fetch("/end").catch(() => {});
    await server.logged(/exited with code 7/);
    await askBoth(server);
    const next = await ask(server);
    assert.equal(next["at import"], first["at import"]);
    assert.equal(count(await server.log(), /imported by/), 1);
  });

  test("TTIN forks one more", async () => {
    const booted = count(await server.log(), /Booting worker/);
    await server.run(({ server: running }) => running.signal("TTIN"));
    for (const pids = new Set(); pids.size < 3;) pids.add((await ask(server)).pid);
    const log = await server.log();
    assert.equal(count(log, /Booting worker/), booted + 1);
    assert.equal(count(log, /imported by/), 1);
  });

  test("HUP replaces the workers by forks of the same import, whatever the file says now", async () => {
    await page.write({ "app.py": APP.replace("VERSION = 1", "VERSION = 2") });
    const before = await ask(server);
    await server.run(({ server: running }) => running.signal("HUP"));
    await server.logged(new RegExp(`Worker exiting \\(pid: ${before.pid}\\)`));
    const answer = await ask(server);
    assert.equal(answer.version, 1);
    assert.equal(answer["at import"], before["at import"]);
    await page.write({ "app.py": APP });
  });

  test("without it each worker imports the app", async () => {
    await withServer("gunicorn -w 2 -b :8001 app:app", async (plain) => {
      const [first, other] = await askBoth(plain);
      assert.equal(first["imported by"], first.pid);
      assert.equal(other["imported by"], other.pid);
      assert.notEqual(first["at import"], other["at import"]);
      assert.deepEqual(first.events, []);
    });
  });

  test("threads of the worker serve the preloaded app", async () => {
    await withServer("gunicorn --preload --threads 2 -b :8001 app:app", async (threaded) => {
      const answer = await ask(threaded);
      assert.equal(answer["imported by"], answer.parent);
    });
  });

  test("libraries that the app has loaded go along", async () => {
    const command = "gunicorn --preload -w 2 -b :8001 -k uvicorn_worker.UvicornWorker fast:app";
    await withServer(command, async (fast) => {
      const headers = { "content-type": "application/json" };
      const response = await fast.fetch("/", { method: "POST", headers, body: '{"count": 3}' });
      const [importedBy, pid, next] = JSON.parse(response.text);
      assert.notEqual(importedBy, pid);
      assert.equal(next, 4);
      assert.equal((await fast.fetch("/", { method: "POST", headers, body: "{}" })).status, 422);
    });
  });

  test("an app that cannot be imported ends the server with its traceback and nothing else", async () => {
    const { code, log } = await page.fail("gunicorn --preload -b :8001 broken:app");
    assert.equal(code, 1);
    assert.match(log, /Traceback \(most recent call last\):\n[^]*ValueError: no app today$/);
    assert.doesNotMatch(log, /gunicorn 27|failed to boot/);
  });

  test("an app that is not there ends the server with a traceback", async () => {
    const { code, log } = await page.fail("gunicorn --preload -b :8001 app:nothing");
    assert.equal(code, 1);
    assert.match(
      log,
      /gunicorn\.errors\.AppImportError: Failed to find attribute 'nothing' in 'app'\.$/,
    );
  });

  test("an app that exits as it is imported ends the server with its code", async () => {
    const { code } = await page.fail("gunicorn --preload -b :8001 leaves:app");
    assert.equal(code, 7);
  });

  test("an app that holds what cannot be copied is imported by each worker, and the log says why", async () => {
    await withServer("gunicorn --preload -w 2 -b :8001 holds:app", async (holding) => {
      const [first, other] = await askBoth(holding);
      assert.equal(first["imported by"], first.pid);
      assert.equal(other["imported by"], other.pid);
      assert.match(
        await holding.log(),
        /wasgi: each worker imports the app by itself: Python holds a JavaScript object/,
      );
    });
  });
});

describe("uWSGI", { timeout: 120_000 }, () => {
  const UWSGI = "uwsgi --http-socket :8000 --master --die-on-term -p 2 --module app";

  test("the master imports the app once, and its workers are forks", async () => {
    await withServer(UWSGI, async (server) => {
      const [first, other] = await askBoth(server);
      assert.equal(first["imported by"], first.parent);
      assert.equal(other["imported by"], first.parent);
      assert.equal(first["at import"], other["at import"]);
      assert.notEqual(first["of its own"], other["of its own"]);
      assert.deepEqual(first.files, ["at import", "without a name", false]);
      const log = await server.log();
      assert.equal(count(log, /imported by/), 1);
      assert.match(
        log,
        /imported by[^]*WSGI app 0[^]*spawned uWSGI master process[^]*spawned uWSGI worker 2/,
      );
    });
  });

  test("Python does not know of the fork: no hook runs, and threads that are not there seem alive", async () => {
    await withServer(UWSGI, async (server) => {
      const { events, alive, threads } = await ask(server);
      assert.deepEqual([events, alive], [[], true]);
      assert.equal(threads.length, 2);
    });
  });

  test("a reload imports the app again", async () => {
    await withServer(UWSGI, async (server) => {
      const before = await ask(server);
      await server.run(({ server: running }) => running.signal("HUP"));
      await server.logged(/gracefully \(RE\)spawned uWSGI master process/);
      const answer = await ask(server);
      assert.equal(answer["imported by"], before["imported by"]);
      assert.notEqual(answer["at import"], before["at import"]);
      assert.equal(count(await server.log(), /imported by/), 2);
    });
  });

  test("with --lazy-apps each worker imports it", async () => {
    await withServer(`${UWSGI} --lazy-apps`, async (server) => {
      const [first, other] = await askBoth(server);
      assert.equal(first["imported by"], first.pid);
      assert.equal(other["imported by"], other.pid);
      assert.notEqual(first["at import"], other["at import"]);
    });
  });
});
