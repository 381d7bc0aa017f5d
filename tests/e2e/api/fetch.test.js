// Server.fetch, Server.connect: what crosses the connection, both ways.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/** @typedef {import("../playground.js").RunningServer} RunningServer */

const MEGABYTE = 1 << 20;

// Both apps know the same paths. What one request waits for is a file that the test writes, or
// another request.
const WSGI = `
import hashlib, json, os, time, zlib

def app(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain")]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        request = {
            "method": environ["REQUEST_METHOD"],
            "type": environ.get("CONTENT_TYPE", ""),
            "length": environ.get("CONTENT_LENGTH", ""),
            "coding": environ.get("HTTP_TRANSFER_ENCODING", ""),
            "query": environ["QUERY_STRING"],
            "x": environ.get("HTTP_X_TEST", ""),
            "cookie": environ.get("HTTP_COOKIE", ""),
            "host": environ["HTTP_HOST"],
            "body": body.decode("latin-1"),
        }
        start_response("200 OK", headers)
        return [json.dumps(request).encode()]
    if path == "/empty":
        start_response("204 No Content", [])
        return []
    if path == "/cookies":
        start_response("200 Fine", [*headers, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Twice", "1"), ("X-Twice", "2")])
        return [b"cookies"]
    if path == "/sum":
        size = total = 0
        while block := environ["wsgi.input"].read(65536):
            size += len(block)
            total = zlib.crc32(block, total)
        start_response("200 OK", headers)
        return [b"%d %d" % (size, total)]
    if path == "/large":
        start_response("200 OK", headers)
        return (bytes([i % 251]) * 65536 for i in range(800))
    if path == "/parts":
        start_response("200 OK", headers)
        return parts()
    if path == "/raise":
        raise RuntimeError("a mistake of the app")
    start_response("404 Not Found", headers)
    return [b"none"]

class parts:
    def __init__(self):
        self.sent = 0
    def __iter__(self):
        return self
    def __next__(self):
        if self.sent == 2:
            raise StopIteration
        if self.sent == 1:
            while not os.path.exists("go"):
                time.sleep(0.01)
        self.sent += 1
        return b"part %d;" % self.sent
    def close(self):
        print("closed after", self.sent, flush=True)
`;
const ASGI = `
import asyncio, json, zlib

go = asyncio.Event()

async def answer(send, body, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), *headers]})
    await send({"type": "http.response.body", "body": body})

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    path = scope["path"]
    if path == "/echo":
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await answer(send, json.dumps({
            "method": scope["method"],
            "type": headers.get("content-type", ""),
            "length": headers.get("content-length", ""),
            "coding": headers.get("transfer-encoding", ""),
            "query": scope["query_string"].decode(),
            "x": headers.get("x-test", ""),
            "cookie": headers.get("cookie", ""),
            "host": headers["host"],
            "body": body.decode("latin-1"),
        }).encode())
    elif path == "/empty":
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
    elif path == "/cookies":
        await answer(send, b"cookies", headers=[(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-twice", b"1"), (b"x-twice", b"2")])
    elif path == "/sum":
        size, total, more = 0, 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            total = zlib.crc32(message["body"], total)
            more = message["more_body"]
        await answer(send, b"%d %d" % (size, total))
    elif path == "/large":
        await send({"type": "http.response.start", "status": 200})
        for i in range(800):
            await send({"type": "http.response.body", "body": bytes([i % 251]) * 65536, "more_body": True})
        await send({"type": "http.response.body"})
    elif path == "/parts":
        go.clear()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part 1;", "more_body": True})
        await go.wait()
        await send({"type": "http.response.body", "body": b"part 2;"})
    elif path == "/go":
        go.set()
        await answer(send, b"gone")
    elif path == "/dialogue":
        await send({"type": "http.response.start", "status": 200})
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"].upper(), "more_body": more})
    elif path == "/listen":
        print("listening", flush=True)
        while (await receive())["type"] != "http.disconnect":
            pass
        print("the client is gone", flush=True)
    elif path == "/port":
        await answer(send, str(scope["client"][1]).encode())
    elif path == "/raise":
        raise RuntimeError("a mistake of the app")
    else:
        await answer(send, b"none", 404)
`;

const page = await openPage({ "sync.py": WSGI, "coro.py": ASGI });

