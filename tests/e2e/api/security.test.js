// Hostile code in a process reaches neither the network nor the origin of the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { ISOLATING, SiteHost } from "../site-host.js";
import { launchBrowser, serveSite } from "../support.js";

const APP = await readFile(new URL("apps/escapes.py", import.meta.url), "utf8");
const STOLEN = "/stolen";

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {SiteHost} */
let host;
/** One whose policy forbids nothing: the realm does not depend on one. @type {SiteHost} */
let laxHost;
/** What the host has seen. @type {string[]} */
const seen = [];
const LAX = "default-src * 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'";

// The site on a host that gives its visitors a cookie, and echoes it to whoever asks.
before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  const headers = { ...ISOLATING, "set-cookie": "visitor=secret; HttpOnly" };
  /** @type {ConstructorParameters<typeof SiteHost>[2]} */
  const steal = (request, response) => {
    seen.push(String(request.url));
    if (!request.url?.startsWith(STOLEN)) return false;
    response.end(request.headers.cookie);
    return true;
  };
  host = await SiteHost.open(site.url, headers, steal);
  const lax = { ...headers, "content-security-policy": LAX };
  laxHost = await SiteHost.open(site.url, lax, steal);
});
after(async () => {
  await browser?.close();
  host?.close();
  laxHost?.close();
  await site?.close();
});

test(
  "a library that is another when a fork loads it again runs in a closed realm",
  { timeout: 90_000 },
  async () => {
    const { url } = laxHost;
    const page = await PlaygroundPage.open(browser, url);
    await page.write({ "escapes.py": APP });
    const env = { STOLEN: new URL(STOLEN, url).href, CHANGES_A_LIBRARY: "1" };
    await assert.rejects(page.start("gunicorn --preload escapes:app", env), /failed to boot/);
    await page.close();
    assert.deepEqual(
      seen.filter((path) => path.startsWith(STOLEN)),
      [],
    );
  },
);

for (const { command, policy } of [
  { command: "gunicorn escapes:app", policy: true },
  { command: "gunicorn --preload escapes:app", policy: false },
]) {
  const name = `${command} with${policy ? "" : "out"} a policy`;
  describe(name, { timeout: 90_000 }, () => {
    /** @type {Record<string, string>} */
    let outcomes;
    before(async () => {
      const { url } = policy ? host : laxHost;
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
