// What holds where a browser lacks something, and in another browser: each file beside this one has
// it tested in one of them.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { serveSite } from "../support.js";
import { Remote } from "./remote.js";

const EXAMPLES = new URL("../../../www/examples/", import.meta.url);
const APPS = new URL("apps/", import.meta.url);
const PROCESS = new URL("../../process/", import.meta.url);
const MARK = "RESULT ";

/**
 * What examples answer without a thread: path, body to send, answer.
 * @type {Record<string, [string, string | undefined, RegExp][]>}
 */
const ANSWERS = {
  wsgi: [
    ["/", undefined, /^Hello from process \d+, MainThread\n$/],
    ["/sleep", undefined, /slept for half a second\n$/],
    ["/stream", undefined, /^part 0 from .+\n(part \d from .+\n){4}$/],
    ["/upload", "x".repeat(300_000), /read 300000 bytes\n$/],
  ],
  asgi: [
    ["/", undefined, /^Hello from process \d+\n$/],
    ["/sleep", undefined, /^slept for half a second\n$/],
    ["/block", undefined, /^blocked the event loop/],
    ["/gather", undefined, /^three sleeps/],
    ["/stream", undefined, /^part 0\n(part \d\n){4}$/],
    ["/upload", "x".repeat(300_000), /^read 300000 bytes\n$/],
  ],
  flask: [
    ["/", undefined, /<h1>Hello from Flask<\/h1>/],
    ["/sleep", undefined, /"served_by":"process \d+, MainThread"/],
    ["/stream", undefined, /^data: part 0\n\n(data: part \d\n\n){4}$/],
    ["/upload", "x".repeat(21), /"bytes":21/],
  ],
  fastapi: [
    ["/", undefined, /^\{"hello":"FastAPI"\}$/],
    ["/sleep", undefined, /"served_by":"process \d+, MainThread"/],
    ["/block", undefined, /"served_by":"process \d+, MainThread"/],
    ["/stream", undefined, /^data: part 0\n\n(data: part \d\n\n){4}$/],
    ["/items/seven", undefined, /"int_parsing"/],
    ["/upload", "x".repeat(21), /"bytes":21/],
  ],
};

/** @param {string | undefined} body */
const sending = (body) => (body === undefined ? {} : { method: "POST", body });

/**
 * The examples answer, and their servers end as they should.
 * @param {() => Remote} remote
 * @param {string[]} [names]
 */
export function examplesWork(remote, names = Object.keys(ANSWERS)) {
  for (const name of names) {
    const answers = ANSWERS[name];
    test(`the example ${name} works`, async () => {
      const [{ command }, app] = await Promise.all([
        readFile(new URL(`${name}/example.json`, EXAMPLES), "utf8").then(JSON.parse),
        readFile(new URL(`${name}/app.py`, EXAMPLES), "utf8"),
      ]);
      const requests = answers.map(([path, body]) => ({ path, ...sending(body) }));
      const outcome = await remote().run({ files: { "app.py": app }, command, requests });
      assert.equal(outcome.error, undefined, outcome.log.join("\n"));
      for (const [index, [path, , expected]] of answers.entries()) {
        assert.match(outcome.answers[index].text, expected, path);
      }
      // uvicorn raises the signal once more that stopped it.
      assert.equal(outcome.code, command.startsWith("uvicorn") ? 143 : 0, outcome.log.join("\n"));
    });
  }
}

/**
 * WebSockets and server-sent events arrive.
 * @param {() => Remote} remote
 */
function messagesArrive(remote) {
  for (const [command, name, request, expected] of /** @type {const} */ ([
    ["uvicorn app:app", "websocket", { path: "/echo", says: ["a", "b"] }, [1000, "a,b"]],
    ["daphne app:app", "websocket", { path: "/echo", says: ["a", "b"] }, [1000, "a,b"]],
    ["uvicorn app:app", "websocket", { path: "/refuse", says: [] }, [1006, ""]],
    ["uvicorn app:app", "events", { path: "/events", hears: "tick" }, [200, "1,2,3"]],
  ])) {
    test(`${request.path} of the example ${name} works on ${command}`, async () => {
      const app = await readFile(new URL(`${name}/app.py`, EXAMPLES), "utf8");
      const says = "says" in request ? [...request.says] : undefined;
      const requests = [{ ...request, says }];
      const outcome = await remote().run({ files: { "app.py": app }, command, requests });
      const [answer] = outcome.answers;
      assert.deepEqual([answer?.status, answer?.text], expected, outcome.log.join("\n"));
    });
  }
}

