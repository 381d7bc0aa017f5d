// uWSGI and daphne, by what sets them apart: who loads the app, who is killed, what is logged, how
// they end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const WSGI = `
import os, sys, threading, time

print("imported by", os.getpid(), file=sys.stderr, flush=True)

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise RuntimeError("boom")
    if path == "/number":
        start_response("404 Nobody", [("X-A", "1"), ("X-B", 2), ("X-C", "3")])
    if path == "/sleep":
        print("sleeping", file=sys.stderr, flush=True)
        time.sleep(600)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/none":
        return None
    if path == "/read":
        return [repr(environ["wsgi.input"].read()).encode()]
    if path == "/scheme":
        return [environ["wsgi.url_scheme"].encode()]
    return [f"{os.getpid()} {threading.current_thread().name}".encode()]
`;
const ASGI = `
import asyncio

async def app(scope, receive, send):
    assert scope["type"] == "http", "daphne knows no lifespan"
    async def start(*headers):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
    async def body(data, more=False):
        await send({"type": "http.response.body", "body": data, "more_body": more})
    match scope["path"]:
        case "/raise":
            raise RuntimeError("boom")
        case "/never":
            try:
                await start()
                await body(b"begun", True)
                print("never begins", flush=True)
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                print("cancelled", flush=True)
                raise
        case "/upload":
            sizes = []
            while True:
                message = await receive()
                sizes.append(len(message["body"]))
                if not message["more_body"]:
                    break
            await start()
            await body(repr(sizes).encode())
        case _:
            await start((b"x-a", b"1"), (b"b", b"2"), (b"x-a", b"3"))
            await body(repr(scope["headers"][-3:]).encode())
