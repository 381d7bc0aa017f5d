// What a process is to the app that runs in it, and what its worker is to the server: pids, files,
// output, deaths, the trace.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */

const APP = `
import json, os, sys, time

print("the module is imported")

def app(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "application/json")])
    match path:
        case "/identity":
            answer = [os.getpid(), os.getppid(), os.getcwd(), sys.path[0], open("data/greeting.txt").read()]
        case "/print":
            print("to standard output")
            print("to standard error", file=sys.stderr)
            print("to wsgi.errors", file=environ["wsgi.errors"])
            answer = None
        case "/meet":
            # Returns when both requests are being served.
            open(f"/tmp/{query}", "w").close()
            print("here is", query, flush=True)
            while not os.path.exists("go"):
                time.sleep(0.01)
            answer = os.getpid()
        case "/eval":
            try:
                answer = repr(eval(CODE[query]))
            except BaseException as error:
                answer = f"{type(error).__name__}: {error}"
        case "/exit":
            os._exit(7)
        case "/abort":
            os.abort()
        case "/overflow":
            nested = []
            for _ in range(5000):
                nested = [nested]
            json.dumps(nested)
        case "/recurse":
            def recurse():
                return recurse() + 1
            recurse()
        case "/leave":
            sys.exit(3)
        case "/raise":
            raise KeyError("missing")
        case _:
            answer = os.getpid()
    return [json.dumps(answer).encode()]

CODE = json.load(open("code.json"))
`;

/** Ways out of Python into the worker, each of which must fail. */
const ESCAPES = {
  document: "__import__('js').document",
  self: "__import__('js').self",
  fetch: "__import__('js').fetch",
  run_js: "__import__('pyodide.code').code.run_js('self')",
  pyodide_js: "__import__('pyodide_js')",
  "the function constructor": `__import__('_wasgi').park.constructor("return globalThis")()`,
  "the function constructor, new": `__import__('_wasgi').park.constructor.new("return globalThis")()`,
  "the constructor's constructor": `__import__('_wasgi').gate.constructor.constructor("return globalThis")()`,
  "what derives keys": `__import__('_wasgi').key_derivation().constructor.constructor("return globalThis")()`,
  "a converted object": `__import__('pyodide.ffi').ffi.to_js({}).constructor.constructor("return globalThis")()`,
};

const page = await openPage({
  "app.py": APP,
  "data/greeting.txt": "Good day",
  "code.json": JSON.stringify(
    Object.fromEntries(Object.values(ESCAPES).map((code, index) => [index, code])),
  ),
});

describe("in a process", { timeout: 60_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn app:app");
  });
  after(() => server?.stop());

  test("the app finds its pid, its directory and its files as if started there", async () => {
    const [pid, ppid, directory, first, greeting] = JSON.parse(
      (await server.fetch("/identity")).text,
    );
    const log = await server.log();
    assert.match(log, new RegExp(`\\[${pid}\\] \\[INFO\\] Booting worker with pid: ${pid}`));
    assert.match(
      log,
      new RegExp(
        `\\[${ppid}\\] \\[INFO\\] Listening at: http://127\\.0\\.0\\.1:8000 \\(${ppid}\\)`,
      ),
    );
    assert.equal(directory, first);
    assert.equal(greeting, "Good day");
  });

  test("what it prints is in the log, line by line and by stream", async () => {
    await server.fetch("/print");
    await server.logged(/^to wsgi\.errors$/);
    await server.logged(/^to standard output$/);
    const entries = await server.run(({ log }) =>
      log.map(({ line, stream }) => `${stream}: ${line}`),
    );
    for (const line of [
      "stdout: the module is imported",
      "stdout: to standard output",
      "stderr: to standard error",
      "stderr: to wsgi.errors",
    ]) {
      assert.ok(entries.includes(line), line);
    }
  });

  test("a traceback shows the app's lines and none of ours", async () => {
    await server.fetch("/raise");
    await server.logged(/^KeyError: 'missing'$/);
    const log = await server.log();
    const traceback = log.slice(log.lastIndexOf("Traceback"));
    assert.match(
      traceback,
      /^Traceback \(most recent call last\):\n {2}File "[^"]+\/app\.py", line \d+, in app\n {4}raise KeyError\("missing"\)\nKeyError: 'missing'$/,
    );
  });

  for (const [index, what] of Object.keys(ESCAPES).entries()) {
    test(`there is no way to the worker's globals by ${what}`, async () => {
      const answer = JSON.parse((await server.fetch(`/eval?${index}`)).text);
      assert.match(
        answer,
        /^(AttributeError|ModuleNotFoundError|RuntimeError|TypeError|JsException|pyodide\.ffi\.JsException)\b/,
      );
    });
  }
});

