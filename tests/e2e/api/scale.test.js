// --scale, and how many workers a server may have.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [str(os.getpid()).encode()]
`;

const ASGI = `
import os
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
`;

const page = await openPage({
  "app.py": APP,
  "asgi.py": ASGI,
  "dies.py": "import sys\nsys.exit(1)\n",
});

describe("--scale", { timeout: 120_000 }, () => {
  test("gives connections to replicas in turn, each with a process of its own", async () => {
    const server = await page.start("uvicorn asgi:app --scale 3");
    /** @type {string[]} */
    const pids = [];
    for (let request = 0; request < 6; request += 1) pids.push((await server.fetch("/")).text);
    assert.equal(new Set(pids).size, 3);
    assert.deepEqual(pids.slice(0, 3), pids.slice(3));
    const log = await server.log();
    for (const replica of [1, 2, 3]) {
      assert.match(
        log,
        new RegExp(
          `^replica-${replica} {2}\\| INFO: +Application startup complete|^replica-${replica} .*Uvicorn running`,
          "m",
        ),
      );
    }
    assert.deepEqual(await server.stop(), { code: 143 });
  });

  test("goes with workers", async () => {
    const server = await page.start("gunicorn -w 2 app:app --scale 2");
    assert.equal((await server.log()).match(/^replica-[12] {2}\| .*Booting worker/gm)?.length, 4);
    assert.deepEqual(await server.stop(), { code: 0 });
  });
});

describe("a number of workers", { timeout: 120_000 }, () => {
  test("that does not fit into memory is refused in a sentence that tells how many do", async () => {
    const { code, log } = await page.fail("gunicorn -w 1000 app:app");
    assert.equal(code, 1);
    assert.match(
      log,
      /^wasgi: 1000 workers do not fit into this tab\. .* there is room for \d+: ask for fewer\.$/,
    );
  });

  test("of 0 starts a gunicorn that answers nobody", async () => {
    const server = await page.start("gunicorn -w 0 app:app");
    assert.doesNotMatch(await server.log(), /Booting worker/);
    await server.run((started) => started.server.signal("TTIN"));
    assert.equal((await server.fetch("/")).status, 200);
    assert.deepEqual(await server.stop(), { code: 0 });
  });

  test("that die at once and are replaced for ever leaves the others at work", async () => {
    await page.run(({ playground }) => {
      let deaths = 0;
      const died = new Promise((resolve) => {
        const onLog = (/** @type {{ line: string }} */ { line }) => {
          deaths += Number(/exited with code 1/.test(line));
          if (deaths === 12) resolve(undefined);
        };
        playground.start("gunicorn -w 4 -b :9000 dies:app", { onLog }).catch(() => {});
      });
      return died;
    });
    const server = await page.start("gunicorn app:app");
    assert.equal((await server.fetch("/")).status, 200);
    assert.deepEqual(await server.stop(), { code: 0 });
  });
});