/**
 * Nothing that reaches out of a worker is left in one that runs a process.
 * @param {() => Remote} remote
 */
function realmIsClosed(remote) {
  test("the globals of a process lead to nothing but the language", async () => {
    const app = await readFile(new URL("wsgi/app.py", EXAMPLES), "utf8");
    remote().probing = true;
    const outcome = await remote().run({
      files: { "app.py": app },
      command: "gunicorn app:app",
      requests: [{ path: "/" }],
    });
    remote().probing = false;
    assert.ok(outcome.realms.length > 0, outcome.log.join("\n"));
    for (const { reached, ...realm } of outcome.realms) {
      assert.deepEqual(realm, { found: [], thawed: [], names: [], extensible: false });
      assert.ok(reached > 500, "what is reached was looked at");
    }
  });
}

/**
 * The tests of tests/process/ pass.
 * @param {() => Remote} remote
 */
async function processTestsPass(remote) {
  for (const name of (await readdir(PROCESS)).filter((file) => file.startsWith("test_")).sort()) {
    test(`the tests of ${name} pass`, async () => {
      const [module, runner] = await Promise.all([
        readFile(new URL(name, PROCESS), "utf8"),
        readFile(new URL("runner.py", PROCESS), "utf8"),
      ]);
      const outcome = await remote().run({
        files: { [name]: module, "runner.py": runner },
        command: "gunicorn --timeout 0 runner:app",
        env: { TESTS: name.replace(/\.py$/, "") },
        requests: [{ path: "/" }],
      });
      const log = outcome.log.join("\n");
      assert.ok(outcome.log.includes("DONE"), log);
      const results = outcome.log.filter((line) => line.startsWith(MARK));
      assert.ok(results.length > 0, log);
      for (const line of results) {
        const [id, result, text] = JSON.parse(line.slice(MARK.length));
        assert.equal(result, "passed", `${id}\n${text}`);
      }
    });
  }
}

/**
 * There is one thread, and who asks for another is told why.
 * @param {() => Remote} remote
 */
