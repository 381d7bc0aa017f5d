import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";

import { ConnectionRefused } from "../../www/api/errors.js";
import { openEventSource } from "../../www/api/event-source.js";

/** @typedef {{ target: string, headers: Record<string, string> }} Asked */

/**
 * A server that answers each request with the next of these; a function is called for its answer.
 * @param {...(Response | (() => Response))} answers
 */
function serverOf(...answers) {
  /** @type {Asked[]} */
  const asked = [];
  const server = /** @type {any} */ ({
    code: null,
    /** @param {URL} url @param {{ headers: Headers }} init */
    async fetch(url, { headers }) {
      asked.push({ target: url.pathname + url.search, headers: Object.fromEntries(headers) });
      const answer = answers.shift();
      if (answer) return typeof answer === "function" ? answer() : answer;
      throw new ConnectionRefused("nothing listens");
    },
  });
  return { server, asked };
}

/** @param {string} body @param {Record<string, string>} [headers] */
const stream = (body, headers = { "content-type": "text/event-stream" }) =>
  new Response(body, { headers });

/**
 * A source and its events, until the one that `last` names.
 * @param {import("eventsource").EventSource} source
 * @param {string[]} types
 * @param {string} last
 */
async function eventsOf(source, types, last) {
  /** @type {[type: string, data: string, id: string][]} */
  const seen = [];
  for (const type of types)
    source.addEventListener(type, (event) => seen.push([type, event.data, event.lastEventId]));
  await once(/** @type {any} */ (source), last);
  return seen;
}

test("events come by their type, with their data and id", async () => {
  const { server, asked } = serverOf(
    stream(": a comment\n\ndata: one\ndata: two\n\nevent: tick\nid: 7\ndata: 3\n\n"),
  );
  const source = openEventSource(server, 8000, "/events?x=1", { headers: { cookie: "a=b" } });
  assert.equal(source.readyState, source.CONNECTING);
  assert.equal(source.url, "http://127.0.0.1:8000/events?x=1");
  const seen = await eventsOf(source, ["message", "tick"], "error");
  source.close();
  assert.deepEqual(seen, [
    ["message", "one\ntwo", ""],
    ["tick", "3", "7"],
  ]);
  assert.deepEqual(asked, [
    {
      target: "/events?x=1",
      headers: { accept: "text/event-stream", "cache-control": "no-cache", cookie: "a=b" },
    },
  ]);
});

test("after its end the stream is asked for again, from the last id on", async () => {
  const { server, asked } = serverOf(stream("retry: 1\nid: 4\ndata: a\n\n"), stream("data: b\n\n"));
  const source = openEventSource(server, 8000, "/", {});
  await once(/** @type {any} */ (source), "error");
  assert.equal(source.readyState, source.CONNECTING);
  await once(/** @type {any} */ (source), "message");
  source.close();
  assert.equal(asked[1].headers["last-event-id"], "4");
});

test("another status or type closes it for good", async () => {
  for (const answer of [new Response("no", { status: 500 }), stream("data: a\n\n", {})]) {
    const { server, asked } = serverOf(answer);
    const source = openEventSource(server, 8000, "/", {});
    await once(/** @type {any} */ (source), "error");
    assert.equal(source.readyState, source.CLOSED);
    assert.equal(asked.length, 1);
  }
});

test("redirects are followed within the server", async () => {
  const { server, asked } = serverOf(
    new Response(null, { status: 307, headers: { location: "../moved" } }),
    stream("data: a\n\n"),
  );
  const source = openEventSource(server, 8000, "/a/b", {});
  const [event] = await once(/** @type {any} */ (source), "message");
  source.close();
  assert.equal(event.data, "a");
  assert.deepEqual(
    asked.map(({ target }) => target),
    ["/a/b", "/moved"],
  );
});

test("a redirect to another host is an error that says so", async () => {
  const { server, asked } = serverOf(
    new Response(null, { status: 302, headers: { location: "https://example.org/" } }),
  );
  const source = openEventSource(server, 8000, "/", {});
  const [event] = await once(/** @type {any} */ (source), "error");
  source.close();
  assert.match(event.message, /example\.org/);
  assert.equal(asked.length, 1);
});

test("where the server has exited it closes", async () => {
  const { server } = serverOf();
  server.code = 0;
  const source = openEventSource(server, 8000, "/", {});
  await once(/** @type {any} */ (source), "error");
  while (source.readyState !== source.CLOSED) await new Promise((resolve) => setTimeout(resolve));
});
