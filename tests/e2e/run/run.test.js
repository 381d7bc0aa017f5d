// `cargo xtask run` with a server in the tab and clients outside: what curl would see.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";

import { Run, readAll } from "./xtask-run.js";

const MEGABYTE = 1 << 20;

const APP = `
import sys

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/down":
        start_response("200 OK", [("Content-Length", str(50 * 2**20))])
        return (bytes([number % 256]) * 2**16 for number in range(800))
    if path == "/endless":
        start_response("200 OK", [])
        return endless()
    total = sum = 0
    while piece := environ["wsgi.input"].read(2**20):
        total += len(piece)
        sum = (sum + piece.count(b"x")) % 2**32
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {path} {total} {sum}\\n".encode()]

def endless():
    for megabyte in range(200):
        print("produced", megabyte, file=sys.stderr, flush=True)
        for _ in range(32):
            yield bytes(2**15)
`;

/** @type {string} */
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "wasgi-run-"));
  await writeFile(join(folder, "app.py"), APP);
  await writeFile(join(folder, "broken.py"), "import nonexistent\n");
});

after(() => rm(folder, { recursive: true }));

/**
 * @param {import("node:test").TestContext | undefined} context ends it with the test
 * @param {string[]} command
 */
function run(context, ...command) {
  // `cargo xtask test` has built the site.
  const site = process.env.WASGI_SITE ? ["--site", "dist"] : [];
  const run = new Run([...site, "--dir", folder, "--publish", "0"], command);
  context?.after(() => run.end());
  return run;
}

/**
 * @param {Run} run
 * @param {string} path
 * @param {http.RequestOptions} [options]
 * @param {Buffer} [body]
 */
async function request(run, path, options = {}, body = undefined) {
  const request = http.request({
    host: "127.0.0.1",
    port: run.port,
    path,
    agent: false,
    ...options,
  });
  request.end(body);
  const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, "response"));
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

describe("requests from outside", () => {
  /** @type {Run} */
  let server;
  before(async () => {
    server = run(undefined, "gunicorn", "-w", "2", "app:app");
    await server.published();
  });
  after(() => server.end());

  test("a GET is answered by the server in the tab", async () => {
    const { status, headers, body } = await request(server, "/hello");
    assert.equal(status, 200);
    assert.equal(headers.server, "gunicorn");
    assert.equal(String(body), "GET /hello 0 0\n");
  });

  test("50 MB are uploaded whole", async () => {
    const { body } = await request(
      server,
      "/up",
      { method: "POST" },
      Buffer.alloc(50 * MEGABYTE, "xy"),
    );
    assert.equal(String(body), `POST /up ${50 * MEGABYTE} ${25 * MEGABYTE}\n`);
  });

  test("50 MB are downloaded whole", async () => {
    const { body } = await request(server, "/down");
    assert.equal(body.length, 50 * MEGABYTE);
    for (let at = 0; at < body.length; at += 1021)
      assert.equal(body[at], (at >> 16) % 256, `byte ${at}`);
  });

  test("a client that ends its side after the request gets its answer", async () => {
    const socket = await server.connect();
    socket.end("GET /half HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(String(await readAll(socket)), /^HTTP\/1\.1 200 OK\r\n[^]*GET \/half 0 0\n/);
  });

  test("a client that resets its connection does not stop the server", async () => {
    for (let count = 0; count < 4; count += 1) {
      const socket = await server.connect();
      socket.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
      await once(socket, "data");
      socket.resetAndDestroy();
    }
    assert.equal((await request(server, "/after")).status, 200);
  });

  test("200 connections at once are all answered", async () => {
    const sockets = [];
    for (let count = 0; count < 200; count += 1) sockets.push(await server.connect());
    const answers = sockets.map(async (socket, number) => {
      socket.write(`GET /${number} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      const answer = String(await readAll(socket));
      // gunicorn waits for it.
      socket.end();
      return answer;
    });
    for (const [number, answer] of (await Promise.all(answers)).entries()) {
      assert.match(answer, new RegExp(`GET /${number} 0 0\n`));
    }
  });

  test("a client that does not read stops the app from producing", async () => {
    const from = server.log.length;
    const slow = await server.connect();
    slow.pause();
    slow.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    await server.until(() => server.log.slice(from).includes("produced 1"));
    // Time enough to produce everything: the other worker takes as much meanwhile.
    await request(server, "/up", { method: "POST" }, Buffer.alloc(50 * MEGABYTE));
    assert.ok(
      !server.log.slice(from).includes("produced 20"),
      "the app went on for a client that does not read",
    );
    slow.destroy();
  });

  test("SIGTERM lets gunicorn exit with 0", async () => {
    server.signal("SIGTERM");
    assert.equal(await server.exit, 0);
    assert.match(server.log.at(-1) ?? "", /Shutting down: Master/);
  });
});

describe("exit codes", () => {
  test("gunicorn exits with 3 when its worker cannot import the app, and says why", async (t) => {
    const server = run(t, "gunicorn", "broken:app");
    assert.equal(await server.exit, 3);
    assert.match(server.log.join("\n"), /ModuleNotFoundError: No module named 'nonexistent'/);
    assert.deepEqual(server.output, []);
  });

  test("a command line that the server refuses gives its usage error", async (t) => {
    const server = run(t, "gunicorn", "--nonsense");
    assert.equal(await server.exit, 2);
    assert.match(server.log.join("\n"), /unrecognized arguments: --nonsense/);
  });
});

test("SIGHUP reloads an app that was changed in the folder, SIGINT ends it with 0", async (t) => {
  await writeFile(join(folder, "changing.py"), APP.replace("{path}", "first"));
  const server = run(t, "gunicorn", "changing:app");
  await server.published();
  assert.match(String((await request(server, "/")).body), /GET first/);
  await writeFile(join(folder, "changing.py"), APP.replace("{path}", "second"));
  // The change is on its way within half a second; a reload before that would bring back the old
  // app.
  for (
    let reloads = 1;
    !/GET second/.test(String((await request(server, "/")).body));
    reloads += 1
  ) {
    server.signal("SIGHUP");
    await server.until(
      () => server.log.filter((line) => /Booting worker/.test(line)).length > reloads,
    );
  }
  server.signal("SIGINT");
  assert.equal(await server.exit, 0);
});