function oneThread(remote) {
  const sentence =
    "can't start new thread: threads need WebAssembly stack switching (JSPI), which this browser lacks;" +
    " Chrome 137, Firefox 153 and Safari 27 have it";
  /** @type {Record<string, string>} */
  let files;
  before(async () => {
    files = { "app.py": await readFile(new URL("one_thread.py", APPS), "utf8") };
  });
  /** @param {string} path @param {string} [command] */
  const answer = async (path, command = "gunicorn app:app") => {
    const outcome = await remote().run({ files, command, requests: [{ path }] });
    assert.equal(outcome.error, undefined, outcome.log.join("\n"));
    return outcome.answers[0].text;
  };

  test("Thread.start raises RuntimeError with the versions of the browsers that have threads", async () => {
    assert.equal(await answer("/starting"), `RuntimeError: ${sentence}`);
  });
  test("waiting for a lock ends at its timeout, and one for ever raises", async () => {
    assert.equal(await answer("/lock_with_timeout"), "taken: False, waited: True");
    assert.match(
      await answer("/lock_for_ever"),
      /^RuntimeError: this thread cannot wait here: .+ Firefox 153/,
    );
  });
  test("asyncio.run in a WSGI app sleeps", async () => {
    assert.equal(await answer("/own_loop"), "slept twice");
  });
  for (const [command, name] of [
    ["gunicorn -k uvicorn_worker.UvicornWorker app:app", "asgi"],
    ["daphne -p 8000 app:app", "asgi"],
    ["uwsgi --http-socket :8000 --module app:app --master", "wsgi"],
  ]) {
    test(`${command} serves`, async () => {
      const app = await readFile(new URL(`${name}/app.py`, EXAMPLES), "utf8");
      const requests = [{ path: "/sleep" }, { path: "/upload", ...sending("x".repeat(300_000)) }];
      const outcome = await remote().run({ files: { "app.py": app }, command, requests });
      const log = outcome.log.join("\n");
      assert.equal(outcome.error, undefined, log);
      assert.match(outcome.answers[0].text, /slept for half a second\n$/, log);
      assert.match(outcome.answers[1].text, /read 300000 bytes\n$/, log);
      assert.equal(outcome.code, 0, log);
    });
  }
  test("uvicorn --reload takes a changed app", async () => {
    const app = (/** @type {string} */ answer) =>
      'async def app(scope, receive, send):\n    assert scope["type"] == "http"\n' +
      '    await send({"type": "http.response.start", "status": 200, "headers": []})\n' +
      `    await send({"type": "http.response.body", "body": b"${answer}"})\n`;
    const outcome = await remote().run({
      files: { "app.py": app("first") },
      command: "uvicorn --reload app:app",
      requests: [
        { path: "/" },
        { path: "/", change: { "app.py": app("second") }, after: "Finished server process" },
      ],
    });
    const log = outcome.log.join("\n");
    assert.deepEqual(
      outcome.answers.map(({ text }) => text),
      ["first", "second"],
      log,
    );
    assert.match(log, /WatchFiles detected changes in 'app\.py'\. Reloading\.\.\.\n/);
    assert.equal(outcome.code, 0, log);
  });
  for (const command of [
    "gunicorn --reload app:app",
    "uwsgi --http-socket :8000 --module app:app --master --py-autoreload 1",
  ]) {
    test(`${command} serves, and says that nothing is watched`, async () => {
      const app = await readFile(new URL("wsgi/app.py", EXAMPLES), "utf8");
      const outcome = await remote().run({
        files: { "app.py": app },
        command,
        requests: [{ path: "/" }],
      });
      const log = outcome.log.join("\n");
      assert.match(outcome.answers[0]?.text ?? "", /^Hello from process/, log);
      assert.match(log, /wasgi: --(py-auto)?reload does nothing: .* \(it lacks JSPI\)\.$/m);
      assert.equal(outcome.code, 0, log);
    });
  }
  test("an answer that is larger than what a client takes at once arrives whole", async () => {
    const command = "gunicorn app:streamed";
    const requests = [{ path: "/", ...sending("x".repeat(2_000_000)) }];
    const outcome = await remote().run({ files, command, requests });
    assert.equal(outcome.answers[0]?.text, "x".repeat(2_000_000));
  });
  test("a worker with threads does not boot, and says why", async () => {
    const outcome = await remote().run({
      files,
      command: "gunicorn --threads 2 app:app",
      requests: [],
    });
    assert.equal(outcome.code, 3);
    assert.ok(outcome.log.includes(sentence), outcome.log.join("\n"));
  });
  test("a worker that hangs is replaced after gunicorn's timeout", async () => {
    const hangs =
      'def app(environ, start_response):\n    start_response("200 OK", [])\n' +
      '    while environ["PATH_INFO"] == "/hang":\n        pass\n    return [b"back"]\n';
    const outcome = await remote().run({
      files: { "app.py": hangs },
      command: "gunicorn --timeout 1 app:app",
      requests: [{ path: "/hang" }, { path: "/" }],
    });
    const log = outcome.log.join("\n");
    assert.match(log, /WORKER TIMEOUT/);
  });
}

/**
 * @param {string} name
 * @param {{ isolated?: boolean, jspi?: boolean }} has
 * @param {import("./browsers.js").Open} open
 * @param {{ skip?: string | false, test?: (remote: () => Remote) => void | Promise<void> }}
 * [options] why it cannot be tested here, and what is tested: all by default
 */
export function inBrowser(
  name,
  { isolated = true, jspi = true },
  open,
  { skip = false, test: only } = {},
) {
  describe(name, { skip }, async () => {
    /** @type {Awaited<ReturnType<typeof serveSite>>} */
    let site;
    /** @type {Remote} */
    let remote;
    /** @type {Awaited<ReturnType<typeof open>>} */
    let browser;
    before(async () => {
      site = await serveSite();
      remote = await Remote.serve(site.url, { isolated, jspi });
      browser = await open(remote.url);
    });
    after(async () => {
      await browser?.close();
      await remote?.close();
      await site?.close();
    });

    test("has what it should have", async () => {
      const has = await remote.opened();
      assert.deepEqual([has.isolated, has.jspi], [isolated, jspi], has.agent);
    });
    realmIsClosed(() => remote);
    if (only) return only(() => remote);
    examplesWork(() => remote);
    messagesArrive(() => remote);
    if (jspi) return processTestsPass(() => remote);
    oneThread(() => remote);
  });
}
