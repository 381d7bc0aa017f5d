import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { serveSite } from "../support.js";

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
before(async () => {
  site = await serveSite();
});
after(() => site?.close());

test("the front page is cross-origin isolated", async () => {
  const response = await fetch(site.url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(response.headers.get("cross-origin-embedder-policy"), "require-corp");
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
});

test("wasm has the type that streaming compilation needs", async () => {
  const response = await fetch(new URL("wasgi_core_bg.wasm", site.url), { method: "HEAD" });
  assert.equal(response.headers.get("content-type"), "application/wasm");
});

test("a file that the browser has is not sent again, and a change of it is seen", async () => {
  const url = new URL("manifest.json", site.url);
  const first = await fetch(url);
  assert.equal(first.headers.get("cache-control"), "no-cache");
  const tag = first.headers.get("etag");
  assert.ok(tag);
  const again = await fetch(url, { headers: { "if-none-match": tag } });
  assert.equal(again.status, 304);
  const changed = await fetch(url, { headers: { "if-none-match": '"another"' } });
  assert.equal(changed.status, 200);
});

test("the manifest tells each file's size and hash", async () => {
  const { files } = await (await fetch(new URL("manifest.json", site.url))).json();
  for (const [path, { bytes, sha256 }] of Object.entries(files)) {
    const contents = await (await fetch(new URL(path, site.url))).arrayBuffer();
    assert.equal(contents.byteLength, bytes, path);
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", contents)).toString("hex");
    assert.equal(digest, sha256, path);
  }
});
