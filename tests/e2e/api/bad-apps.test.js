// Apps that harm their worker, and what is done to servers at the wrong moment: the tab and other
// servers go on.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import os, threading, time

def app(environ, start_response):
    path, held = environ["PATH_INFO"], []
    if path == "/allocate":
        # Large pieces first, so that it does not take long; then small ones.
        for size in (1 << 28, 1 << 20):
            try:
                while True:
                    held.append(bytes(size))
            except MemoryError:
                print("no more of", size, flush=True)
        while True:
            held.append({"small": [len(held)]})
    if path == "/wait":
        print("waits", flush=True)
        threading.Event().wait()
    if path == "/spin":
        print("spins", flush=True)
        while True:
            pass
    if path == "/slow":
        print("slow", flush=True)
        time.sleep(0.7)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
`;

const ASGI = `
import asyncio, os, threading

async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/spin":
        print("spins", flush=True)
        while True:
            pass
    if scope["path"] == "/slow":
        print("slow", flush=True)
        await asyncio.sleep(0.7)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
`;

const DYING = "import os, threading\nthreading.Timer(0.02, os._exit, [7]).start()\n";

const page = await openPage({
  "app.py": APP,
  "asgi.py": ASGI,
  "factories.py":
    "def raising():\n    raise ValueError('no settings')\ndef needing(name):\n    return name\n",
  "importing.py": `import time\ntime.sleep(2.5)\n${APP}`,
  "dying.py": DYING + APP,
  "dying_asgi.py": DYING + ASGI,
});

/** @param {string} log @param {RegExp} pattern */
const count = (log, pattern) => log.match(new RegExp(pattern, "gm"))?.length ?? 0;

/**
 * @param {import("../playground.js").RunningServer} server
 * @param {RegExp} pattern
 * @param {number} times
 */
async function loggedTimes(server, pattern, times) {
  while (count(await server.log(), pattern) < times)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("an app factory", { timeout: 60_000 }, () => {
  for (const [command, code, expected] of /** @type {const} */ ([
    ["gunicorn 'factories:raising()'", 3, /^ValueError: no settings\nno settings$/m],
    [
      "gunicorn 'factories:needing()'",
      4,
      /^TypeError: needing\(\) missing 1 required positional argument/m,
    ],
    ["uvicorn --factory factories:raising", 1, /^ValueError: no settings$/m],
    [
      "uvicorn --factory factories:needing",
      3,
      /^ERROR: {4}Error loading ASGI app factory: needing\(\) missing 1 required positional argument: 'name'$/,
    ],
  ])) {
    test(`that fails ends \`${command}\` with ${code}`, async () => {
      const failure = await page.fail(command);
      assert.equal(failure.code, code, failure.log);
      assert.match(failure.log, expected);
    });
  }
});

describe("a worker", { timeout: 120_000 }, () => {
  test("that imports for longer than --timeout is not killed: it has not begun to be watched", async () => {
    const server = await page.start("gunicorn --timeout 1 importing:app");
    assert.equal((await server.fetch("/")).status, 200);
    assert.doesNotMatch(await server.log(), /WORKER TIMEOUT/);
    await server.stop();
  });

  for (const [command, line] of /** @type {const} */ ([
    ["gunicorn --threads 2 dying:app", /\[ERROR\] Worker \(pid:\d+\) exited with code 7\.$/],
    ["uvicorn --workers 2 dying_asgi:app", /Child process \[\d+\] died$/],
  ])) {
    test(`that dies again and again under \`${command}\` leaves time for another server`, async () => {
      const other = await page.start("gunicorn -b :9000 app:app");
      const server = await page.start(command);
      for (let deaths = 1; deaths <= 5; deaths++) {
        await loggedTimes(server, line, deaths);
        assert.equal((await other.fetch("/")).status, 200);
      }
      await server.stop();
      await other.stop();
    });
  }

  test("that allocates until nothing is left gets a MemoryError; the others and the next server serve", async () => {
    const server = await page.start("gunicorn --timeout 60 -w 2 app:app");
    const hungry = server.fetch("/allocate");
    await server.logged(/^no more of 1048576$/);
    assert.equal((await server.fetch("/")).status, 200);
    assert.equal((await hungry).status, 500);
    await server.logged(/^MemoryError$/);
    const answers = await Promise.all([server.fetch("/"), server.fetch("/")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.deepEqual(await server.stop(), { code: 0 });
    const next = await page.start("gunicorn -w 2 app:app");
    assert.equal((await next.fetch("/")).status, 200);
    await next.stop();
  });

  for (const [path, what] of /** @type {const} */ ([
    ["/wait", "waits"],
    ["/spin", "computes"],
  ])) {
    test(`whose handler ${what} for ever is replaced after --timeout, and its client told`, async () => {
      const server = await page.start("gunicorn --timeout 1 app:app");
      const old = (await server.fetch("/")).text;
      assert.equal((await server.fetch(path)).status, 500);
      const { status, text } = await server.fetch("/");
      assert.equal(status, 200);
      assert.notEqual(text, old);
      await server.logged(/\[CRITICAL\] WORKER TIMEOUT/);
      await server.stop();
    });
  }

  test("of a server without time-outs computes until it is killed, and hears of no other signal", async () => {
    const server = await page.start("uvicorn asgi:app");
    const spinning = server.run(({ server: running }) =>
      running.fetch("/spin").catch(({ name }) => name),
    );
    await server.logged(/^spins$/);
    await server.run(({ server: running }) => running.signal("TERM"));
    const other = await page.start("uvicorn --port 8001 asgi:app");
    assert.equal((await other.fetch("/")).status, 200);
    assert.doesNotMatch(await server.log(), /Shutting down/);
    const code = await server.run(async ({ server: running }) => {
      const exited = new Promise((resolve) => running.addEventListener("exit", resolve));
      await running.signal("KILL");
      return (await exited).detail.code;
    });
    assert.equal(code, 137);
    assert.equal(await spinning, "ConnectionLost");
    // To a server that is gone, signals say nothing, and its port is another's.
    await server.run(({ server: gone }) => gone.signal("HUP"));
    const next = await page.start("uvicorn asgi:app");
    assert.equal((await next.fetch("/")).status, 200);
    await next.stop();
    await other.stop();
  });
});

describe("a reload while requests are under way", { timeout: 120_000 }, () => {
  for (const command of [
    "gunicorn app:app",
    "gunicorn -w 2 --threads 3 app:app",
    "gunicorn -k gevent app:app",
    "gunicorn -k gevent_pywsgi --graceful-timeout 2 app:app",
    "gunicorn -k asgi asgi:app",
    "uvicorn --workers 2 asgi:app",
  ]) {
    test(`of \`${command}\` loses none of them, nor those that come meanwhile`, async () => {
      const server = await page.start(command);
      const statuses = server.run(async ({ server: running, log }) => {
        /** @param {string} path */
        const get = (path) => running.fetch(path).then((response) => response.status, String);
        const before = [get("/slow"), get("/slow"), get("/slow")];
        while (!log.some(({ line }) => line === "slow"))
          await new Promise((resolve) => setTimeout(resolve, 5));
        await running.signal("HUP");
        /** @type {Promise<string | number>[]} */
        const meanwhile = [];
        for (let sent = 0; sent < 10; sent++) {
          meanwhile.push(get("/"));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return Promise.all([...before, ...meanwhile]);
      });
      assert.deepEqual(await statuses, Array(13).fill(200), await server.log());
      await server.logged(/Worker exiting|Finished server process/);
      await server.stop();
    });
  }
});
