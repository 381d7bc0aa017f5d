// A booted interpreter is kept from one visit to the next.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { ISOLATING, SiteHost } from "../site-host.js";
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
 * A page whose server has answered once.
 * @param {string} url where the site is
 */
async function visiting(url) {
  const page = await PlaygroundPage.open(visitor, url);
  await page.write({ "app.py": APP });
  const server = await page.start("gunicorn app:app");
  const [hash, random] = (await server.fetch("/")).text.split(" ");
  return { page, hash, random };
}

/**
 * The images that are kept, once it is as wanted.
 * @param {PlaygroundPage} page
 * @param {{ base: string, count: number }} wanted how many of those of the site at `base`
 */
function kept({ page }, wanted) {
  return page.evaluate(async ({ base, count }) => {
    for (;;) {
      const requests = await (await caches.open("wasgi images")).keys();
      const urls = requests.map((request) => request.url);
      if (urls.filter((url) => url.startsWith(base)).length === count) return urls;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }, wanted);
}

/**
 * A visit: the seed of hashes, and a random number.
 * @param {number} count images that are to be there at its end
 */
async function visit(count) {
  const { page, hash, random } = await visiting(site.url);
  try {
    await kept(page, { base: site.url, count });
    return { hash, random };
  } finally {
    await page.close();
  }
}

describe("the image of a booted interpreter", { timeout: 120_000 }, () => {
  test("is kept for the next visit, whose random numbers are others", async () => {
    const first = await visit(1);
    const next = await visit(1);
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
    await visit(0);
  });

  test("takes the place of those of other versions of the site", async () => {
    const page = await visitor.newPage();
    await page.goto(new URL("manifest.json", site.url).href);
    const old = new URL("python/image?of-another-version", site.url).href;
    await page.evaluate(async (url) => {
      await (await caches.open("wasgi images")).put(url, new Response("old"));
    }, old);
    await page.close();
    const visited = await visiting(site.url);
    const urls = await kept(visited.page, { base: site.url, count: 1 });
    assert.ok(!urls.includes(old));
    await visited.page.close();
  });

  test("is not kept where a file has not the digest that the manifest says", async () => {
    const script = await (await fetch(new URL("process.js", site.url))).text();
    // Two copies of the site, one of them with files of two versions.
    const host = await SiteHost.open(site.url, ISOLATING, (request, response) => {
      const [, copy, path] = /^\/(half|whole)(\/.*)$/.exec(String(request.url)) ?? [];
      request.url = path;
      const isOther = copy === "half" && path === "/process.js";
      if (isOther) {
        response.setHeader("content-type", "text/javascript");
        response.end(`${script}// another version`);
      }
      return isOther;
    });
    try {
      const half = await visiting(new URL("half/", host.url).href);
      const whole = await visiting(new URL("whole/", host.url).href);
      // What started later is kept.
      const urls = await kept(whole.page, { base: new URL("whole/", host.url).href, count: 1 });
      assert.deepEqual(
        urls.filter((url) => url.includes("/half/")),
        [],
      );
      await half.page.close();
      await whole.page.close();
    } finally {
      host.close();
    }
  });
});
