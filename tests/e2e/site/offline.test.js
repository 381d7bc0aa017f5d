// After the first visit the site works without a network, and on a host that sends no headers of
// its own.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ISOLATING, SiteHost } from "../site-host.js";
import { launchBrowser, serveSite } from "../support.js";

/** @typedef {import("playwright-core").Page} Page */

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

/** @param {Page} page */
async function runsAndAnswers(page) {
  await page.getByTestId("run").click();
  await page
    .getByTestId("state")
    .filter({ hasText: /^Listening/ })
    .waitFor();
  await page.getByTestId("send").click();
  await page.getByTestId("response-status").filter({ hasText: "200 OK" }).waitFor();
  assert.match(
    (await page.getByTestId("response-body").textContent()) ?? "",
    /^Hello from process \d+/,
  );
}

/** Resolves when the service worker has all files and controls the page. @param {Page} page */
async function visited(page) {
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    await serviceWorker.ready;
    if (!serviceWorker.controller) {
      await new Promise((resolve) =>
        serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
      );
    }
  });
}

describe("offline", { timeout: 120_000 }, () => {
  test("after one visit the page loads, is isolated, and runs a server without a network", async () => {
    const host = await SiteHost.open(site.url, ISOLATING);
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(host.publicUrl);
      await visited(page);
      host.online = false;
      await page.reload();
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      await runsAndAnswers(page);
      const types = await page.evaluate(
        async (paths) => {
          const answers = await Promise.all(paths.map((path) => fetch(path)));
          return answers.map((answer) => answer.headers.get("content-type"));
        },
        [
          "./",
          "app.js",
          "app.css",
          "wasgi_core_bg.wasm",
          "python/pyodide.asm.wasm",
          "python/pyodide.asm.mjs",
          "manifest.json",
        ],
      );
      const wanted = [
        /^text\/html/,
        /javascript/,
        /^text\/css/,
        /^application\/wasm$/,
        /^application\/wasm$/,
        /javascript/,
        /json/,
      ];
      for (const [index, type] of wanted.entries()) assert.match(types[index] ?? "", type);
    } finally {
      host.close();
      await context.close();
    }
  });
});

describe("a host that sends no COOP and COEP", { timeout: 120_000 }, () => {
  test("serves a page that runs servers all the same, with copies in place of shared memory", async () => {
    const host = await SiteHost.open(site.url);
    // No service worker either, which would add the headers.
    const context = await browser.newContext({ serviceWorkers: "block" });
    try {
      const page = await context.newPage();
      await page.goto(host.publicUrl);
      assert.equal(await page.evaluate(() => typeof SharedArrayBuffer), "undefined");
      await page.getByTestId("command").fill("gunicorn -w 2 app:app");
      await runsAndAnswers(page);
    } finally {
      host.close();
      await context.close();
    }
  });
});
