import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { SiteHost } from "../site-host.js";
import { launchBrowser, serveSite } from "../support.js";

/** @typedef {import("playwright-core").Page} Page */

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {SiteHost} */
let host;

// A static host that knows nothing of COOP and COEP, with a page of its own so that these tests
// need none of the site's.
before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  host = await SiteHost.open(site.url, {}, (request, response) => {
    if (request.url !== "/blank.html") return false;
    response.setHeader("content-type", "text/html").end("<title>blank");
    return true;
  });
});
after(async () => {
  await browser?.close();
  host?.close();
  await site?.close();
});

/** A page that the service worker controls. */
async function controlledPage() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(new URL("blank.html", host.publicUrl).href);
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
  host.online = false;
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
    host.online = true;
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

test("a kept file that was rewritten is not served, but fetched again", async () => {
  const page = await controlledPage();
  const [before, after, again] = await page.evaluate(async () => {
    const text = async () => (await fetch("process.js")).text();
    const original = await text();
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        if (!url.includes("/process.js?")) continue;
        await cache.put(
          url,
          new Response("rewritten", { headers: { "content-type": "text/javascript" } }),
        );
      }
    }
    const rewritten = await text();
    return [original, rewritten, await text()];
  });
  assert.ok(before.length > 10_000);
  assert.equal(after, before);
  assert.equal(again, before);
});

test("a rewritten file is not served without a network either", async () => {
  const page = await controlledPage();
  await page.evaluate(async () => {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys())
        if (url.includes("/process.js?")) await cache.put(url, new Response("rewritten"));
    }
  });
  host.online = false;
  try {
    const answer = await page.evaluate(() =>
      fetch("process.js").then(
        (response) => response.text(),
        () => "no answer",
      ),
    );
    assert.equal(answer, "no answer");
  } finally {
    host.online = true;
  }
});

test("the script of processes has its policy, wherever it comes from", async () => {
  const page = await controlledPage();
  const policy = await page.evaluate(async () =>
    (await fetch("process.js")).headers.get("content-security-policy"),
  );
  assert.equal(policy, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
});

test("a site that is half updated is not taken over, and is at the next visit", async () => {
  const page = await controlledPage();
  const served = () =>
    page.evaluate(async () => {
      const [manifest, style] = await Promise.all([fetch("manifest.json"), fetch("app.css")]);
      return [(await manifest.json()).version, await style.text()];
    });
  const update = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const found = await registration?.update().catch(() => undefined);
      const next = found?.installing;
      if (!next) return "none";
      return new Promise((resolve) =>
        next.addEventListener("statechange", () => resolve(next.state), { once: true }),
      );
    });
  const [version, style] = await served();
  const [script, manifest] = await Promise.all(
    ["sw.js", "manifest.json"].map(async (name) => (await fetch(new URL(name, site.url))).text()),
  );
  const newStyle = `${style}/* new */`;
  const [oldHash, newHash] = [style, newStyle].map((text) =>
    createHash("sha256").update(text).digest("hex"),
  );
  const renewed = (/** @type {string} */ text) =>
    text.replaceAll(oldHash, newHash).replaceAll(version, "0.0.0-new");
  host.replaced.set("/sw.js", renewed(script)).set("/manifest.json", renewed(manifest));
  try {
    assert.equal(await update(), "redundant", "the new style sheet is not there yet");
    assert.deepEqual(await served(), [version, style]);
    // The two are alike.
    host.replaced.set("/app.css", newStyle).set("/element.css", newStyle);
    assert.equal(await update(), "installed");
    await page.evaluate(async () => {
      const controlled = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
      );
      const registration = await navigator.serviceWorker.getRegistration();
      registration?.waiting?.postMessage("update");
      await controlled;
    });
    assert.deepEqual(await served(), ["0.0.0-new", newStyle]);
  } finally {
    host.replaced.clear();
  }
});
