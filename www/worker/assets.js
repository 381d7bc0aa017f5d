// What all processes are made of: fetched once, compiled once, and shared where memory can be.

import { Arrival } from "./arrival.js";

/**
 * @typedef {import("#wasgi_core").PythonAssets} PythonAssets
 * @typedef {import("#wasgi_core").Arriving} Arriving
 * @typedef {import("#wasgi_core").Progress} Progress
 */

/**
 * Says how many bytes of a file are there.
 * @typedef {(loaded: number, total: number) => void} Report
 */

/** How often progress is told, in milliseconds. */
const TOLD_EVERY = 50;

/** How much of several files has come. */
class Loading {
  /** @type {Map<string, { loaded: number, total: number }>} */
  #files = new Map();
  #toldAt = 0;
  #tell;

  /** @param {(progress: Progress) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * @param {string} name of a file
   * @returns {Report}
   */
  of(name) {
    return (loaded, total) => {
      this.#files.set(name, { loaded, total });
      if (loaded !== total && performance.now() - this.#toldAt < TOLD_EVERY) return;
      this.#toldAt = performance.now();
      let sum = { loaded: 0, total: 0 };
      for (const file of this.#files.values())
        sum = { loaded: sum.loaded + file.loaded, total: sum.total + file.total };
      this.#tell({ step: "Loading Python", ...sum });
    };
  }
}

/**
 * Fetches what all processes share.
 * @param {string} base where the assets are
 * @param {(progress: Progress) => void} tell says how far it is
 * @returns {Promise<{ python: PythonAssets, whole: Promise<unknown> }>} what processes can start
 * with, and when all of it is there
 */
export async function loadAssets(base, tell) {
  const loading = new Loading(tell);
  const file = (/** @type {string} */ name) => download(`${base}python/${name}`, loading.of(name));
  const [module, stdlib, pack] = await Promise.all([
    compile(`${base}python/pyodide.asm.wasm`, loading.of("pyodide.asm.wasm")),
    file("stdlib.zip"),
    file("site.pack"),
  ]);
  const python = {
    base,
    module,
    stdlib: stdlib.file,
    pack: pack.file,
    clockOrigin: performance.timeOrigin,
  };
  return { python, whole: Promise.all([stdlib.whole, pack.whole]) };
}

/**
 * Compiles straight from the response: only so may the browser keep the machine code in its cache.
 * @param {string} url
 * @param {Report} report
 */
async function compile(url, report) {
  const response = await get(url);
  const total = Number(response.headers.get("content-length") ?? 0);
  report(0, total);
  const module = await WebAssembly.compileStreaming(response);
  report(total, total);
  return module;
}

/** @param {string} url */
async function get(url) {
  const name = url.slice(url.lastIndexOf("/") + 1);
  const response = await fetch(url).catch(() => null);
  if (!response) throw new Error(`${name} could not be fetched: is the network there?`);
  if (!response.ok || !response.body) {
    throw new Error(
      `${name} could not be fetched (${response.status}): is dist/ complete on this host?`,
    );
  }
  return response;
}

/**
 * Fetches a file into a buffer: one for all processes where the page is cross-origin isolated,
 * which they may read as it comes; else each gets a copy.
 * @param {string} url
 * @param {Report} report
 * @returns {Promise<{ file: Arriving, whole: Promise<unknown> }>}
 */
async function download(url, report) {
  const response = await get(url);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const total = Number(response.headers.get("content-length") ?? 0);
  report(0, total);
  // What is compressed on its way is longer than it says.
  if (self.crossOriginIsolated && total > 0 && !response.headers.has("content-encoding")) {
    const arrival = new Arrival(total);
    return { file: arrival.shared, whole: arrive(reader, arrival, url, report) };
  }
  const buffer = await gather(reader, total, report);
  return { file: { buffer, arrived: null }, whole: Promise.resolve() };
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {Arrival} arrival
 * @param {string} url
 * @param {Report} report
 */
async function arrive(reader, arrival, url, report) {
  const total = arrival.bytes.length;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      arrival.add(part.value);
      if (arrival.length < total) report(arrival.length, total);
    }
    if (arrival.length < total) throw new Error("it ended early");
    report(total, total);
  } catch (error) {
    arrival.lose();
    const name = url.slice(url.lastIndexOf("/") + 1);
    const why = /** @type {Error} */ (error).message;
    throw new Error(`${name} did not come whole (${why}): is the network there?`, { cause: error });
  }
}

/**
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {number} total as far as it is known
 * @param {Report} report
 * @returns {Promise<ArrayBufferLike>}
 */
async function gather(reader, total, report) {
  let bytes = allocate(total);
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (loaded + value.length > bytes.length) {
      const larger = allocate(Math.max(loaded + value.length, 2 * bytes.length));
      larger.set(bytes.subarray(0, loaded));
      bytes = larger;
    }
    bytes.set(value, loaded);
    loaded += value.length;
    report(loaded, Math.max(bytes.length, loaded));
  }
  if (loaded < bytes.length) {
    const whole = allocate(loaded);
    whole.set(bytes.subarray(0, loaded));
    bytes = whole;
  }
  report(loaded, loaded);
  return bytes.buffer;
}

/** @param {number} length */
function allocate(length) {
  return new Uint8Array(
    self.crossOriginIsolated ? new SharedArrayBuffer(length) : new ArrayBuffer(length),
  );
}
