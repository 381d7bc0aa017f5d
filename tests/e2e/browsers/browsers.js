// The browsers that checks run in. They are not driven: they open an address.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { launchBrowser, onPath } from "../support.js";

/**
 * Opens an address in a new browser.
 * @typedef {(url: string) => Promise<{ close: () => Promise<void> }>} Open
 */

/** @type {Open} */
export async function chromium(url) {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(url);
  return browser;
}

/** Debian's packages, and the name elsewhere. @returns {Promise<string | undefined>} */
export function findFirefox() {
  return process.env.FIREFOX
    ? Promise.resolve(process.env.FIREFOX)
    : onPath(["firefox-esr", "firefox"]);
}

/** Why there is no test in Firefox. */
export const MISSING = "Firefox is missing: install firefox-esr, or set FIREFOX to its path.";

/**
 * Firefox with a profile of its own.
 * @param {string | undefined} path of the program
 * @param {Record<string, boolean>} [preferences]
 * @returns {Open}
 */
export function firefox(path, preferences = {}) {
  return async (url) => {
    if (!path) throw new Error(MISSING);
    const profile = await mkdtemp(join(tmpdir(), "wasgi-firefox-"));
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    await writeFile(join(profile, "user.js"), lines.join(""));
    const child = spawn(path, ["--headless", "--no-remote", "--profile", profile, url], {
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    return {
      close: async () => {
        child.kill();
        await ended;
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  };
}
