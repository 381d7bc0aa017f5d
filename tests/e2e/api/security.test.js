// Hostile code in a process reaches neither the network nor the origin of the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { launchBrowser, serveSite } from "../support.js";

const APP = await readFile(new URL("apps/escapes.py", import.meta.url), "utf8");
const STOLEN = "/stolen";

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("node:http").Server} */
let host;
/** What the host has seen, and the cookies that came with it. @type {string[]} */
const seen = [];

// The site on a host that gives its visitors a cookie, and echoes it to whoever asks.
before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  host = createServer(async (request, response) => {
    seen.push(String(request.url));
    response.setHeader("set-cookie", "visitor=secret; HttpOnly");
    if (request.url?.startsWith(STOLEN)) return response.end(request.headers.cookie);
    const answer = await fetch(new URL(`.${request.url}`, site.url));
    for (const name of ["content-type", "content-security-policy"]) {
      const value = answer.headers.get(name);
      if (value) response.setHeader(name, value);
    }
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    response.statusCode = answer.status;
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

for (const command of ["gunicorn escapes:app", "gunicorn --preload escapes:app"]) {
  describe(command, { timeout: 90_000 }, () => {
    /** @type {Record<string, string>} */
    let outcomes;
    before(async () => {
      const address = /** @type {import("node:net").AddressInfo} */ (host.address());
      const url = `http://127.0.0.1:${address.port}/`;
      const page = await PlaygroundPage.open(browser, url);
      await page.write({ "escapes.py": APP });
      const server = await page.start(command, { STOLEN: new URL(STOLEN, url).href });
      outcomes = {};
      for (const way of JSON.parse((await server.fetch("/")).text)) {
        outcomes[way] = await server.fetch(`/${way}`).then(
          ({ text }) => text,
          // Some end the process: memory is its own to destroy.
          (/** @type {Error} */ error) => `no: ${error.message.split("\n")[0]}`,
        );
      }
      await server.stop();
      await page.close();
    });

    test("no way out leads anywhere", () => {
      assert.ok(Object.keys(outcomes).length > 15, "all ways were tried");
      for (const [name, outcome] of Object.entries(outcomes)) {
        assert.match(outcome, /^no: /, name);
        assert.doesNotMatch(outcome, /^no: AssertionError/, name);
      }
    });

    test("the host sees no request of the app's", () => {
      assert.deepEqual(
        seen.filter((path) => path.startsWith(STOLEN)),
        [],
      );
    });
  });
}
