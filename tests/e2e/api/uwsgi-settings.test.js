// uWSGI's ini files, and what its master does with workers by what the options say.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ.get("COLOUR", "none").encode()]
`;
const INI = `
; comment
[uwsgi]
project = app
http-socket = :8000
wsgi-file = %d%(project).py
callable = app
master = true
env = COLOUR=$(SHADE)
logformat = <%(method) %(uri) %(status) %(rsize)>
`;

const WHOLE = `
import part
def app(environ, start_response):
    start_response("200 OK", [])
    return [part.VALUE]
`;

const MOUNTED = `
calls = 0
def application(environ, start_response):
    global calls
    calls += 1
    start_response("200 OK", [])
    return [f"{environ.get('SCRIPT_NAME')} {environ['PATH_INFO']} {calls}".encode()]
`;

const page = await openPage({ "app.py": APP, "site.ini": INI });

/**
 * The body of the answer.
 * @param {Awaited<ReturnType<typeof page.start>>} server
 */
const get = (server) =>
  server.run(async ({ server: running }) => (await running.fetch("/x")).text());

describe("uWSGI's options", { timeout: 120_000 }, () => {
  test("come from an ini file, with its variables, and from a changed one after a reload", async () => {
    const server = await page.start("SHADE=blue uwsgi site.ini");
    assert.match(await server.log(), /^\[uWSGI\] getting INI configuration from site\.ini$/m);
    assert.equal(await get(server), "blue");
    await server.logged(/^<GET \/x 200 4>$/);
    await page.write({ "site.ini": INI.replace("$(SHADE)", "red").concat("processes = 2\n") });
    await server.run(({ server: running }) => running.signal("HUP"));
    await server.logged(/^spawned uWSGI worker 2 /);
    assert.equal(await get(server), "red");
    await server.stop();
  });

  test("mount apps, each with modules of its own, and serve files without them", async () => {
    await page.write({ "one.py": MOUNTED, "files/a.css": "body{}" });
    const server = await page.start(
      "uwsgi --http-socket :8000 --mount /a=one:application --mount /b=one:application" +
        " --manage-script-name --static-map /s=files",
    );
    await server.logged(/^WSGI app 0 \(mountpoint='\/a'\) ready in .* \(default app\)$/);
    const answers = await server.run(async ({ server: running }) => {
      const texts = [];
      for (const path of ["/a/x", "/a", "/b/y", "/c"])
        texts.push(await (await running.fetch(path)).text());
      const file = await running.fetch("/s/a.css");
      return [...texts, file.headers.get("content-type"), await file.text()];
    });
    assert.deepEqual(answers, ["/a /x 1", "/a  2", "/b /y 1", " /c 3", "text/css", "body{}"]);
    await server.logged(/^\[pid: \d+\|app: 1\|req: 1\/3\] /);
    await server.logged(/^\[pid: \d+\|app: -1\|req: -1\/5\] .* via sendfile\(\) /);
    await server.stop();
  });

  test("may start the workers when somebody connects", async () => {
    const server = await page.start(
      "uwsgi --http-socket :8000 --wsgi-file app.py --callable app --cheap -p 2",
    );
    assert.match(await server.log(), /^cheap mode enabled: waiting for socket connection\.\.\.$/m);
    assert.doesNotMatch(await server.log(), /^spawned uWSGI worker/m);
    assert.equal(await get(server), "none");
    await server.logged(/^spawned uWSGI worker 2 /);
    await server.stop();
  });

  test("may reload the server when a module changes", async () => {
    await page.write({ "part.py": "VALUE = b'one'\n", "whole.py": WHOLE });
    const server = await page.start("uwsgi --http-socket :8000 -w whole:app --py-autoreload 1");
    await server.logged(/^Python auto-reloader enabled$/);
    assert.equal(await get(server), "one");
    // It compares whole seconds, and begins to after the first.
    await server.run(() => new Promise((resolve) => setTimeout(resolve, 2500)));
    await page.write({ "part.py": "VALUE = b'two'\n" });
    await server.logged(/^\[uwsgi-python-reloader\] module\/file .*part\.py has been modified$/);
    await server.logged(/^gracefully \(RE\)spawned uWSGI master process/);
    assert.equal(await get(server), "two");
    await server.stop();
  });
});
