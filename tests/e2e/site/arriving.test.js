// A site whose files come slowly, or not whole: what can start does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
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

const BARE = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"bare"]
`;
const WERKZEUG = `
import werkzeug
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [werkzeug.__name__.encode()]
`;

/**
 * The site, but that the last half of its packages comes when it is let through, or never.
 */
async function slowSite() {
  /** @type {(whole: boolean) => void} */
  let decide = () => {};
  /** @type {Promise<boolean>} */
  const decided = new Promise((resolve) => (decide = resolve));
  let sent = () => {};
  const half = new Promise((resolve) => (sent = () => resolve(undefined)));
  const server = createServer(async (request, response) => {
    const original = await fetch(new URL(request.url?.slice(1) ?? "", site.url));
    const bytes = new Uint8Array(await original.arrayBuffer());
    const headers = Object.fromEntries(original.headers);
    for (const name of ["connection", "keep-alive", "transfer-encoding", "date"])
      delete headers[name];
    response.writeHead(original.status, { ...headers, "content-length": String(bytes.length) });
    if (!request.url?.endsWith("/site.pack")) {
      response.end(bytes);
      return;
    }
    const middle = bytes.length >> 1;
    response.write(bytes.subarray(0, middle), sent);
    if (await decided) response.end(bytes.subarray(middle));
    else response.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    decide(false);
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/`, half, decide, close };
}

/** @param {import("node:test").TestContext} t */
async function slowPage(t) {
  const slow = await slowSite();
  t.after(slow.close);
  const page = await PlaygroundPage.open(browser, slow.url);
  t.after(() => page.page.close());
  await page.write({ "bare.py": BARE, "needs.py": WERKZEUG });
  return { page, half: slow.half, decide: slow.decide };
}

test("an app that needs no package answers while packages are on their way, and one that does waits for its own", async (t) => {
  const { page, decide } = await slowPage(t);
  const bare = await page.start("gunicorn -b :8001 bare:app");
  let listens = false;
  const starting = page.start("gunicorn -b :8002 needs:app").finally(() => (listens = true));
  assert.equal((await bare.fetch("/")).text, "bare");
  assert.equal(listens, false);
  decide(true);
  assert.equal((await (await starting).fetch("/")).text, "werkzeug");
});

test("where packages do not come whole, the server that needs them says so, and the page goes on", async (t) => {
  const { page, half, decide } = await slowPage(t);
  const failing = page.fail("gunicorn needs:app");
  await half;
  decide(false);
  const { log } = await failing;
  assert.match(log, /site\.pack did not come whole/);
  assert.doesNotMatch(log, /SyntaxError/);
});
