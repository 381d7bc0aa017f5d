// The page of a file of tests that share one.

import { after } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { launchBrowser, serveSite } from "../support.js";

/**
 * Opens a page with these files in its working directory; it is closed when the file's tests are
 * over.
 * @param {Record<string, string>} files
 */
export async function openPage(files) {
  const site = await serveSite();
  after(() => site.close());
  const browser = await launchBrowser();
  after(() => browser.close());
  const page = await PlaygroundPage.open(browser, site.url);
  await page.write(files);
  return page;
}
