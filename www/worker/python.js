// Boots one CPython (Pyodide) in this worker: from the shared compiled module, the precompiled standard library and the
// package file, without touching the network except for Pyodide's two scripts.

import { packFileSystem } from "./pack.js";

/**
 * What the machine hands to every process.
 * @typedef {object} PythonAssets
 * @property {string} base where python/pyodide.mjs is, absolute
 * @property {WebAssembly.Module} module pyodide.asm.wasm, compiled
 * @property {ArrayBufferLike} stdlib the standard library's zip
 * @property {ArrayBufferLike} pack the package file
 */

const LOCK = {
  info: {
    arch: "wasm32",
    platform: "emscripten_5_0_3",
    version: "314.0.7",
    python: "3.14.2",
    abi_version: "2026_0",
  },
  packages: {},
};

/**
 * @param {PythonAssets} assets
 * @param {{ env: Record<string, string>, stdout: (bytes: Uint8Array) => void, stderr: (bytes: Uint8Array) => void }} options
 * @returns {Promise<any>} the Pyodide API
 */
export async function bootPython(assets, { env, stdout, stderr }) {
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    import(/* @vite-ignore */ `${assets.base}python/pyodide.mjs`),
    import(/* @vite-ignore */ `${assets.base}python/pyodide.asm.mjs`),
  ]);
  const restore = serveFromMemory(assets);
  try {
    const pyodide = await loadPyodide({
      indexURL: `${assets.base}python/`,
      lockFileContents: LOCK,
      packageBaseUrl: `${assets.base}python/`,
      // What `import js` shows: nothing. User code has no way to the worker's globals through it.
      jsglobals: Object.create(null),
      env,
      createPyodideModule,
      /** @param {any} FS @param {{ sitePackages: string }} info */
      fsInit: async (FS, { sitePackages }) => {
        FS.mount(packFileSystem(FS, assets.pack), {}, sitePackages);
      },
    });
    pyodide.setStdout({ write: writer(stdout), isatty: false });
    pyodide.setStderr({ write: writer(stderr), isatty: false });
    return pyodide;
  } finally {
    restore();
  }
}

/** @param {(bytes: Uint8Array) => void} sink */
function writer(sink) {
  return (/** @type {Uint8Array} */ bytes) => {
    sink(bytes);
    return bytes.length;
  };
}

/**
 * Pyodide fetches its wasm and its standard library itself: while it loads, both come from memory.
 * @param {PythonAssets} assets
 * @returns {() => void} puts things back
 */
function serveFromMemory(assets) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  globalThis.fetch = async (input, init) => {
    const url = String(input);
    if (url.endsWith("/pyodide.asm.wasm")) return /** @type {any} */ ({});
    if (url.endsWith("/python_stdlib.zip")) {
      return /** @type {any} */ ({ ok: true, status: 200, arrayBuffer: async () => assets.stdlib });
    }
    return fetch(input, init);
  };
  WebAssembly.instantiateStreaming = async (_source, imports) => ({
    instance: await WebAssembly.instantiate(assets.module, imports),
    module: assets.module,
  });
  return () => {
    globalThis.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  };
}