for (const command of ["gunicorn sync:app", "uvicorn coro:app"]) {
  describe(`fetch from \`${command}\``, { timeout: 150_000 }, () => {
    /** @type {RunningServer} */
    let server;
    before(async () => {
      server = await page.start(command);
    });
    after(() => server?.stop());

    test("a GET has a path, a query, headers and no body", async () => {
      const { text } = await server.fetch("/echo?q=%C3%A9&r", {
        headers: { "X-Test": "yes", Cookie: "a=b; c=d" },
      });
      assert.deepEqual(JSON.parse(text), {
        method: "GET",
        type: "",
        length: "",
        coding: "",
        query: "q=%C3%A9&r",
        x: "yes",
        cookie: "a=b; c=d",
        host: "127.0.0.1:8000",
        body: "",
      });
    });

    test("a string is sent as UTF-8 text", async () => {
      const echo = JSON.parse(
        (await server.fetch("/echo", { method: "POST", body: "Grüße" })).text,
      );
      assert.equal(Buffer.from(echo.body, "latin1").toString(), "Grüße");
      assert.equal(echo.type, "text/plain;charset=UTF-8");
      assert.equal(echo.length, "7");
    });

    test("bytes are sent as they are", async () => {
      const echo = await server.run(async ({ server: running }) => {
        const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
        return (await running.fetch("/echo", { method: "PUT", body })).json();
      });
      assert.deepEqual([...Buffer.from(echo.body, "latin1")], [...Array(256).keys()]);
      assert.equal(echo.method, "PUT");
      assert.equal(echo.type, "");
    });

    test("form data is sent as multipart", async () => {
      const echo = await server.run(async ({ server: running }) => {
        const form = new FormData();
        form.set("field", "value");
        form.set("file", new Blob(["contents"]), "name.txt");
        return (await running.fetch("/echo", { method: "POST", body: form })).json();
      });
      const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(echo.type) ?? [];
      assert.ok(boundary, echo.type);
      assert.equal(echo.body.split(`--${boundary}`).length, 4);
      assert.match(echo.body, /name="field"\r\n\r\nvalue\r\n/);
      assert.match(echo.body, /filename="name\.txt"\r\n(.+\r\n)?\r\ncontents\r\n/);
    });

    test("a stream is sent in chunks", async () => {
      const echo = await server.run(async ({ server: running }) => {
        const parts = ["one ", "two ", "three"];
        const body = new ReadableStream({
          pull(controller) {
            const part = parts.shift();
            if (part === undefined) controller.close();
            else controller.enqueue(new TextEncoder().encode(part));
          },
        });
        const init = /** @type {RequestInit} */ ({ method: "POST", body, duplex: "half" });
        return (await running.fetch("/echo", init)).json();
      });
      assert.equal(echo.body, "one two three");
      assert.equal(echo.coding, "chunked");
      assert.equal(echo.length, "");
    });

    test("a Request may stand for its parts", async () => {
      const echo = await server.run(async ({ server: running }) => {
        const request = new Request("http://elsewhere.example/echo?a", {
          method: "POST",
          headers: { "X-Test": "of the request" },
          body: "its body",
        });
        return (await running.fetch(request)).json();
      });
      assert.equal(echo.method, "POST");
      assert.equal(echo.x, "of the request");
      assert.equal(echo.body, "its body");
      assert.equal(echo.query, "a");
      assert.equal(echo.host, "127.0.0.1:8000");
    });

    test("a HEAD's response has headers and no body", async () => {
      const { status, text, headers } = await server.fetch("/cookies", { method: "HEAD" });
      assert.equal(status, 200);
      assert.equal(text, "");
      assert.ok(headers.some(([name]) => name.toLowerCase() === "set-cookie"));
      assert.equal(
        (await server.fetch("/cookies")).text,
        "cookies",
        "and the next is not out of step",
      );
    });

    test("a 204 has no body", async () => {
      const { status, text } = await server.fetch("/empty");
      assert.deepEqual({ status, text }, { status: 204, text: "" });
    });

    test("response.wasgi.headers has every field as it came, Set-Cookie too", async () => {
      const { status, headers } = await server.fetch("/cookies");
      assert.equal(status, 200);
      const own = headers
        .filter(([name]) => /^(set-cookie|x-twice)$/i.test(name))
        .map(([, value]) => value);
      assert.deepEqual(own, ["a=1", "b=2", "1", "2"]);
    });

    test("an exception in the app is a 500 with its traceback in the log, and the next request is served", async () => {
      assert.equal((await server.fetch("/raise")).status, 500);
      const log = await server.log();
      assert.match(
        log,
        /raise RuntimeError\("a mistake of the app"\)\nRuntimeError: a mistake of the app/,
      );
      assert.equal((await server.fetch("/nothing")).status, 404);
    });

    test("50 MB arrive whole at the app", async () => {
      const [sent, received] = await server.run(async ({ server: running }, size) => {
        const body = new Uint8Array(size);
        for (let at = 0; at < size; at += 1) body[at] = (at * 31) ^ (at >> 12);
        const crc = Uint32Array.from({ length: 256 }, (_, n) => {
          let c = n;
          for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
          return c;
        });
        let sum = -1;
        for (const byte of body) sum = crc[(sum ^ byte) & 255] ^ (sum >>> 8);
        const response = await running.fetch("/sum", { method: "POST", body });
        return [`${size} ${(sum ^ -1) >>> 0}`, await response.text()];
      }, 50 * MEGABYTE);
      assert.equal(received, sent);
    });

    test("50 MB arrive whole from the app", async () => {
      const wrong = await server.run(async ({ server: running }) => {
        const bytes = new Uint8Array(await (await running.fetch("/large")).arrayBuffer());
        if (bytes.length !== 800 * 65536) return `${bytes.length} bytes`;
        const at = bytes.findIndex((byte, index) => byte !== (index >> 16) % 251);
        return at < 0 ? "" : `byte ${at}`;
      });
      assert.equal(wrong, "");
    });

    test("the parts of a response arrive as the app makes them", async () => {
      await page.write({ go: null });
      const parts = await server.run(async ({ playground, server: running, wasgi }, sync) => {
        const { body } = await running.fetch("/parts");
        if (!body) throw new wasgi.WasgiError("There is no body.");
        const reader = body.pipeThrough(new TextDecoderStream()).getReader();
        const seen = [(await reader.read()).value];
        // Only now may the app go on.
        if (sync) await playground.writeFiles({ go: "" });
        else await running.fetch("/go");
        for (let part = await reader.read(); !part.done; part = await reader.read())
          seen.push(part.value);
        return seen;
      }, command.startsWith("gunicorn"));
      assert.deepEqual(parts, ["part 1;", "part 2;"]);
    });

    test("a request whose signal is aborted already is not sent", async () => {
      const before = await server.run(({ server: running }) =>
        running.fetch("/nothing").then((r) => /** @type {any} */ (r).wasgi.request),
      );
      const name = await server.run(({ server: running }) =>
        running
          .fetch("/nothing", { signal: AbortSignal.abort() })
          .then(String, (error) => error.name),
      );
      assert.equal(name, "AbortError");
      assert.equal((await server.fetch("/nothing")).request, before + 1);
    });

    test("a request that is aborted while its body is made bytes is not sent", async () => {
      const before = (await server.fetch("/nothing")).request;
      const name = await server.run(({ server: running }) => {
        const controller = new AbortController();
        const { signal } = controller;
        const sent = running.fetch("/nothing", { method: "POST", body: new FormData(), signal });
        controller.abort();
        return sent.then(String, (error) => error.name);
      });
      assert.equal(name, "AbortError");
      assert.equal((await server.fetch("/nothing")).request, before + 1);
    });

    test("what is no request is refused before it is sent", async () => {
      const errors = await server.run(async ({ server: running }) => {
        const told = (/** @type {Promise<unknown>} */ promise) =>
          promise.then(String, (error) => `${error.name}: ${error.message}`);
        return [
          await told(running.fetch("/", { method: "NO METHOD" })),
          await told(running.fetch("/", { headers: [["X-Split", "a\r\nInjected: yes"]] })),
        ];
      });
      assert.match(errors[0], /^TypeError: "NO METHOD" is no HTTP method\.$/);
      assert.match(errors[1], /^TypeError: The header "X-Split" has a line end in it\.$/);
    });
  });
}

