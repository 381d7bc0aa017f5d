// A tab of a visitor: a page of the site that the service worker controls, with a playground.

import { readFile } from "node:fs/promises";

import { PlaygroundPage } from "../e2e/playground.js";
import { PAGE } from "./host.js";

const APPS = new URL("apps/", import.meta.url);
const FILES = Object.fromEntries(
  await Promise.all(
    ["soak_app.py", "mixed_threads.py"].map(
      async (name) => /** @type {const} */ ([name, await readFile(new URL(name, APPS), "utf8")]),
    ),
  ),
);

/**
 * Opens a tab.
 * @param {import("playwright-core").BrowserContext} visitor
 * @param {string} url the host
 */
export async function openTab(visitor, url) {
  const page = await visitor.newPage();
  await page.goto(new URL(PAGE, url).href);
  await page.evaluate(async () => {
    const { serviceWorker } = navigator;
    const controlled = new Promise((resolve) =>
      serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
    );
    await serviceWorker.register("sw.js");
    if (!serviceWorker.controller) await controlled;
  });
  const world = await page.evaluateHandle(async () => {
    const wasgi = await import(`${location.origin}/wasgi.js`);
    return { wasgi, playground: await wasgi.Playground.create() };
  });
  const tab = new PlaygroundPage(page, world);
  await tab.write(FILES);
  return tab;
}

/**
 * Starts a server in another tab, and has it answer: what a visitor does.
 * @param {import("playwright-core").BrowserContext} visitor
 * @param {string} url the host
 */
export async function visit(visitor, url) {
  const tab = await openTab(visitor, url);
  try {
    const server = await tab.start("gunicorn -w 2 soak_app:app");
    const { status } = await server.fetch("/");
    if (status !== 200) throw new Error(`Another tab is answered ${status}.`);
    const { code } = await server.stop();
    if (code !== 0) throw new Error(`The server of another tab exits with ${code}.`);
  } finally {
    await tab.close();
  }
}
