// What faults happen to: a host, a browser, a visitor with a tab.

import { launchBrowser } from "../e2e/support.js";
import { BrowserState } from "./browser-state.js";
import { eventually } from "./episode.js";
import { Host } from "./host.js";
import { openTab } from "./tab.js";

/** @import { State } from "./browser-state.js" */

/** Memory returns to what it was but for this share. */
const TOLERANCE = 0.1;

/** What faults happen to. */
export class World {
  /** What there is when nothing runs. @type {State | undefined} */
  quiet;
  /** The next file to be corrupted. */
  nextFile = 0;

  /**
   * @param {Host} host
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").BrowserContext} visitor
   * @param {import("./random.js").Random} random
   * @param {BrowserState} state
   * @param {import("../e2e/playground.js").PlaygroundPage} tab
   */
  constructor(host, browser, visitor, random, state, tab) {
    this.host = host;
    this.browser = browser;
    this.visitor = visitor;
    this.random = random;
    this.state = state;
    this.tab = tab;
  }

  /**
   * @param {string} site where the built site is served
   * @param {import("./random.js").Random} random
   */
  static async open(site, random) {
    const host = await Host.open(site);
    const browser = await launchBrowser();
    const visitor = await browser.newContext();
    const state = new BrowserState(await browser.newBrowserCDPSession());
    const tab = await openTab(visitor, host.url);
    return new World(host, browser, visitor, random, state, tab);
  }

  /** DevTools of the tab. */
  devTools() {
    return this.visitor.newCDPSession(this.tab.page);
  }

  /** The browser's state, once no more garbage is there to be collected. */
  async settled() {
    const session = await this.devTools();
    await session.send("HeapProfiler.collectGarbage");
    await session.detach();
    return this.state.read();
  }

  /** Nothing runs now: this is what is to be there whenever nothing runs. */
  async remember() {
    let last = await this.settled();
    await eventually("nothing changes any more", async () => {
      const before = last;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      last = await this.settled();
      if (!before || !last) return true;
      const change = Math.abs(last.megabytes - before.megabytes);
      return last.workers === before.workers && change < 0.02 * before.megabytes;
    });
    this.quiet = last;
  }

  /**
   * Nothing runs: workers and memory are what they were.
   * @returns {Promise<string[]>} what does not hold
   */
  async check() {
    const { quiet } = this;
    if (!quiet) return [];
    let last = quiet;
    try {
      await eventually("workers and memory return", async () => {
        last = (await this.settled()) ?? quiet;
        const most = quiet.megabytes * (1 + TOLERANCE);
        return last.workers <= quiet.workers && last.megabytes <= most;
      });
      return [];
    } catch {
      const figures = (/** @type {State} */ { workers, megabytes }) =>
        `${workers} workers, ${megabytes.toFixed(0)} MB`;
      return [`there are ${figures(last)}, and were ${figures(quiet)}`];
    }
  }

  async close() {
    await this.browser.close();
    this.host.close();
  }
}
