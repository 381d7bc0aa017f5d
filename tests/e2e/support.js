// What the end-to-end tests share: the built site, and a browser to look at it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const FLAGS = [
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/**
 * The site's address, ending in a slash, and how to end what serves it. `cargo xtask test` serves
 * the site itself and says where in WASGI_SITE; without that the site is built and served here.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveSite() {
  const { WASGI_SITE } = process.env;
  if (WASGI_SITE) return { url: WASGI_SITE, close: async () => {} };
  const server = spawn("cargo", ["xtask", "serve", "--port", "0"], {
    cwd: PROJECT,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const ended = once(server, "exit");
  const line = await Promise.race([once(createInterface(server.stdout), "line"), ended]);
  if (server.exitCode !== null) throw new Error("cargo xtask serve failed.");
  const close = async () => {
    // Its process group: cargo and the program that it runs.
    if (server.pid) process.kill(-server.pid);
    await ended;
  };
  return { url: String(line[0]).trim(), close };
}

/**
 * Starts Chromium: $CHROME, or the first of the usual names on the path.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launchBrowser() {
  const executablePath = process.env.CHROME ?? (await onPath(NAMES));
  if (!executablePath)
    throw new Error("Chromium is missing: install chromium, or set CHROME to its path.");
  return chromium.launch({
    executablePath,
    args: FLAGS,
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

/**
 * The first program of these names that is on the path.
 * @param {string[]} names
 */
export async function onPath(names) {
  const directories = (process.env.PATH ?? "").split(delimiter);
  for (const path of names.flatMap((name) =>
    directories.map((directory) => join(directory, name)),
  )) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}