describe("aborting", { timeout: 120_000 }, () => {
  test("an abort while the app answers ends the body, and the app hears of it", async () => {
    const server = await page.start("uvicorn coro:app");
    const name = await server.run(async ({ server: running, log }) => {
      const controller = new AbortController();
      const answer = running
        .fetch("/listen", { signal: controller.signal })
        .then(String, (error) => error.name);
      const listening = new Promise((resolve) => {
        running.addEventListener(
          "log",
          () => log.some(({ line }) => line === "listening") && resolve(undefined),
        );
      });
      await listening;
      controller.abort();
      return answer;
    });
    assert.equal(name, "AbortError");
    await server.logged(/^the client is gone$/);
    assert.equal((await server.fetch("/nothing")).status, 404, "the server serves on");
    await server.stop();
  });

  for (const how of /** @type {const} */ (["abort", "cancel"])) {
    test(`a body that the client does not want any more (${how}) closes the app's iterable`, async () => {
      await page.write({ go: null });
      const server = await page.start("gunicorn sync:app");
      const outcome = await server.run(async ({ playground, server: running }, way) => {
        const controller = new AbortController();
        const { body } = await running.fetch("/parts", { signal: controller.signal });
        const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
        await reader.read();
        let result = "cancelled";
        if (way === "cancel") {
          await reader.cancel();
        } else {
          controller.abort();
          result = await reader.read().then(String, (error) => error.name);
        }
        await playground.writeFiles({ go: "" });
        return result;
      }, how);
      assert.equal(outcome, how === "cancel" ? "cancelled" : "AbortError");
      await server.logged(/^closed after \d$/);
      assert.equal((await server.fetch("/nothing")).status, 404, "the server serves on");
      await server.stop();
    });
  }

  test("an upload and its answer may go on at the same time", async () => {
    const server = await page.start("uvicorn coro:app");
    const answers = await server.run(async ({ server: running }) => {
      /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
      let upload;
      const body = new ReadableStream({ start: (controller) => void (upload = controller) });
      const encoder = new TextEncoder();
      upload?.enqueue(encoder.encode("a"));
      const init = /** @type {RequestInit} */ ({ method: "POST", body, duplex: "half" });
      const response = await running.fetch("/dialogue", init);
      const stream = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
      const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
      const seen = [];
      for (const next of ["b", "c", null]) {
        seen.push((await reader.read()).value);
        if (next) upload?.enqueue(encoder.encode(next));
        else upload?.close();
      }
      return [...seen, (await reader.read()).done];
    });
    assert.deepEqual(answers, ["A", "B", "C", true]);
    await server.stop();
  });
});

