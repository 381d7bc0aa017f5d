import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { launchBrowser, serveSite } from "../support.js";

/** @typedef {import("playwright-core").Page} Page */

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("node:http").Server} */
let host;
/** Whether the host answers at all. */
let online = true;

// A static host that knows nothing of COOP and COEP, under a name for which the service worker does
// as on the internet, with a page of its own so that these tests need none of the site's.
before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  host = createServer(async (request, response) => {
    if (!online) return response.destroy();
    if (request.url === "/blank.html")
      return response.setHeader("content-type", "text/html").end("<title>blank");
    const answer = await fetch(new URL(`.${request.url}`, site.url));
    response.statusCode = answer.status;
    response.setHeader("content-type", answer.headers.get("content-type") ?? "");
    return response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => host.listen(0, "127.0.0.1", () => resolve(undefined)));
});
after(async () => {
  await browser?.close();
  host?.close();
  host?.closeAllConnections();
  await site?.close();
});

/** A page that the service worker controls. */
async function controlledPage() {
  const address = host.address();
  assert.ok(address && typeof address === "object");
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://site.localhost:${address.port}/blank.html`);
  await page.evaluate(async () => {
    const controlled = new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
    );
    await navigator.serviceWorker.register("sw.js");
    await controlled;
  });
  return page;
}

test("the site's files are served without a network after the first visit", async () => {
  const page = await controlledPage();
  online = false;
  try {
    const results = await page.evaluate(async () => {
      const { files } = await (await fetch("manifest.json")).json();
      const sizes = Object.entries(files).map(async ([path, { bytes }]) => {
        const response = await fetch(path);
        return { path, bytes, found: (await response.arrayBuffer()).byteLength };
      });
      return Promise.all(sizes);
    });
    assert.ok(results.length > 5);
    for (const { path, bytes, found } of results) assert.equal(found, bytes, path);
  } finally {
    online = true;
  }
});

test("a page that asks for isolation has it after one reload", async () => {
  const page = await controlledPage();
  await page.reload();
  assert.equal(
    await page.evaluate(() => crossOriginIsolated),
    false,
    "nothing changes unless the page asks",
  );
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = resolve;
        navigator.serviceWorker.controller?.postMessage("isolate", [port2]);
      }),
  );
  await page.reload();
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
});
