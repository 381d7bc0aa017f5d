// The log of the page, as a visitor reads it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launchBrowser, serveSite } from "../support.js";

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const FLOOD = `
for number in range(12_000):
    print("line", number)

def app(environ, start_response):
    start_response("200 OK", [])
    return []
`;

test("a flood of lines ends with its last ones, in order, and says how many are gone", async () => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(FLOOD);
  await page.getByTestId("command").fill("gunicorn app:app");
  await page.getByTestId("run").click();
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
  await page.close();
});
