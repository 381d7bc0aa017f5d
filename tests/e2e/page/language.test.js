// The languages of the page: which one a visitor reads.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FrontPage } from "./front-page.js";

const front = new FrontPage();

/** @param {import("playwright-core").Page} page */
async function opened(page) {
  await page.goto(front.url);
  await page.getByTestId("run").waitFor();
  return page.getByTestId("run").textContent();
}

test("whose browser asks for Korean reads Korean, and may choose English for good", async () => {
  const context = await front.browser.newContext({ locale: "ko-KR" });
  const page = await context.newPage();
  assert.match((await opened(page)) ?? "", /^실행/);
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
  assert.equal(await page.title(), await page.locator("h1").textContent());
  await page.getByTestId("run").click();
  await page
    .getByTestId("state")
    .filter({ hasText: "http://127.0.0.1:8000에서 연결을 기다립니다" })
    .waitFor({ timeout: 120_000 });
  await page.getByTestId("help").click();
  const loaded = page.waitForEvent("load");
  await page.getByTestId("language").selectOption("English");
  await loaded;
  assert.match((await opened(page)) ?? "", /^Run/);
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await context.close();
});

test("whose browser asks for a language that there is not reads English", async () => {
  const context = await front.browser.newContext({ locale: "de-DE" });
  const page = await context.newPage();
  assert.match((await opened(page)) ?? "", /^Run/);
  await context.close();
});

test("the element speaks the language of the document that it is in", async () => {
  const page = await front.browser.newPage();
  const url = new URL("embedded.html", front.url).href;
  await page.route(url, (route) =>
    route.fulfill({
      contentType: "text/html; charset=utf-8",
      body: `<!doctype html><html lang="ko-KR"><title>문서</title>
        <script type="module" src="element.js"></script>
        <wasgi-playground example="flask"></wasgi-playground>`,
    }),
  );
  await page.goto(url);
  const run = page.getByTestId("run");
  await run.waitFor();
  assert.match((await run.textContent()) ?? "", /^실행/);
  assert.equal(await page.locator("wasgi-playground").getAttribute("lang"), "ko");
  await page.close();
});
