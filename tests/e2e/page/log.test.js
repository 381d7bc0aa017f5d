// The log of the page, as a visitor reads it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FrontPage, run, type } from "./front-page.js";

const front = new FrontPage();

const FLOOD = `
for number in range(12_000):
    print("line", number)

def app(environ, start_response):
    start_response("200 OK", [])
    return []
`;

test("a flood of lines ends with its last ones, in order, and says how many are gone", async (t) => {
  const page = await front.visit(t);
  await type(page, FLOOD);
  await run(page, "gunicorn app:app");
  const log = page.getByTestId("log");
  await log.getByText("line 11999", { exact: true }).waitFor({ timeout: 120_000 });
  const lines = await log.locator(".line").allTextContents();
  const numbers = lines.flatMap((line) => /^line (\d+)$/.exec(line)?.[1] ?? []).map(Number);
  const first = numbers[0];
  assert.deepEqual(
    numbers,
    Array.from({ length: 12_000 - first }, (_, index) => first + index),
  );
  assert.ok(numbers.length >= 4000, "nearly all that are kept are of the flood");
  const gone = Number((await log.locator(".log-dropped").textContent())?.replace(/\D/g, ""));
  const before = lines.findIndex((line) => line.startsWith("line "));
  assert.ok(gone + before >= first, `${gone} are gone, of the flood ${first}`);
  await page.getByTestId("clear-log").click();
  assert.equal(await log.locator(".line").count(), 0);
});
