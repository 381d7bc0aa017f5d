/**
 * The page of `cargo xtask bench`: does what it is asked for over HTTP, one thing after the other, and says how long it took.
 */
import { Playground } from "./wasgi.js";

/** @import { Server } from "./wasgi.js" */

const base = `bench/${location.hash.slice(1)}`;

const opened = Playground.create({ assets: "./" }).then((playground) => ({
  playground,
  at: performance.now(),
}));

/** @type {Server | undefined} */
let server;

/** @returns {Server} the one that runs */
function running() {
  if (!server) throw new Error("No server runs.");
  return server;
}

/** @type {Record<string, (order: any) => Promise<number | null>>} */
const ORDERS = {
  /** Milliseconds from the navigation's start until a server can be started. */
  opened: async () => (await opened).at,

  /**
   * Milliseconds from Run to the body of the first response.
   * @param {{ files: Record<string, string>, command: string }} order
   */
  async run({ files, command }) {
    const { playground } = await opened;
    const begin = performance.now();
    await playground.writeFiles(files);
    server = await playground.start(command);
    await (await server.fetch("/")).text();
    return performance.now() - begin;
  },

  /**
   * Requests per second.
   * @param {{ connections: number, requests: number }} order
   */
  async load({ connections, requests }) {
    const server = running();
    let left = requests;
    const client = async () => {
      while (left-- > 0) {
        const response = await server.fetch("/");
        const body = await response.text();
        if (response.status !== 200 || body.length === 0)
          throw new Error(`The app answered ${response.status}.`);
      }
    };
    const begin = performance.now();
    await Promise.all(Array.from({ length: connections }, client));
    return (requests / (performance.now() - begin)) * 1000;
  },

  async stop() {
    await running().stop();
    return null;
  },

  /** The next order meets a page that has just been opened. */
  reload: async () => {
    location.reload();
    return new Promise(() => {});
  },
};

for (;;) {
  const { order, ...details } = await (await fetch(`${base}/order`)).json();
  /** @type {{ value: number | null } | { failed: string }} */
  let answer;
  try {
    answer = { value: await ORDERS[order](details) };
  } catch (error) {
    answer = { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await fetch(`${base}/answer`, { method: "POST", body: JSON.stringify(answer) });
}
