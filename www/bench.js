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

/** A worker with Pyodide as it comes. */
const PLAIN = `
self.onmessage = async ({ data: { base, source } }) => {
  try {
    const { loadPyodide } = await import(base + "pyodide.mjs");
    const pyodide = await loadPyodide({
      indexURL: base,
      stdLibURL: base + "stdlib.zip",
      packageBaseUrl: base,
      lockFileContents: {
        info: { arch: "wasm32", platform: "emscripten_5_0_3", version: "314.0.7", python: "3.14.2", abi_version: "2026_0" },
        packages: {},
      },
    });
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

/** @type {Record<string, (order: any) => Promise<unknown>>} */
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
        worker.postMessage({ base: new URL("./python/", location.href).href, source });
      });
    } finally {
      worker.terminate();
    }
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
  /** @type {{ value: unknown } | { failed: string }} */
  let answer;
  try {
    answer = { value: await ORDERS[order](details) };
  } catch (error) {
    answer = { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await fetch(`${base}/answer`, { method: "POST", body: JSON.stringify(answer) });
}
