/**
 * The page of `cargo xtask bench`: does what it is asked for over HTTP, one thing after the other,
 * and says how long it took.
 */
import { Playground } from "./wasgi.js";

/** @import { Server } from "./wasgi.js" */

const base = `bench/${location.hash.slice(1)}`;

const opened = Playground.create({ assets: "./" }).then((playground) => ({
  playground,
  at: performance.now(),
}));

/** How long what waits for a quiet moment takes, at most; in milliseconds. */
const SETTLE = 3000;
/** Requests that follow when all new workers have answered. */
const AFTER_RELOAD = 200;

/** A worker with Pyodide as it is published. */
const PLAIN = `
self.onmessage = async ({ data: { base, source } }) => {
  try {
    const { loadPyodide } = await import(base + "pyodide.mjs");
    const pyodide = await loadPyodide({ indexURL: base });
    await pyodide.runPythonAsync(source);
    const figures = await pyodide.runPythonAsync("import json; json.dumps(await in_loop())");
    self.postMessage({ figures: JSON.parse(figures) });
  } catch (error) {
    self.postMessage({ failed: String(error) });
  }
};
`;

/** @type {Server | undefined} */
let server;

/** @returns {Server} the one that runs */
function running() {
  if (!server) throw new Error("No server runs.");
  return server;
}

/**
 * What may be asked for, by name; each gets the details that come with the order.
 * @satisfies {Record<string, (details: never) => Promise<unknown>>}
 */
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

  /**
   * What the app answers with.
   * @param {{ path: string }} order
   */
  async figures({ path }) {
    const response = await running().fetch(path);
    if (response.status !== 200) throw new Error(`The app answered ${response.status}.`);
    return response.json();
  },

  /**
   * The figures of `in_loop()` in a plain Pyodide, without anything of ours.
   * @param {{ source: string }} order
   */
  async pyodide({ source }) {
    const worker = new Worker(URL.createObjectURL(new Blob([PLAIN], { type: "text/javascript" })), {
      type: "module",
    });
    try {
      return await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) =>
          data.failed ? reject(new Error(data.failed)) : resolve(data.figures);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ base: new URL("./pyodide/", location.href).href, source });
      });
    } finally {
      worker.terminate();
    }
  },

  /**
   * Milliseconds from Run until the first worker boots, until all accept, and until the first
   * response.
   * @param {{ files: Record<string, string>, command: string, expect: number }} order how many
   * workers are booted before Run; 0: none
   */
  async start({ files, command, expect }) {
    const { playground } = await opened;
    if (expect > 0) await playground.preload({ workers: expect });
    await playground.writeFiles(files);
    const begin = performance.now();
    const boots = /** @type {number[]} */ ([]);
    /** @param {{ line: string }} entry */
    const onLog = ({ line }) => {
      if (line.includes("Booting worker with pid")) boots.push(performance.now() - begin);
    };
    server = await playground.start(command, { onLog });
    const all = performance.now() - begin;
    await (await server.fetch("/")).text();
    return { first: boots[0], all, response: performance.now() - begin };
  },

  /**
   * Sends HUP while clients load the server: how many requests there were until the new workers had
   * answered, and how many failed.
   * @param {{ connections: number, workers: number }} order
   */
  async reloaded({ connections, workers }) {
    const server = running();
    const pid = async () => (await server.fetch("/pid")).text();
    /** @type {Set<string>} */
    const before = new Set();
    while (before.size < workers) before.add(await pid());
    /** @type {Set<string>} */
    const after = new Set();
    let [requests, failed] = [0, 0];
    let rest = AFTER_RELOAD;
    const client = async () => {
      while (rest > 0) {
        requests += 1;
        try {
          const answer = await pid();
          if (!before.has(answer)) after.add(answer);
        } catch {
          failed += 1;
        }
        if (after.size >= workers) rest -= 1;
      }
    };
    const begin = performance.now();
    const clients = Array.from({ length: connections }, client);
    server.signal("HUP");
    await Promise.all(clients);
    return { requests, failed, took: performance.now() - begin };
  },

  /** Milliseconds from a worker's SIGKILL of itself until its successor has answered. */
  async replaced() {
    const server = running();
    const begin = performance.now();
    await server.fetch("/kill").catch(() => {});
    const response = await server.fetch("/pid");
    if (response.status !== 200) throw new Error(`The app answered ${response.status}.`);
    await response.text();
    return performance.now() - begin;
  },

  /** Gives what waits for a quiet moment the time to happen. */
  rest: () => new Promise((resolve) => setTimeout(() => resolve(null), SETTLE)),

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

/**
 * @param {keyof typeof ORDERS} order
 * @param {object} details
 */
function follow(order, details) {
  const work = /** @type {(details: object) => Promise<unknown>} */ (ORDERS[order]);
  return work(details);
}

for (;;) {
  const { order, ...details } = await (await fetch(`${base}/order`)).json();
  /** @type {{ value: unknown } | { failed: string }} */
  let answer;
  try {
    answer = { value: await follow(order, details) };
  } catch (error) {
    answer = { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await fetch(`${base}/answer`, { method: "POST", body: JSON.stringify(answer) });
}
