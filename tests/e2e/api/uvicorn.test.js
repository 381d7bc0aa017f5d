// uvicorn's options that are carried out in Python: what the app speaks, its environment, its
// contexts; and a stop in haste.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APPS = `
import asyncio, contextvars, os, sys, threading

class Told:
    by_another = False

seen = contextvars.ContextVar("seen", default="nothing")
seen.set("the import")

def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise ValueError("mine")
    body = environ["wsgi.input"].read()
    start_response("201 Made", [("X-Made", environ.get("HTTP_X_A", ""))])
    return [body, b" ", threading.current_thread().name.encode(), b" ", type(environ["SERVER_PORT"]).__name__.encode()]

class Two:
    def __init__(self, scope):
        self.scope = scope
    async def __call__(self, receive, send):
        await answer(send, self.scope["path"])

async def answer(send, text):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            print(message["type"], flush=True)
            await send({"type": message["type"] + ".complete"})
    if scope["path"] == "/slow":
        print("slow", flush=True)
        await asyncio.sleep(600)
    if scope["path"] == "/tell":
        Told.by_another = True
    if scope["path"] == "/polite":
        for _ in range(30):
            sum(range(1_000_000))
            await asyncio.sleep(0)
            if Told.by_another:
                break
        await answer(send, f"told: {Told.by_another}")
        return
    await answer(send, f"{os.environ.get('GREETING')} {os.environ.get('HOME')} {seen.get()}")
`;

const page = await openPage({
  "apps.py": APPS,
  ".env": "export GREETING='Good day' # to all\nHOME=elsewhere\n",
});

describe("uvicorn", { timeout: 60_000 }, () => {
  test("--interface wsgi calls a WSGI app in a thread, with the whole body", async () => {
    const server = await page.start("uvicorn --interface wsgi apps:wsgi");
    const { status, text, headers } = await server.fetch("/", {
      method: "POST",
      body: "sent",
      headers: { "x-a": "one" },
    });
    assert.deepEqual([status, text], [201, "sent ThreadPoolExecutor-0_0 int"]);
    assert.equal(Object.fromEntries(headers)["x-made"], "one");
    assert.equal((await server.fetch("/raise")).status, 500);
    await server.logged(/^ValueError: mine$/);
    assert.match(await server.log(), /ASGI 'lifespan' protocol appears unsupported\.$/m);
    await server.stop();
  });

  test("--interface asgi2 calls an app in two steps", async () => {
    const server = await page.start("uvicorn --interface asgi2 apps:Two");
    assert.equal((await server.fetch("/path")).text, "/path");
    await server.stop();
  });

  test("--env-file sets variables that are not set", async () => {
    const server = await page.start("uvicorn --env-file .env apps:app");
    assert.equal((await server.fetch("/")).text, "Good day /home/wasgi the import");
    assert.match(await server.log(), /^INFO: {5}Loading environment from '\.env'$/m);
    await server.stop();
  });

  test("--env-file of a file that is not there is a usage error", async () => {
    for (const more of ["", "--workers 2 ", "--reload "]) {
      const { code, log } = await page.fail(`uvicorn ${more}--env-file missing apps:app`);
      assert.equal(code, 2);
      assert.match(log, /Error: Invalid value for '--env-file': Path 'missing' does not exist\.$/);
    }
  });

  test("an import string without an attribute is shown as it was given", async () => {
    const { code, log } = await page.fail("uvicorn apps:");
    assert.equal(code, 3);
    assert.match(log, /Import string "apps:" must be in format "<module>:<attribute>"\.$/);
  });

  test("--reset-contextvars gives each request a fresh context", async () => {
    const server = await page.start("uvicorn --reset-contextvars apps:app");
    assert.match((await server.fetch("/")).text, / nothing$/);
    await server.stop();
  });

  test("accepts others while a coroutine sleeps for no time again and again", async () => {
    const server = await page.start("uvicorn apps:app");
    const polite = [server.fetch("/polite"), server.fetch("/polite")];
    await server.fetch("/tell");
    assert.deepEqual(
      (await Promise.all(polite)).map(({ text }) => text),
      ["told: True", "told: True"],
    );
    await server.stop();
  });

  test("waits for a request at the first SIGINT, and for nothing at the second", async () => {
    const server = await page.start("uvicorn apps:app");
    const slow = server.fetch("/slow");
    await server.logged(/^slow$/);
    const interrupt = () => server.run(({ server: running }) => running.signal("INT"));
    await interrupt();
    await server.logged(/Waiting for connections to close\. \(CTRL\+C to force quit\)$/);
    const exited = server.run(
      ({ server: running }) => new Promise((resolve) => running.addEventListener("exit", resolve)),
    );
    await interrupt();
    assert.equal((await slow).status, 500);
    await exited;
    const log = await server.log();
    assert.match(log, /Finished server process/);
    assert.doesNotMatch(log, /lifespan\.shutdown|application shutdown/);
  });
});
