// gunicorn's gevent worker: a green thread for each connection, none of which is interrupted.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import json, queue, sys, threading, time

waiting = []
switches = 0

def count():
    global switches
    while True:
        switches += 1
        time.sleep(0)

def app(environ, start_response):
    path = environ["PATH_INFO"]
    answer = [environ["wsgi.multithread"], environ["wsgi.multiprocess"]]
    if path == "/meet":
        mine = threading.Event()
        waiting.append(mine)
        if len(waiting) == 50:
            for event in waiting:
                event.set()
        mine.wait()
    elif path == "/count":
        threading.Thread(target=count, daemon=True).start()
        time.sleep(0.01)
        before, end = switches, time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
        answer = [before > 0, switches - before]
    elif path == "/spin":
        print("spins", flush=True)
        while True:
            pass
    elif path == "/exit":
        print("exits", flush=True)
        sys.exit(3)
    elif path == "/sleep":
        print("sleeps", flush=True)
        time.sleep(2.5)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
`;

const page = await openPage({ "app.py": APP });

describe("gunicorn -k gevent", { timeout: 120_000 }, () => {
  test("serves fifty requests that wait for each other", async () => {
    const server = await page.start("gunicorn -k gevent app:app");
    assert.match(await server.log(), /\[INFO\] Using worker: gevent$/m);
    assert.deepEqual(JSON.parse((await server.fetch("/")).text), [true, false]);
    const statuses = await server.run(async ({ server: running }) => {
      const responses = await Promise.all(Array.from({ length: 50 }, () => running.fetch("/meet")));
      await Promise.all(responses.map((response) => response.text()));
      return responses.map(({ status }) => status);
    });
    assert.deepEqual(new Set(statuses), new Set([200]));
    await server.stop();
  });

  test("lets no other thread run while one computes", async () => {
    const server = await page.start("gunicorn -k gevent app:app");
    assert.deepEqual(JSON.parse((await server.fetch("/count")).text), [true, 0]);
    await server.stop();
  });

  test("has what apps ask gevent for by name", async () => {
    await page.write({
      "asks.py": `
from gevent import monkey; monkey.patch_all()
import gevent, time
from gevent.pool import Pool
from gevent.queue import Queue

def app(environ, start_response):
    begun, results = time.monotonic(), Queue()
    def work(n):
        gevent.sleep(0.2)
        results.put(n)
        return n * n
    squares = Pool(10).map(work, range(10))
    gevent.joinall([gevent.spawn(work, n) for n in range(10)])
    try:
        from gevent import pywsgi
    except ImportError as error:
        missing = str(error)
    start_response("200 OK", [])
    return [f"{sum(squares)} {results.qsize()} {time.monotonic() - begun < 1.5} {missing}".encode()]
`,
    });
    const server = await page.start("gunicorn -k gevent asks:app");
    assert.match(
      (await server.fetch("/")).text,
      /^285 20 True wasgi has no gevent\.pywsgi: the server is gunicorn's: use the worker class gevent_pywsgi$/,
    );
    await server.stop();
  });

  test("closes a silent, a slow and an idle connection without a word", async () => {
    const server = await page.start("gunicorn -k gevent --keep-alive 1 app:app");
    assert.equal(await server.exchange(""), "");
    assert.equal(await server.exchange("GET / HT"), "");
    assert.match(
      await server.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      /\r\nConnection: keep-alive\r\n/,
    );
    await server.stop();
  });

  test("interrupts an app that computes for longer than --timeout, but not one that sleeps", async () => {
    const server = await page.start("gunicorn -k gevent --timeout 1 --keep-alive 1 app:app");
    assert.equal((await server.fetch("/sleep")).status, 200);
    assert.doesNotMatch(await server.log(), /WORKER TIMEOUT/);
    assert.equal(await server.exchange("GET /spin HTTP/1.1\r\nHost: x\r\n\r\n"), "");
    await server.logged(/\[CRITICAL\] WORKER TIMEOUT/);
    assert.equal((await server.fetch("/")).status, 200);
    await server.stop();
  });

  test("answers nothing where the app exits, and serves the connection's next request", async () => {
    const server = await page.start("gunicorn -k gevent app:app");
    const request = (/** @type {string} */ path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    assert.match(await server.exchange(request("/exit") + request("/")), /^HTTP\/1\.1 200 OK\r\n/);
    await server.stop();
  });

  test("finishes what it serves when it is stopped", async () => {
    const server = await page.start("gunicorn -k gevent app:app");
    const slept = server.fetch("/sleep");
    await server.logged(/^sleeps$/);
    assert.deepEqual(await server.stop(), { code: 0 });
    assert.equal((await slept).status, 200);
  });
});