describe("connections", { timeout: 120_000 }, () => {
  test("uvicorn keeps a connection for the next request, unless asked to close it", async () => {
    const server = await page.start("uvicorn coro:app");
    const ports = [];
    for (const headers of [{}, { Connection: "close" }, {}]) {
      ports.push(
        (await server.fetch("/port", { headers: /** @type {Record<string, string>} */ (headers) }))
          .text,
      );
    }
    assert.equal(ports[0], ports[1]);
    assert.notEqual(ports[1], ports[2]);
    await server.stop();
  });

  test("gunicorn's sync worker closes after each response", async () => {
    const server = await page.start("gunicorn sync:app");
    const answer = await server.run(async ({ server: running }) => {
      const connection = await running.connect();
      await connection.write(new TextEncoder().encode("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"));
      const text = await new Response(connection.readable).text();
      connection.end();
      return text;
    });
    assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
    assert.match(answer, /\r\nConnection: close\r\n/);
    await server.stop();
  });

  test("requests that come before the first is answered are answered in turn", async () => {
    const server = await page.start("uvicorn coro:app");
    const answer = await server.run(async ({ server: running }) => {
      const connection = await running.connect();
      const request = (/** @type {string} */ path, close = "") =>
        `GET ${path} HTTP/1.1\r\nHost: x\r\n${close}\r\n`;
      const bytes = new TextEncoder().encode(
        request("/cookies") + request("/port") + request("/nothing", "Connection: close\r\n"),
      );
      await connection.write(bytes);
      return new Response(connection.readable).text();
    });
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "200", "404"]);
    await server.stop();
  });

  for (const [command, expected] of /** @type {const} */ ([
    ["gunicorn sync:app", /^HTTP\/1\.1 400 Bad Request\r\n/],
    [
      "uvicorn coro:app",
      /^HTTP\/1\.1 400 Bad Request\r\n(.+\r\n)*\r\nInvalid HTTP request received\.$/,
    ],
  ])) {
    test(`what is no HTTP is answered with 400 by \`${command}\``, async () => {
      const server = await page.start(command);
      const answer = await server.run(async ({ server: running }) => {
        const connection = await running.connect();
        await connection.write(new TextEncoder().encode("This is no HTTP\r\n\r\n"));
        return new Response(connection.readable).text();
      });
      assert.match(answer, expected);
      assert.equal((await server.fetch("/nothing")).status, 404);
      await server.stop();
    });
  }

  test("nothing listens on another port", async () => {
    const server = await page.start("gunicorn sync:app");
    const name = await server.run(({ server: running }) =>
      running.connect(9).then(String, (error) => error.name),
    );
    assert.equal(name, "ConnectionRefused");
    await server.stop();
  });
});
