// uWSGI's --threads: each thread of a process accepts and serves by itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import json, os, sys, threading, time

barrier = threading.Barrier(4)

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/meet":
        barrier.wait()
    if path == "/go":
        print("waits", flush=True)
        while not os.path.exists("go"):
            time.sleep(0.01)
    if path == "/sleep":
        time.sleep(600)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([threading.current_thread().name, environ["wsgi.multithread"], environ["uwsgi.core"]]).encode()]
`;
const LEAVING = `
import sys, threading

both = threading.Barrier(2)

def app(environ, start_response):
    path, name = environ["PATH_INFO"], threading.current_thread().name
    if path != "/":
        # Whichever request it has, the second thread leaves.
        both.wait()
        if name.endswith("Core1"):
            sys.exit(3)
    start_response("200 OK", [])
    return [name.encode()]
`;
const BASE = "uwsgi --http-socket :8000 --master --wsgi-file app.py --callable app";

const page = await openPage({ "app.py": APP });

describe("uWSGI with four threads", { timeout: 120_000 }, () => {
  test("serves four requests at once, each in a thread that has its core's name", async () => {
    const server = await page.start(`${BASE} --threads 4`);
    assert.match(await server.log(), /^\*\*\* Operational MODE: threaded \*\*\*$/m);
    assert.match(await server.log(), /^spawned uWSGI worker 1 \(pid: \d+, cores: 4\)$/m);
    const answers = await server.run(async ({ server: running }) => {
      const responses = await Promise.all([1, 2, 3, 4].map(() => running.fetch("/meet")));
      return Promise.all(
        responses.map(
          async (response) => /** @type {[string, boolean, number]} */ (await response.json()),
        ),
      );
    });
    const expected = [0, 1, 2, 3].map((core) => [`uWSGIWorker1Core${core}`, true, core]);
    assert.deepEqual(
      answers.toSorted((a, b) => a[2] - b[2]),
      expected,
    );
    for (const core of [0, 1, 2, 3])
      await server.logged(new RegExp(`GET /meet .* switches on core ${core}\\)$`));
    await server.stop();
  });

  test("lets its threads finish their requests before it reloads", async () => {
    await page.write({ go: null });
    const server = await page.start(`${BASE} --threads 2`);
    const two = [server.fetch("/go"), server.fetch("/go")];
    await server.run(async ({ log }) => {
      while (log.filter(({ line }) => line === "waits").length < 2)
        await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await server.run(({ server: running }) => running.signal("HUP"));
    await server.logged(/^Gracefully killing worker 1/);
    await page.write({ go: "" });
    assert.deepEqual(
      (await Promise.all(two)).map(({ status }) => status),
      [200, 200],
    );
    await server.logged(/^gracefully \(RE\)spawned uWSGI master process/);
    assert.equal((await server.fetch("/")).status, 200);
    await server.run(({ server: running }) => running.signal("INT"));
    await server.logged(/^goodbye to uWSGI\.$/);
  });

  test("is killed with all its threads when a request takes too long", async () => {
    const server = await page.start(`${BASE} --threads 2 --harakiri 1`);
    const both = [server.fetch("/sleep"), server.fetch("/sleep")];
    for (const dropped of both) await assert.rejects(dropped);
    for (const core of [0, 1])
      await server.logged(
        new RegExp(`HARAKIRI \\[core ${core}\\] 127\\.0\\.0\\.1 - GET /sleep since`),
      );
    await server.logged(/^Respawned uWSGI worker 1/);
    assert.equal((await server.fetch("/")).status, 200);
    await server.stop();
  });

  test("loses a thread to sys.exit, and its client waits; the others go on", async () => {
    await page.write({ "leaving.py": LEAVING });
    const server = await page.start(
      "uwsgi --http-socket :8000 --master -w leaving:app --threads 2",
    );
    const names = await server.run(async ({ server: running }) => {
      let answered = 0;
      const both = ["/one", "/other"].map(async (path) => {
        const text = await (await running.fetch(path)).text();
        answered += 1;
        return text;
      });
      const first = await Promise.any(both);
      for (const one of both) one.catch(() => {});
      const later = [];
      for (let index = 0; index < 3; index++) later.push(await (await running.fetch("/")).text());
      return [first, ...later, answered];
    });
    assert.deepEqual(names, [...Array(4).fill("uWSGIWorker1Core0"), 1]);
    await server.stop();
  });
});
