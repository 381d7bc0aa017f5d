// An episode: a server under load, something that fails, and whether all is well afterwards.

import { CONNECTIONS } from "./servers.js";
import { load } from "./load.js";

/** @import { Kind } from "./servers.js" */
/** @import { Tally } from "./load.js" */
/** @import { World } from "./world.js" */

/** What takes longer hangs, milliseconds. */
export const LIMIT = 60_000;
/** Requests that are answered before something fails, and after. */
const WARM = 30;

/** What an episode came to. */
export class Outcome {
  /** What does not hold. @type {string[]} */
  broken = [];
  /** @type {Tally} */
  tally = { sent: 0, answered: 0, closed: [], wrong: [], open: [] };

  /** Requests that the real server would have answered. */
  lost = 0;

  /**
   * @param {Tally} tally
   * @param {number} mayClose connections that the real server would have closed
   */
  judge(tally, mayClose) {
    this.tally = tally;
    const { wrong, open, closed } = tally;
    const tooMany = Math.max(0, closed.length - mayClose);
    this.lost = wrong.length + open.length + tooMany;
    for (const [what, requests] of /** @type {const} */ ([
      ["wrong", wrong],
      ["never answered", open],
      [`closed (${mayClose} may be)`, tooMany > 0 ? closed : []],
    ])) {
      if (requests.length > 0)
        this.broken.push(`${requests.length} ${what}: ${requests.slice(0, 3).join("; ")}`);
    }
  }
}

/** A server under load. */
export class Episode {
  /** Requests that may be closed, as the real server closes them. */
  mayClose = 0;

  /**
   * @param {World} world
   * @param {Kind} kind
   * @param {import("../e2e/playground.js").RunningServer} server
   * @param {import("playwright-core").JSHandle<import("./load.js").Load>} clients
   */
  constructor(world, kind, server, clients) {
    this.world = world;
    this.kind = kind;
    this.server = server;
    this.clients = clients;
    this.random = world.random;
  }

  /**
   * Starts a server and its load.
   * @param {World} world
   * @param {Kind} kind
   */
  static async begin(world, kind) {
    const server = await within(world.tab.start(kind.command), "the server starts");
    const clients = await server.handle.evaluateHandle(load, {
      connections: CONNECTIONS,
      seed: world.random.whole(1, 2 ** 31),
      posts: !kind.keepsAlive,
    });
    const episode = new Episode(world, kind, server, clients);
    await episode.goesOn("at first");
    return episode;
  }

  /** The load is being answered. @param {string} when */
  async goesOn(when) {
    const so = await this.clients.evaluate((clients) => clients.answered());
    await eventually(`requests are answered ${when}`, async () => {
      const now = await this.clients.evaluate((clients) => clients.answered());
      return now >= so + WARM;
    });
  }

  /**
   * A request that harms: what comes of it, as a status or the name of an error.
   * @param {string} path
   * @returns {Promise<number | string>}
   */
  harm(path) {
    const answer = this.server.run(
      ({ server }, target) =>
        server.fetch(target).then(
          (response) => response.status,
          (/** @type {Error} */ error) => error.name,
        ),
      path,
    );
    return within(answer, `${path} comes to an end`);
  }

  /** A worker dies: what it has under way may be closed. */
  workerDies() {
    this.mayClose += this.kind.underWay;
  }

  /** The pid of a worker that has answered. */
  async pid() {
    const { headers } = await this.server.fetch("/?pid");
    const found = headers.find(([name]) => name.toLowerCase() === "x-pid");
    return Number(found?.[1]);
  }

  /**
   * The load ends, and the server.
   * @param {Outcome} outcome
   */
  async end(outcome) {
    await this.goesOn("in the end");
    const tally = await this.clients.evaluate((clients, limit) => clients.end(limit), LIMIT);
    outcome.judge(tally, this.mayClose);
    const { code } = await within(this.server.stop(), "the server stops");
    if (code !== 0) outcome.broken.push(`it exits with ${code}`);
    // The page keeps the log and the server for as long as these are there.
    await this.clients.dispose();
    await this.server.handle.dispose();
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
export function within(promise, what) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${LIMIT / 1000} s: ${what}.`)), LIMIT);
  });
  return /** @type {Promise<T>} */ (Promise.race([promise, late])).finally(() =>
    clearTimeout(timer),
  );
}

/**
 * Waits until something holds.
 * @param {string} what
 * @param {() => Promise<boolean>} holds
 */
export async function eventually(what, holds) {
  const end = Date.now() + LIMIT;
  while (!(await within(holds(), what))) {
    if (Date.now() > end) throw new Error(`Not within ${LIMIT / 1000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
