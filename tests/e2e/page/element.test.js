// The element in a page of somebody else's.

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

/**
 * A page with the element in its body, once the element can run something.
 * @param {string} body
 */
async function embed(body) {
  const page = await browser.newPage();
  const url = new URL("embed.html", site.url).href;
  await page.route(url, (route) =>
    route.fulfill({
      contentType: "text/html",
      headers: {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      },
      body: `<!doctype html><link rel="stylesheet" href="element.css">${body}
        <script type="module" src="element.js"></script>`,
    }),
  );
  await page.goto(url);
  await page
    .getByTestId("state")
    .filter({ hasText: /^Ready/ })
    .waitFor({ timeout: 120_000 });
  return page;
}

test("the page stays where it is while the element loads, and when another file is opened", async () => {
  const page = await embed(
    `<div style="height: 3000px"></div><wasgi-playground example="django"></wasgi-playground>`,
  );
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.evaluate(() =>
    /** @type {HTMLElement} */ (document.querySelector(".tab:last-child")).click(),
  );
  assert.equal(await page.getByRole("tab", { selected: true }).textContent(), "mysite/__init__.py");
  assert.equal(await page.evaluate(() => scrollY), 0);
});

test("the tab of the open file is scrolled into sight among the tabs", async () => {
  const page = await embed(
    `<wasgi-playground example="django" style="width: 800px"></wasgi-playground>`,
  );
  await page.getByRole("tab", { selected: true }).press("End");
  const [tab, tabs] = await page.evaluate(() =>
    ["[role=tab][aria-selected=true]", "[role=tablist]"].map((selector) => {
      const { left, right } = /** @type {Element} */ (
        document.querySelector(selector)
      ).getBoundingClientRect();
      return { left, right };
    }),
  );
  // Scroll positions are whole pixels.
  const isInside = tab.left > tabs.left - 1 && tab.right < tabs.right + 1;
  assert.ok(isInside, JSON.stringify({ tab, tabs }));
});
