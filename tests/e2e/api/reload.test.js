// --reload: a server that runs takes what is written to its files.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @param {string} answer */
const wsgi = (answer) => `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [open("data.txt").read().encode() if environ["PATH_INFO"] == "/data" else b"${answer}"]
`;

/** @param {string} answer */
const asgi = (answer) => `
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"${answer}"})
`;

/** @type {import("../playground.js").RunningServer | null} */
let running = null;

const page = await openPage({});
afterEach(async () => {
  await running?.stop();
  running = null;
});

/** @param {string} command */
async function start(command) {
  running = await page.start(command);
  return running;
}

describe("gunicorn --reload", { timeout: 120_000 }, () => {
  test("replaces a worker whose module has changed, and shows an error of syntax until that is mended", async () => {
    await page.write({ "app.py": wsgi("first"), "data.txt": "data" });
    const server = await start("gunicorn --reload app:app");
    await server.logged(/\[WARNING\] Reloader is on\. Use in development only!$/);
    assert.equal((await server.fetch("/")).text, "first");
    await page.write({ "app.py": "def app(:\n" });
    await server.logged(/Worker reloading: \/home\/wasgi\/project\/app\.py modified$/);
    await server.logged(/\[ERROR\] invalid syntax \(app\.py, line 1\)$/);
    const { status, text } = await server.fetch("/");
    assert.equal(status, 500);
    assert.match(text, /SyntaxError: invalid syntax\n$/);
    await page.write({ "app.py": wsgi("second") });
    await until(async () => (await server.fetch("/")).text === "second");
  });

  test("leaves a worker alone whose modules have not changed, but for files that are to be watched too", async () => {
    await page.write({ "app.py": wsgi("first"), "data.txt": "before", "watched.txt": "" });
    const server = await start("gunicorn --reload --reload-extra-file watched.txt app:app");
    await page.write({ "data.txt": "after" });
    assert.equal((await server.fetch("/data")).text, "after");
    await page.write({ "watched.txt": "changed" });
    await server.logged(/Worker reloading: watched\.txt modified$/);
    assert.equal((await server.log()).split("Worker reloading").length, 2);
  });

  test("--reload-extra-file wants a file that is there", async () => {
    const { code, log } = await page.fail(
      "gunicorn --reload --reload-extra-file missing.txt app:app",
    );
    assert.deepEqual({ code, log }, { code: 1, log: "\nError: File missing.txt does not exists." });
  });
});

describe("uvicorn --reload", { timeout: 120_000 }, () => {
  test("restarts the server when a Python file changes, and connections wait meanwhile", async () => {
    await page.write({ "app.py": asgi("first"), "page.html": "" });
    const server = await start("uvicorn --reload app:app");
    assert.equal((await server.fetch("/")).text, "first");
    await page.write({ "page.html": "changed" });
    await page.write({ "app.py": asgi("second") });
    await server.logged(/WARNING: {2}WatchFiles detected changes in 'app\.py'\. Reloading\.\.\.$/);
    await server.logged(/Finished server process/);
    assert.equal((await server.fetch("/")).text, "second");
    const { code } = await server.stop();
    running = null;
    assert.equal(code, 0);
    assert.match(await server.log(), /Stopping reloader process \[\d+\]$/);
  });

  test("waits for a change where the app cannot be loaded", async () => {
    await page.write({ "app.py": "import missing\n" });
    const server = await start("uvicorn --reload app:app");
    await server.logged(/^ModuleNotFoundError: No module named 'missing'$/m);
    const answer = server.fetch("/");
    await page.write({ "app.py": asgi("mended") });
    assert.equal((await answer).text, "mended");
  });

  test("directories without --reload are warned of", async () => {
    await page.write({ "app.py": asgi("first") });
    const server = await start("uvicorn --reload-dir . app:app");
    assert.match(
      await server.log(),
      /^WARNING: {2}Current configuration will not reload as not all conditions are met/,
    );
  });
});

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}