describe("a worker that dies", { timeout: 60_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn app:app");
  });
  after(() => server?.stop());

  for (const [path, how] of [
    ["/exit", "leaves by os._exit"],
    ["/abort", "aborts"],
  ]) {
    test(`because its app ${how} is replaced, and the next request is answered`, async () => {
      const old = Number((await server.fetch("/")).text);
      const name = await server.run(
        ({ server: running }, target) => running.fetch(target).then(String, (error) => error.name),
        path,
      );
      assert.equal(name, "ConnectionLost");
      const { status, text } = await server.fetch("/");
      assert.equal(status, 200);
      assert.notEqual(Number(text), old);
    });
  }

  for (const [path, line] of /** @type {const} */ ([
    ["/recurse", /^RecursionError: maximum recursion depth exceeded/],
    ["/overflow", /^RecursionError: Stack overflow/],
    ["/leave", /^SystemExit: 3$/],
  ])) {
    test(`is not this one: ${path} is logged, and the worker serves on or is replaced`, async () => {
      // The response has begun, so that there is no status to tell it.
      await server.run(
        ({ server: running }, target) =>
          running
            .fetch(target)
            .then((r) => r.text())
            .catch(() => ""),
        path,
      );
      await server.logged(line);
      assert.equal((await server.fetch("/")).status, 200);
    });
  }

  test("is replaced by uvicorn's supervisor too", async () => {
    await page.write({
      "coro.py": `
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/exit":
        os._exit(7)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
`,
    });
    const other = await page.start("uvicorn coro:app --workers 2 --port 8001");
    const name = await other.run(({ server: running }) =>
      running.fetch("/exit", { method: "POST", body: "x" }).then(String, (error) => error.name),
    );
    assert.equal(name, "ConnectionLost");
    assert.equal((await other.fetch("/")).status, 200);
    await other.logged(/Child process \[\d+\] died/);
    await other.stop();
  });
});

describe("the trace", { timeout: 60_000 }, () => {
  /**
   * @typedef {import("../../../www/api/spans.js").Span} Span
   * @param {RunningServer} server
   * @param {string[]} paths all sent at once
   */
  async function traced(server, paths) {
    return server.run(async ({ server: running }, targets) => {
      const responses = await Promise.all(targets.map((target) => running.fetch(target)));
      await Promise.all(responses.map((response) => response.text()));
      const requests = responses.map((response) => /** @type {any} */ (response).wasgi.request);
      // The last spans of a request come after its last byte.
      const written = () =>
        requests.every((request) =>
          running.trace().some((span) => span.request === request && span.name === "app"),
        );
      while (!written()) await new Promise((resolve) => setTimeout(resolve, 5));
      return requests.map((request) => running.trace().filter((span) => span.request === request));
    }, paths);
  }

  /** @param {Span[]} spans @param {string} name */
  function span(spans, name) {
    const found = spans.find((candidate) => candidate.name === name);
    assert.ok(found, `${name} in ${spans.map((candidate) => candidate.name)}`);
    return found;
  }

  test("a request waits in the backlog, then is in the app, of the process that served it", async () => {
    const server = await page.start("gunicorn app:app");
    const pid = Number((await server.fetch("/")).text);
    const [spans] = await traced(server, ["/"]);
    for (const { start, end, name } of spans) assert.ok(0 <= start && start <= end, name);
    const [backlog, app] = [span(spans, "backlog"), span(spans, "app")];
    assert.ok(backlog.end <= app.start);
    assert.equal(app.process, pid);
    await server.stop();
  });

  test("one sync worker serves one request at a time, in the order of their coming", async () => {
    const server = await page.start("gunicorn app:app");
    const requests = await traced(server, ["/", "/", "/", "/"]);
    const apps = requests.map((spans) => span(spans, "app"));
    for (const [index, app] of apps.slice(1).entries()) {
      assert.ok(
        apps[index].end <= app.start,
        `request ${index + 1} began before the one before it was over`,
      );
      const backlog = span(requests[index + 1], "backlog");
      assert.ok(
        backlog.end >= apps[index].end,
        `request ${index + 1} waited in the backlog meanwhile`,
      );
    }
    await server.stop();
  });

  test("two workers serve two requests at the same time", async () => {
    await page.write({ go: null });
    const server = await page.start("gunicorn -w 2 app:app");
    const both = traced(server, ["/meet?one", "/meet?two"]);
    await Promise.all([server.logged(/^here is one$/), server.logged(/^here is two$/)]);
    await page.write({ go: "" });
    const [one, two] = (await both).map((spans) => span(spans, "app"));
    assert.ok(one.start < two.end && two.start < one.end, "they overlap");
    assert.notEqual(one.process, two.process);
    await server.stop();
  });
});
