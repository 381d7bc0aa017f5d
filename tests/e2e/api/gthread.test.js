// gunicorn's gthread worker: one thread for the connections, a pool of threads for their requests.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */
/** @typedef {import("../../../www/api/spans.js").Span} Span */

// What a request waits for is other requests, or a file that the test writes.
const APP = `
import json, os, sys, threading, time

barrier = threading.Barrier(4)

def wait_for_go():
    while not os.path.exists("go"):
        time.sleep(0.01)

def late():
    yield b"half"
    raise ValueError("too late")

def app(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/nothing":
        return [b"no head"]
    if path == "/raise":
        raise ValueError("too early")
    if path == "/leave":
        sys.exit(0)
    answer = threading.current_thread().name
    if path == "/meet":
        barrier.wait()
    elif path == "/go":
        print("here is", query, flush=True)
        wait_for_go()
    elif path == "/sleep":
        time.sleep(3)
    elif path == "/environ":
        answer = [environ["wsgi.multithread"], environ["wsgi.multiprocess"]]
    elif path == "/print":
        sys.setswitchinterval(1e-5)
        for i in range(1000):
            print("thread", query, "says", i, flush=True)
    elif path == "/sum":
        print("reads", flush=True)
        answer = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "application/json")])
    return late() if path == "/late" else [json.dumps(answer).encode()]
`;

const page = await openPage({ "app.py": APP });

/**
 * Sends a request's beginning on a connection of its own; what comes back is read when the rest has
 * been sent.
 * @param {RunningServer} server
 * @param {string} beginning
 */
function begin(server, beginning) {
  return server.handle.evaluateHandle(async ({ server: running }, bytes) => {
    const connection = await running.connect();
    await connection.write(new TextEncoder().encode(bytes));
    return {
      /** @param {string} rest */
      async complete(rest) {
        await connection.write(new TextEncoder().encode(rest));
        connection.end();
        return new Response(connection.readable).text();
      },
      /** Until the server closes. */
      rest: () => new Response(connection.readable).text(),
    };
  }, beginning);
}

const POST = "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe";

