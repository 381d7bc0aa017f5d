// What a browser has at work: Web Workers and memory, as the operating system counts them.

import { readdir, readFile } from "node:fs/promises";

/** The name that Chromium gives the threads of dedicated workers, as far as Linux keeps it. */
const WORKER = "DedicatedWorker";

/**
 * @typedef {object} State
 * @property {number} workers Web Workers
 * @property {number} megabytes memory of the renderers, of what is shared their part
 */

/** The renderers of a browser. */
export class BrowserState {
  #session;

  /** @param {import("playwright-core").CDPSession} session of the browser */
  constructor(session) {
    this.#session = session;
  }

  /**
   * @returns {Promise<State | undefined>} none where there is no /proc
   */
  async read() {
    const { processInfo } = await this.#session.send("SystemInfo.getProcessInfo");
    const state = { workers: 0, megabytes: 0 };
    for (const { id, type } of processInfo) {
      if (type !== "renderer") continue;
      const its = await renderer(id).catch(() => undefined);
      if (its) {
        state.workers += its.workers;
        state.megabytes += its.megabytes;
      }
    }
    return state.megabytes > 0 ? state : undefined;
  }
}

/** @param {number} pid @returns {Promise<State>} */
async function renderer(pid) {
  const directory = `/proc/${pid}`;
  const memory = await readFile(`${directory}/smaps_rollup`, "utf8");
  const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0);
  const threads = await readdir(`${directory}/task`);
  const names = await Promise.all(
    threads.map((thread) =>
      // A thread may have ended just now.
      readFile(`${directory}/task/${thread}/comm`, "utf8").catch(() => ""),
    ),
  );
  const workers = names.filter((name) => name.startsWith(WORKER)).length;
  return { workers, megabytes: kilobytes / 1024 };
}
