import assert from "node:assert/strict";
import { test } from "node:test";

import { FrontPage, run as runCommand, state, type } from "./front-page.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("../../../www/wasgi.js").Playground} Playground */
/** @typedef {import("../../../www/wasgi.js").Server} Server */
/** @typedef {Window & { server: Server }} WithServer */

const front = new FrontPage();

/**
 * A page on which a server runs an app, which the tests find as `window.server`.
 * @param {import("node:test").TestContext} t
 * @param {string} command
 * @param {string} [app]
 */
async function run(t, command, app) {
  const page = await front.visit(t);
  await page.waitForFunction(() => {
    const element = /** @type {(Element & { playground: Playground | null }) | null} */ (
      document.querySelector("wasgi-playground")
    );
    const playground = element?.playground;
    if (!playground) return false;
    const { start } = playground;
    playground.start = async (...given) => {
      const server = await start.apply(playground, given);
      /** @type {WithServer} */ (/** @type {unknown} */ (window)).server = server;
      return server;
    };
    return true;
  });
  if (app !== undefined) await type(page, app);
  await runCommand(page, command);
  await state(page, /^Listening at/);
  return page;
}

/** @param {Page} page @param {string} path @param {number} times */
async function send(page, path, times) {
  await page.getByTestId("path").fill(path);
  await page.getByTestId("times").fill(String(times));
  await page.getByTestId("send").click();
}

/** @param {Page} page @param {RegExp} words */
async function summary(page, words) {
  await page
    .getByTestId("timeline-summary")
    .filter({ hasText: words })
    .waitFor({ timeout: 120_000 });
}

/** The axis as it is painted. @param {Page} page */
const axis = (page) =>
  page
    .locator("canvas.timeline-axis")
    .evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());

/** Waits until the axis is another, and what is said of the requests is still the same. */
async function axisMoves(/** @type {Page} */ page) {
  const [before, said] = [await axis(page), page.getByTestId("timeline-summary")];
  const words = await said.textContent();
  while ((await axis(page)) === before)
    assert.equal(await said.textContent(), words, "the axis stands while requests wait");
}

/** The cells of the timeline as a table, row by row. @param {Page} page */
async function table(page) {
  await page.getByTestId("timeline-table").click();
  const rows = page.getByTestId("timeline").locator("tbody tr");
  await rows.first().waitFor();
  const cells = await rows.evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
  );
  await page.getByTestId("timeline-table").click();
  return cells;
}

test("requests that wait for a sync worker are on the timeline while they wait", async (t) => {
  const page = await run(t, "gunicorn app:app");
  await send(page, "/sleep", 10);
  await summary(page, /^10 requests · 1 running · 9 waiting$/);
  await axisMoves(page);
  await summary(page, /^10 requests · [\d.]+ s$/);
});

test("as many wait as were sent", async (t) => {
  const page = await run(t, "gunicorn app:app");
  await send(page, "/sleep", 200);
  await summary(page, /^200 requests · 1 running · 1\d\d waiting$/);
});

const COMPUTES = `
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/python":
        end = time.monotonic() + 6
        while time.monotonic() < end:
            pass
    if environ["PATH_INFO"] == "/c":
        sum(range(20_000_000))
    start_response("200 OK", [])
    return [b"done"]
`;

for (const [path, what] of [
  ["/python", "Python"],
  ["/c", "C code"],
]) {
  test(`a handler that computes in ${what} has its request, and others wait`, async (t) => {
    const page = await run(t, "gunicorn app:app", COMPUTES);
    await send(page, path, 3);
    await summary(page, /^3 requests · 1 running · 2 waiting$/);
    await axisMoves(page);
    const rows = await table(page);
    const owners = rows.map(([, , process]) => process);
    assert.match(owners[0], /^\d+$/, "the first one is its process's");
    assert.deepEqual(owners.slice(1), ["not taken", "not taken"]);
    assert.match(rows[0][6], /\b(taken|app|run)\b/);
    assert.match(rows[1][6], /^backlog/);
    await summary(page, /^3 requests · [\d.]+ (s|ms)$/);
  });
}

const LARGE = `
BODY = b"[" + b"1234567, " * 2_300_000 + b"0]"

def app(environ, start_response):
    large = environ["PATH_INFO"] == "/large"
    start_response("200 OK", [("Content-Type", "application/json")])
    return [BODY if large else b"[]"]
`;

/** Milliseconds as the page writes them. @param {string} text */
const milliseconds = (text) => Number.parseFloat(text) * (/ s$/.test(text) ? 1000 : 1);

test("the list and the timeline show the times of the trace", async (t) => {
  const page = await run(t, "gunicorn app:app", LARGE);
  await send(page, "/", 1000);
  await summary(page, /^1,?000 requests · [\d.]+ (s|ms)$/);
  const statuses = page.getByTestId("result").locator(".status");
  await statuses.filter({ hasText: /^200$/ }).nth(999).waitFor();
  const shown = await page.getByTestId("result").locator(".result-time").allTextContents();
  const measured = await page.evaluate(() => {
    const { server } = /** @type {WithServer} */ (/** @type {unknown} */ (window));
    const trace = server.trace();
    return server.requests().map(({ request, sent, end }) => {
      const own = trace.filter((span) => span.request === request);
      return {
        record: (end ?? NaN) - sent,
        spans:
          Math.max(...own.map((span) => (span.name === "write" ? span.end : -Infinity))) -
          Math.min(...own.map((span) => span.start)),
      };
    });
  });
  assert.equal(measured.length, 1000);
  // Digits that are not written.
  const within = (/** @type {number} */ a, /** @type {number} */ b) => Math.abs(a - b) < 1;
  const sorted = (/** @type {number[]} */ numbers) => numbers.sort((a, b) => a - b);
  const onScreen = sorted(shown.map(milliseconds));
  const inTrace = sorted(measured.map(({ record }) => record));
  for (const [index, time] of onScreen.entries())
    assert.ok(within(time, inTrace[index]) || time >= 1000, `${time} for ${inTrace[index]}`);
  for (const { record, spans } of measured) assert.ok(within(record, spans), `${record} ${spans}`);
});

test("a body of 20 MB is kept whole and shown as far as one has scrolled", async (t) => {
  const page = await run(t, "gunicorn app:app", LARGE);
  await send(page, "/large", 1);
  const facts = page.getByTestId("response-facts");
  await facts.filter({ hasText: "headers after" }).waitFor();
  assert.match((await facts.textContent()) ?? "", /21 MB/);
  const body = page.getByTestId("response-body");
  const shown = async () => (await body.textContent())?.length ?? 0;
  const first = await shown();
  assert.ok(first > 10_000 && first < 1_000_000, `${first} characters are in the document`);
  await body.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  while ((await shown()) === first);
  const text = (await body.textContent()) ?? "";
  assert.ok(`[${"1234567, ".repeat(300_000)}`.startsWith(text), "in order, without a gap");
});

test("a request that is cancelled, and one whose worker is killed, are over", async (t) => {
  const page = await run(t, "gunicorn app:app");
  await send(page, "/sleep", 20);
  await summary(page, /^20 requests · 1 running · 19 waiting$/);
  await page.getByTestId("cancel").click();
  await summary(page, /^20 requests · [\d.]+ (s|ms)/);
});
