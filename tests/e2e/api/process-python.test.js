// The Python tests of tests/process/, each module in a worker process of its own.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { launchBrowser, serveSite } from "../support.js";

const FOLDER = new URL("../../process/", import.meta.url);
const MARK = "RESULT ";

const names = (await readdir(FOLDER)).filter((name) => name.startsWith("test_")).sort();

describe("inside a worker process", () => {
  /** @type {Awaited<ReturnType<typeof serveSite>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof launchBrowser>>} */
  let browser;

  before(async () => {
    site = await serveSite();
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });

  for (const name of names) {
    test(name, async (t) => {
      const page = await PlaygroundPage.open(browser, site.url);
      await page.write({
        [name]: await readFile(new URL(name, FOLDER), "utf8"),
        "runner.py": await readFile(new URL("runner.py", FOLDER), "utf8"),
      });
      const server = await page.start("gunicorn --timeout 0 runner:app", {
        TESTS: name.replace(/\.py$/, ""),
      });
      const response = await server.fetch("/");
      assert.equal(response.text, "tested");
      const lines = (await server.log()).split("\n");
      const results = lines.filter((line) => line.startsWith(MARK));
      assert.ok(lines.includes("DONE") && results.length > 0, "the module was run to its end");
      for (const line of results) {
        const [id, outcome, text] = JSON.parse(line.slice(MARK.length));
        await t.test(id, () => assert.equal(outcome, "passed", text));
      }
      await server.stop();
      await page.close();
    });
  }
});
