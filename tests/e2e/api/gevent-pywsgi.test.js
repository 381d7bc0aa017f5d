// gunicorn -k gevent_pywsgi: gevent's own WSGI server, byte by byte as it answers (measured with
// gevent 26.9).

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
import sys
import gevent

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise ValueError("mine")
    if path == "/exit":
        sys.exit(0)
    if path == "/silent":
        return [b"x"]
    body = environ["wsgi.input"].read() if path == "/echo" else b"hello"
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        return stream()
    if path == "/late":
        return late()
    if path == "/environ":
        body = " ".join(f"{name}={environ.get(name)}" for name in (
            "SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PROTOCOL", "wsgi.multithread", "wsgi.input_terminated", "HTTP_X_A",
            "HTTP_COOKIE", "QUERY_STRING", "RAW_URI", "HTTP_X_U")).encode()
        assert environ["gunicorn.sock"].getpeername()[0] == environ["REMOTE_ADDR"]
    return [body]

def stream():
    yield b"a"
    gevent.sleep(0.01)
    yield b"bc"

def late():
    yield b"a"
    raise KeyError("late")
`;

const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: now\r\n";
const BAD = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-length: 0\r\n\r\n";
const ERROR =
  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 21\r\n" +
  "Date: now\r\n\r\nInternal Server Error";
const CHUNKS = "POST /echo HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

/** @type {[string, string, string][]} */
const EXCHANGES = [
  [
    "two requests on one connection, the second streamed",
    "GET / HTTP/1.1\r\n\r\nGET /stream HTTP/1.1\r\nConnection: close\r\n\r\n",
    `${OK}Content-Length: 5\r\n\r\nhello${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n`,
  ],
  [
    "HTTP/1.0",
    "GET /stream HTTP/1.0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nDate: now\r\n\r\nabc",
  ],
  ["HTTP/0.9", "GET /\r\n\r\n", `${OK}Content-Length: 5\r\n\r\nhello`],
  [
    "a HEAD, whose answer has a body",
    "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n",
    `${OK}Content-Length: 5\r\n\r\nhello`,
  ],
  [
    "lines without CR",
    "GET / HTTP/1.1\nConnection: close\n\n",
    `${OK}Content-Length: 5\r\n\r\nhello`,
  ],
  ["what is no request", "junk\r\n\r\n", BAD],
  ["HTTP/2.0", "GET / HTTP/2.0\r\n\r\n", BAD],
  ["a length that is no number", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", BAD],
  [
    "a line that is too long",
    `GET /${"a".repeat(9000)} HTTP/1.1\r\n\r\n`,
    "HTTP/1.1 414 Request URI Too Long\r\nConnection: close\r\nContent-length: 0\r\n\r\n",
  ],
  [
    "a body in chunks",
    `${CHUNKS}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n`,
    `${OK}Content-Length: 5\r\n\r\nabcde`,
  ],
  [
    "a body in chunks that are none",
    `${CHUNKS}zz\r\nabc\r\n`,
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 0\r\nDate: now\r\n\r\n",
  ],
  [
    "an expectation, met when the app reads",
    "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nhi`,
  ],
  [
    "a body that the app leaves, and the next request",
    "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    `${OK}Content-Length: 5\r\n\r\nhello${OK}Content-Length: 5\r\n\r\nhello`,
  ],
  ["an app that raises", "GET /raise HTTP/1.1\r\n\r\n", ERROR],
  ["an app that does not call start_response", "GET /silent HTTP/1.1\r\n\r\n", ERROR],
  [
    "an app that raises later",
    "GET /late HTTP/1.1\r\n\r\n",
    `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`,
  ],
  [
    "the environ",
    "GET /environ?a=b HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nX_U: no\r\nCookie: a\r\nCookie: b\r\nConnection: close\r\n\r\n",
    `${OK}Content-Length: 223\r\n\r\nSERVER_SOFTWARE=gevent/26.9.0 gunicorn/27.0.1 SERVER_NAME=localhost` +
      " SERVER_PROTOCOL=HTTP/1.1 wsgi.multithread=True wsgi.input_terminated=True HTTP_X_A=1,2 HTTP_COOKIE=a; b" +
      " QUERY_STRING=a=b RAW_URI=/environ?a=b HTTP_X_U=None",
  ],
];

const page = await openPage({ "app.py": APP });

describe("gunicorn -k gevent_pywsgi", { timeout: 120_000 }, () => {
  /** @type {import("../playground.js").RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn -k gevent_pywsgi --access-logfile - app:app");
  });
  after(() => server?.stop());

  for (const [what, request, expected] of EXCHANGES) {
    test(`answers ${what}`, async () => {
      const answer = (await server.exchange(request)).replace(/Date: [^\r]*/g, "Date: now");
      assert.equal(answer, expected);
    });
  }

  test("says which worker it is, logs each request as gunicorn, and errors as gevent", async () => {
    await server.exchange("GET / HTTP/1.1\r\nUser-Agent: me\r\nConnection: close\r\n\r\n");
    await server.logged(/^127\.0\.0\.1 - - \[[^\]]+\] "GET \/ HTTP\/1\.1" 200 106 "-" "me"$/);
    await server.exchange("GET /raise HTTP/1.1\r\n\r\n");
    await server.logged(
      /^\S+Z \{'REMOTE_ADDR': '127\.0\.0\.1', 'REMOTE_PORT': '\d+', \(hidden keys: \d+\)\} failed with ValueError$/,
    );
    const log = await server.log();
    assert.match(log, /\[INFO\] Using worker: gevent_pywsgi$/m);
    assert.match(log, /in app\n {4}raise ValueError\("mine"\)\nValueError: mine$/m);
  });

  test("takes what a slow client is sent no faster than that reads", async () => {
    const length = await server.run(async ({ server: running }) => {
      const body = "x".repeat(3_000_000);
      const response = await running.fetch("/echo", { method: "POST", body });
      return (await response.text()).length;
    });
    assert.equal(length, 3_000_000);
  });

  test("is left by a worker whose app exits, after the answer", async () => {
    assert.match(await server.exchange("GET /exit HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 500 /);
    await server.logged(/Worker exiting/);
    assert.equal((await server.fetch("/")).text, "hello");
  });
});
