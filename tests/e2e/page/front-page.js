// The front page for tests: the site and a browser for a file of them, and what visitors do there.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { launchBrowser, serveSite } from "../support.js";

/** @typedef {import("playwright-core").Page} Page */

/** The built site in a browser, from the first test of a file to its last. */
export class FrontPage {
  /** @type {Awaited<ReturnType<typeof serveSite>> | undefined} */
  #site;
  /** @type {import("playwright-core").Browser | undefined} */
  #browser;

  constructor() {
    before(async () => {
      this.#site = await serveSite();
      this.#browser = await launchBrowser();
    });
    after(async () => {
      await this.#browser?.close();
      await this.#site?.close();
    });
  }

  /** Where the site is. */
  get url() {
    assert.ok(this.#site, "the tests have begun");
    return this.#site.url;
  }

  /** The browser. */
  get browser() {
    assert.ok(this.#browser, "the tests have begun");
    return this.#browser;
  }

  /**
   * The page as a first visitor has it; what it throws fails the test.
   * @param {import("node:test").TestContext} t
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async visit(t, options) {
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    /** @type {Error[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error));
    t.after(async () => {
      await context.close();
      assert.deepEqual(errors, []);
    });
    await page.goto(this.url);
    await page.getByTestId("run").waitFor();
    return page;
  }
}

/**
 * Waits until the state line says so.
 * @param {Page} page
 * @param {RegExp} words
 */
export async function state(page, words) {
  await page.getByTestId("state").filter({ hasText: words }).waitFor({ timeout: 120_000 });
}

/**
 * Runs a command line.
 * @param {Page} page
 * @param {string} command
 */
export async function run(page, command) {
  await page.getByTestId("command").fill(command);
  await page.getByTestId("run").click();
}

/**
 * Types a text in the place of what the open file has.
 * @param {Page} page
 * @param {string} text
 */
export async function type(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}