describe("a pool of four threads", { timeout: 120_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn --threads 4 app:app");
  });
  after(() => server?.stop());

  test("says that it is gthread and tells the app of its threads", async () => {
    assert.match(await server.log(), /\[INFO\] Using worker: gthread$/m);
    assert.deepEqual(JSON.parse((await server.fetch("/environ")).text), [true, false]);
  });

  test("serves four requests at once, each in a thread of its own", async () => {
    const requests = await server.run(async ({ server: running }) => {
      const responses = await Promise.all(
        ["/meet", "/meet", "/meet", "/meet"].map((path) => running.fetch(path)),
      );
      const texts = await Promise.all(responses.map((response) => response.text()));
      const ids = responses.map((response) => /** @type {any} */ (response).wasgi.request);
      const apps = () =>
        running.trace().filter(({ request, name }) => ids.includes(request) && name === "app");
      while (apps().length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
      return {
        texts,
        apps: apps(),
        spans: running.trace().filter(({ request }) => ids.includes(request)),
      };
    });
    assert.equal(new Set(requests.texts).size, 4, `${requests.texts}`);
    assert.equal(new Set(requests.apps.map(({ thread }) => thread)).size, 4);
    assert.ok(
      requests.apps.every(({ thread }) => thread > 1),
      "the main thread calls no app",
    );
    const lastStart = Math.max(...requests.apps.map(({ start }) => start));
    assert.ok(
      requests.apps.every(({ end }) => lastStart < end),
      "they overlap",
    );
    // What the threads waited for while they were in the app.
    const locks = requests.spans.filter(({ name, thread }) => name === "lock" && thread > 1);
    assert.ok(
      locks.length >= 3,
      `${requests.spans.map(({ name, thread }) => `${name} ${thread}`)}`,
    );
  });

  test("has the fifth wait in the queue until a thread is free", async () => {
    await page.write({ go: null });
    const five = server.run(async ({ server: running }) => {
      const responses = await Promise.all([1, 2, 3, 4, 5].map((n) => running.fetch(`/go?${n}`)));
      await Promise.all(responses.map((response) => response.text()));
      const ids = responses.map((response) => /** @type {any} */ (response).wasgi.request);
      const spans = (/** @type {string} */ wanted) =>
        running.trace().filter(({ request, name }) => ids.includes(request) && name === wanted);
      while (spans("app").length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
      return { apps: spans("app"), queues: spans("queue") };
    });
    await server.run(async ({ log }) => {
      const here = () => log.filter(({ line }) => line.startsWith("here is")).length;
      while (here() < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await page.write({ go: "" });
    const { apps, queues } = await five;
    const last = apps.toSorted((a, b) => a.start - b.start)[4];
    assert.ok(
      apps.filter(({ end }) => end <= last.start).length >= 1,
      "one was over before the fifth began",
    );
    const queue = queues.find(({ request }) => request === last.request);
    assert.ok(queue && queue.end <= last.start, "it waited in the queue");
  });

  test("has its threads print at the same time without mixing their lines", async () => {
    await server.run(async ({ server: running }) => {
      const responses = await Promise.all([0, 1, 2, 3].map((n) => running.fetch(`/print?${n}`)));
      if (responses.some(({ status }) => status !== 200))
        throw new Error("a thread could not print");
      await Promise.all(responses.map((response) => response.text()));
    });
    for (const n of [0, 1, 2, 3]) await server.logged(new RegExp(`^thread ${n} says 999$`));
    const lines = (await server.log()).split("\n").filter((line) => line.includes("says"));
    assert.equal(lines.filter((line) => /^thread \d says \d+$/.test(line)).length, 4000);
  });

  test("has nobody wait for a client that sends its body slowly", async () => {
    const slow = await begin(server, POST);
    await server.logged(/^reads$/);
    assert.equal((await server.fetch("/")).status, 200);
    assert.match(
      await slow.evaluate((request) => request.complete("llo")),
      /\r\n\r\n5$|\r\n5\r\n0\r\n\r\n$/,
    );
  });

  test("has nobody wait for a client that sends its headers slowly, or is silent", async () => {
    const silent = await begin(server, "");
    const slow = await begin(server, "GET / HT");
    assert.equal((await server.fetch("/")).status, 200);
    const answer = await slow.evaluate((request) => request.complete("TP/1.1\r\nHost: x\r\n\r\n"));
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    // After 5 seconds it is not waited for any more, and 2 seconds later its connection is closed.
    assert.equal(await silent.evaluate((request) => request.rest()), "");
  });

  test("closes an idle connection by itself", async () => {
    const idle = await begin(server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(
      await idle.evaluate((request) => request.rest()),
      /\r\nConnection: keep-alive\r\n/,
    );
  });

  test("answers requests that come before the first is answered in turn", async () => {
    const request = "GET /environ HTTP/1.1\r\nHost: x\r\n\r\n";
    const both = await begin(server, request);
    const answer = await both.evaluate((connection, again) => connection.complete(again), request);
    assert.equal(answer.match(/^HTTP\/1\.1 200 OK\r$/gm)?.length, 2);
  });

  for (const [path, text] of /** @type {const} */ ([
    ["/nothing", /^AttributeError: 'Response' object has no attribute 'status_code'$/],
    ["/raise", /^ValueError: too early$/],
  ])) {
    test(`answers ${path} with 500 and goes on`, async () => {
      assert.equal((await server.fetch(path)).status, 500);
      await server.logged(text);
      assert.equal((await server.fetch("/")).status, 200);
    });
  }

  test("cuts an answer off whose app raises behind the head", async () => {
    const failed = await begin(server, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    const answer = await failed.evaluate((request) => request.complete(""));
    assert.match(answer, /\r\n\r\n4\r\nhalf\r\n$/);
  });
});

describe("gthread", { timeout: 120_000 }, () => {
  test("has a request wait while slow bodies hold all threads", async () => {
    const server = await page.start("gunicorn -k gthread --threads 1 app:app");
    const slow = await begin(server, POST);
    await server.logged(/^reads$/);
    const order = server.run(async ({ server: running }) => (await running.fetch("/")).status);
    const answer = await slow.evaluate((request) => request.complete("llo"));
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(await order, 200);
    const trace = await server.run(({ server: running }) => running.trace());
    const apps = trace.filter(({ name }) => name === "app").sort((a, b) => a.start - b.start);
    assert.ok(apps[0].end <= apps[1].start, "one after the other");
    await server.stop();
  });

  test("is not killed by --timeout while its threads are busy", async () => {
    const server = await page.start("gunicorn --threads 2 --timeout 1 app:app");
    assert.equal((await server.fetch("/sleep")).status, 200);
    assert.doesNotMatch(await server.log(), /WORKER TIMEOUT/);
    await server.stop();
  });

  test("finishes what it serves when it is stopped", async () => {
    await page.write({ go: null });
    const server = await page.start("gunicorn --threads 2 app:app");
    const status = server.run(
      async ({ server: running }) => (await running.fetch("/go?stop")).status,
    );
    await server.logged(/^here is stop$/);
    const stopped = server.stop();
    await server.logged(/Handling signal: term$/);
    await page.write({ go: "" });
    assert.equal(await status, 200);
    assert.deepEqual(await stopped, { code: 0 });
  });

  test("retires a worker after --max-requests", async () => {
    const server = await page.start("gunicorn --threads 2 --max-requests 2 app:app");
    for (const path of ["/", "/", "/"]) assert.equal((await server.fetch(path)).status, 200);
    assert.match(await server.log(), /Autorestarting worker after current request\.$/m);
    await server.stop();
  });

  test("ends a worker whose app raises SystemExit, without an answer, and replaces it", async () => {
    const server = await page.start("gunicorn --threads 2 app:app");
    const name = await server.run(({ server: running }) =>
      running.fetch("/leave", { method: "POST" }).then(String, (error) => error.name),
    );
    assert.equal(name, "ConnectionLost");
    assert.equal((await server.fetch("/")).status, 200);
    await server.stop();
  });
});
