// gunicorn's own worker for ASGI apps, by what sets it apart from uvicorn's.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */

const APP = `
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            print(message["type"], flush=True)
            await send({"type": message["type"] + ".complete"})
    async def start(status=200, *headers):
        await send({"type": "http.response.start", "status": status, "headers": headers})
    async def body(data, more=False):
        await send({"type": "http.response.body", "body": data, "more_body": more})
    match scope["path"]:
        case "/raise":
            raise RuntimeError("boom")
        case "/nothing":
            return
        case "/half":
            await start(200)
            await body(b"half", True)
        case "/twice":
            await start()
            await start()
        case "/longer":
            await start(200, (b"content-length", b"2"))
            await body(b"longer")
        case "/field":
            await start(200, (b"a b", b"1"))
        case "/upload":
            size = 0
            while True:
                message = await receive()
                size += len(message["body"])
                if not message["more_body"]:
                    break
            await start()
            await body(str(size).encode())
        case "/scope":
            await start(299, (b"X-A", b"1"))
            await body(repr([scope["asgi"]["spec_version"], scope["root_path"], scope["path"], scope["scheme"]]).encode())
        case "/never":
            print("waits", flush=True)
            try:
                await asyncio.Event().wait()
            finally:
                print("cancelled", flush=True)
        case "/gone":
            while (message := await receive())["type"] != "http.disconnect":
                print(message["more_body"], flush=True)
            print("gone", flush=True)
        case "/sleep":
            print("sleeps", flush=True)
            await asyncio.sleep(1.5)
            await start()
            await body(b"slept")
        case _:
            await start()
            await body(b"ok")
`;

const page = await openPage({ "app.py": APP });

/** @param {string} path */
const get = (path, version = "1.1") =>
  `GET ${path} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe("gunicorn -k asgi", { timeout: 120_000 }, () => {
  /** @type {RunningServer} */
  let server;
  before(async () => {
    server = await page.start(
      "gunicorn -k asgi --access-logfile - --root-path /app --asgi-disconnect-grace-period 1 app:app",
    );
  });
  after(() => server?.stop());

  test("says where it listens, once the app has started", async () => {
    const log = await server.log();
    assert.match(
      log,
      /Using worker: asgi\n[^]*\nlifespan\.startup\n[^]*ASGI server listening on http:\/\/127\.0\.0\.1:8000$/m,
    );
  });

  test("writes the app's fields first, then its own", async () => {
    const answer = await server.exchange(get("/scope"));
    const date = /Date: .* GMT/.exec(answer)?.[0];
    const head = [
      "HTTP/1.1 299 Unknown",
      "X-A: 1",
      "transfer-encoding: chunked",
      "Server: gunicorn/asgi",
      date,
      "Connection: close",
    ];
    assert.ok(answer.startsWith(head.join("\r\n") + "\r\n\r\n"), answer);
    assert.match(answer, /\['2\.4', '\/app', '\/scope', 'http'\]/);
    await server.logged(/^127\.0\.0\.1 - - \[.*\] "GET \/scope HTTP\/1\.1" 299 \d+ "-" "-"$/);
  });

  test("ends the answer to an HTTP/1.0 client with the connection", async () => {
    const answer = await server.exchange(get("/", "1.0"));
    assert.doesNotMatch(answer, /chunked/);
    assert.match(answer, /\r\n\r\nok$/);
  });

  test("gives the app a body in pieces and keeps the connection", async () => {
    const { text } = await server.fetch("/upload", { method: "POST", body: "x".repeat(1_000_000) });
    assert.equal(text, "1000000");
    assert.equal((await server.fetch("/")).text, "ok");
  });

  for (const [path, line] of /** @type {const} */ ([
    ["/raise", /^RuntimeError: boom$/],
    ["/nothing", /"GET \/nothing HTTP\/1\.1" 500 0/],
    [
      "/field",
      /^gunicorn\.http\.errors\.InvalidResponseHeaderName: Invalid response header name from the application: b'a b'$/,
    ],
  ])) {
    test(`answers ${path} with 500`, async () => {
      const { status, text } = await server.fetch(path);
      assert.deepEqual([status, text], [500, "Internal Server Error"]);
      await server.logged(line);
    });
  }

  test("closes where the app leaves in the middle of its answer, or breaks the order", async () => {
    assert.match(await server.exchange(get("/half")), /\r\n4\r\nhalf\r\n$/);
    await server.logged(
      /\[ERROR\] ASGI application returned without completing the response; closing the connection$/,
    );
    assert.equal(await server.exchange(get("/twice")), "");
    await server.logged(/^RuntimeError: Response already started$/);
  });

  test("sends no more than the app's Content-Length", async () => {
    assert.match(await server.exchange(get("/longer")), /\r\n\r\nlo$/);
  });

  test("says in plain text why it reads no further", async () => {
    const answer = await server.exchange("GARBAGE\r\n\r\n");
    assert.match(
      answer,
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: text\/plain\r\nContent-Length: \d+\r\nConnection: close\r\n\r\n\S/,
    );
  });

  test("tells an app whose client has gone, and cancels one that does not look", async () => {
    for (const [path, begun, end] of [
      ["/gone", /^False$/, /^gone$/],
      ["/never", /^waits$/, /^cancelled$/],
    ]) {
      const connection = await server.handle.evaluateHandle(({ server: running }) =>
        running.connect(),
      );
      await connection.evaluate(
        (bare, text) => bare.write(new TextEncoder().encode(text)),
        get(/** @type {string} */ (path)),
      );
      await server.logged(/** @type {RegExp} */ (begun));
      await connection.evaluate((bare) => bare.reset());
      await server.logged(/** @type {RegExp} */ (end));
    }
  });
});

describe("gunicorn -k asgi, starting and stopping", { timeout: 120_000 }, () => {
  test("finishes what it serves, then stops the app", async () => {
    const server = await page.start("gunicorn -k asgi app:app");
    const slept = server.fetch("/sleep");
    await server.logged(/^sleeps$/);
    assert.deepEqual(await server.stop(), { code: 0 });
    assert.equal((await slept).text, "slept");
    assert.match(
      await server.log(),
      /Worker shutting down\.\.\.\n.*Waiting for 1 connections to finish\.\.\.\nlifespan\.shutdown\n/,
    );
  });

  test("exits with 3 where the app says that it cannot start", async () => {
    await page.write({
      "failing.py": `
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
`,
    });
    const { code, log } = await page.fail("gunicorn -k asgi failing:app");
    assert.equal(code, 3);
    assert.match(
      log,
      /\[ERROR\] ASGI lifespan startup failed: Lifespan startup failed: no database$/m,
    );
  });

  test("serves an app that knows no lifespan", async () => {
    await page.write({
      "plain.py": `
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})
`,
    });
    const server = await page.start("gunicorn -k asgi --max-requests 1 plain:app");
    for (const path of ["/", "/"]) assert.equal((await server.fetch(path)).status, 204);
    assert.match(await server.log(), /Autorestarting worker after current request\.$/m);
    await server.stop();
  });
});