`;

const page = await openPage({ "app.py": WSGI, "asgi.py": ASGI });

/** @param {string} log @param {RegExp} pattern */
const count = (log, pattern) => log.match(new RegExp(pattern, "gm"))?.length ?? 0;

describe("uWSGI", { timeout: 180_000 }, () => {
  const base = "uwsgi --http-socket :8000 --master --wsgi-file app.py --callable app";

  test("what the app prints while it is loaded is shown once, with the master's process id", async () => {
    const server = await page.start(`${base} -p 3`);
    const log = await server.log();
    const master = /^spawned uWSGI master process \(pid: (\d+)\)$/m.exec(log)?.[1];
    assert.deepEqual(log.match(/^imported by .*$/gm), [`imported by ${master}`]);
    assert.equal(count(log, /^spawned uWSGI worker \d \(pid: \d+, cores: 1\)$/), 3);
    await server.stop();
  });

  test("workers say who they are, and requests are counted over all of them", async () => {
    const server = await page.start(base);
    const { text } = await server.fetch("/?q=1");
    assert.match(text, /^\d+ uWSGIWorker1Core0$/);
    await server.fetch("/");
    const line = await server.logged(/req: 2\/2\]/);
    assert.match(
      line,
      /^\[pid: \d+\|app: 0\|req: 2\/2\] 127\.0\.0\.1 \(\) \{\d+ vars in \d+ bytes\} \[.*\] GET \/ => generated/,
    );
    assert.match(line, /msecs \(HTTP\/1\.1 200\) 1 headers in 45 bytes \(1 switches on core 0\)$/);
    await server.stop();
  });

  test("the app reads the body that the client sends", async () => {
    const server = await page.start(base);
    const { text } = await server.fetch("/read", { method: "POST", body: "of the request" });
    assert.equal(text, "b'of the request'");
    await server.stop();
  });

  test("any client is believed about the scheme", async () => {
    const server = await page.start(base);
    const headers = { "x-forwarded-proto": "https" };
    assert.equal((await server.fetch("/scheme", { headers })).text, "https");
    assert.equal((await server.fetch("/scheme")).text, "http");
    await server.stop();
  });

  for (const [buffer, ends, said] of /** @type {const} */ ([
    [
      4096,
      false,
      /^\[uwsgi-body-read\] Timeout reading 95 bytes\. Content-Length: 100 consumed: 0 left: 100$/,
    ],
    [
      10,
      true,
      /Error reading 10 bytes\. Content-Length: 100 .* message: Client closed connection$/,
    ],
  ])) {
    test(`--post-buffering ${buffer}: a body that ${ends ? "ends too early" : "does not come"} keeps the request from the app`, async () => {
      const server = await page.start(`${base} --post-buffering ${buffer}`);
      const answer = await server.run(async ({ server: running }, ending) => {
        const connection = await running.connect();
        const request = "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello";
        await connection.write(new TextEncoder().encode(request));
        if (ending) connection.end();
        return new Response(connection.readable).text();
      }, ends);
      assert.equal(answer, "");
      await server.logged(said);
      await server.logged(
        /app: -1\|req: -1\/1\] .* generated 0 bytes .*\(HTTP\/1\.1 500\) 0 headers in 0 bytes/,
      );
      const { text } = await server.fetch("/read", { method: "POST", body: "of the request" });
      assert.equal(text, "b'of the request'");
      await server.stop();
    });
  }

  test("an exception ends the connection without a byte", async () => {
    const server = await page.start(base);
    await assert.rejects(server.fetch("/raise"));
    await server.logged(/^RuntimeError: boom$/);
    await server.logged(/generated 0 bytes in \d+ msecs \(HTTP\/1\.1 500\)/);
    assert.match((await server.fetch("/")).text, /Core0$/);
    await server.stop();
  });

  test("the head goes out up to the header that is wrong", async () => {
    const server = await page.start(base);
    const { status, headers } = await server.fetch("/number");
    assert.equal(status, 404);
    assert.deepEqual(headers, [["X-A", "1"]]);
    await server.logged(/^TypeError: http header value must be a string$/);
    await server.logged(/\(HTTP\/1\.1 404\) 1 headers in 31 bytes/);
    await server.stop();
  });

  test("what C code raises has no traceback", async () => {
    const server = await page.start(base);
    assert.equal((await server.fetch("/none")).text, "");
    await server.logged(/^TypeError: 'NoneType' object is not iterable$/);
    assert.doesNotMatch(await server.log(), /Traceback/);
    await server.stop();
  });

  test("harakiri kills the worker that is busy for too long", async () => {
    const server = await page.start(`${base} --harakiri 1`);
    await assert.rejects(server.fetch("/sleep"));
    await server.logged(
      /^DAMN ! worker 1 \(pid: \d+\) died, killed by signal 9 :\( trying respawn \.\.\.$/,
    );
    await server.logged(/^Respawned uWSGI worker 1 \(new pid: \d+\)$/);
    assert.match((await server.fetch("/")).text, /uWSGIWorker1Core0$/);
    assert.match(await server.log(), /HARAKIRI \[core 0\] 127\.0\.0\.1 - GET \/sleep since \d+$/m);
    await server.stop();
  });

  test("TERM reloads and drops requests; with --die-on-term it ends the server", async () => {
    const reloading = await page.start(base);
    const dropped = assert.rejects(reloading.fetch("/sleep"));
    await reloading.logged(/^sleeping$/);
    await reloading.run(({ server }) => server.signal("TERM"));
    await dropped;
    await reloading.logged(/^gracefully \(RE\)spawned uWSGI master process/);
    assert.match((await reloading.fetch("/")).text, /Core0$/);
    await reloading.run(({ server }) => server.signal("INT"));
    await reloading.logged(/^goodbye to uWSGI\.$/);

    const dying = await page.start(`${base} --die-on-term`);
    assert.deepEqual(await dying.stop(), { code: 0 });
  });

  test("without the app that it needs it exits with 22", async () => {
    const { code, log } = await page.fail(`${base} --need-app --callable nothing`);
    assert.equal(code, 22);
    assert.match(
      log,
      /unable to find "application" callable in file app\.py\n.*\n\*\*\* no app loaded\. GAME OVER \*\*\*$/,
    );
  });

  test("without an app all requests get its error page", async () => {
    const server = await page.start("uwsgi --http :8000 --master");
    const { status, text } = await server.fetch("/");
    assert.deepEqual([status, text], [500, "Internal Server Error"]);
    await server.logged(
      /^--- no python application found, check your startup logs for errors ---$/,
    );
    await server.run(({ server: running }) => running.signal("INT"));
    await server.logged(/^goodbye to uWSGI\.$/);
  });
});

describe("daphne", { timeout: 120_000 }, () => {
  test("it says where it listens, answers by Twisted's rules and logs each request", async () => {
    const server = await page.start("daphne -p 8000 asgi:app");
    const log = await server.log();
    assert.match(log, /INFO {5}Starting server at tcp:port=8000:interface=127\.0\.0\.1\n/);
    await server.logged(/INFO {5}Listening on TCP address 127\.0\.0\.1:8000$/);
    const { headers, text } = await server.fetch("/x?y", {
      headers: { "x-b": "1", a: "2", "X-B": "3" },
    });
    assert.deepEqual(
      headers.filter(([name]) => name !== "Transfer-Encoding"),
      [
        ["X-A", "1"],
        ["X-A", "3"],
        ["B", "2"],
        ["Server", "daphne"],
      ],
    );
    assert.ok(text.length > 0);
    await server.logged(/^127\.0\.0\.1:\d+ - - \[.*\] "GET \/x\?y" 200 \d+$/);
    assert.deepEqual(await server.stop(), { code: 0 });
    assert.match(await server.log(), /Killed 0 pending application instances$/);
  });

  test("the app is called with the whole body, in pieces of 8 KiB", async () => {
    const server = await page.start("daphne asgi:app");
    const { text } = await server.fetch("/upload", { method: "POST", body: "x".repeat(20_000) });
    assert.equal(text, "[8192, 8192, 3616]");
    await server.stop();
  });

  test("an exception is missed at the next look, and its page is daphne's own", async () => {
    const server = await page.start("daphne --no-server-name asgi:app");
    const { status, headers, text } = await server.fetch("/raise");
    assert.equal(status, 500);
    assert.equal(
      headers.find(([name]) => name === "Server"),
      undefined,
    );
    assert.match(
      text,
      /<h1>500 Internal Server Error<\/h1> <p>Exception inside application\.<\/p>/,
    );
    await server.logged(/ERROR {4}Exception inside application: boom$/);
    await server.stop();
  });

  test("at its end requests are cancelled", async () => {
    const server = await page.start("daphne asgi:app");
    const dropped = assert.rejects(server.fetch("/never"));
    await server.logged(/^never begins$/);
    assert.deepEqual(await server.stop(), { code: 0 });
    await dropped;
    const log = await server.log();
    assert.match(log, /Killed 1 pending application instances\ncancelled$/);
  });

  test("an app that is not there is a traceback and exit code 1", async () => {
    const { code, log } = await page.fail("daphne asgi:nothing");
    assert.equal(code, 1);
    assert.match(log, /AttributeError: module 'asgi' has no attribute 'nothing'$/);
  });
});
