// A booted interpreter is kept from one visit to the next.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { launchBrowser, serveSite } from "../support.js";

const APP = `
import random

def app(environ, start_response):
    start_response("200 OK", [])
    return [f"{hash('the seed')} {random.random()}".encode()]
`;

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").BrowserContext} */
let visitor;

before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  visitor = await browser.newContext();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/**
 * A visit: the seed of hashes, and a random number.
 * @param {boolean} keeps whether there is to be an image at its end
 */
async function visit(keeps) {
  const page = await PlaygroundPage.open(visitor, site.url);
  try {
    await page.write({ "app.py": APP });
    const server = await page.start("gunicorn app:app");
    const [hash, random] = (await server.fetch("/")).text.split(" ");
    await page.page.evaluate(async (wanted) => {
      const kept = async () => (await (await caches.open("wasgi images")).keys()).length > 0;
      while ((await kept()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 50));
    }, keeps);
    return { hash, random };
  } finally {
    await page.close();
  }
}

describe("the image of a booted interpreter", { timeout: 120_000 }, () => {
  test("is kept for the next visit, whose random numbers are others", async () => {
    const first = await visit(true);
    const next = await visit(true);
    assert.equal(next.hash, first.hash);
    assert.notEqual(next.random, first.random);
  });

  test("is not used where it is damaged, and forgotten", async () => {
    const page = await visitor.newPage();
    await page.goto(new URL("manifest.json", site.url).href);
    await page.evaluate(async () => {
      const cache = await caches.open("wasgi images");
      const [request] = await cache.keys();
      const bytes = await (await cache.match(request))?.arrayBuffer();
      if (!bytes) throw new Error("there is none");
      // Another table of functions than the interpreter has.
      const text = new TextDecoder("latin1")
        .decode(bytes)
        .replace(/(?<="tableLength":\d)\d+/, (digits) => "0".repeat(digits.length))
        .replace(/(?<="tableLength":)\d/, "1");
      await cache.put(request, new Response(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    });
    await page.close();
    await visit(false);
  });
});
