// Boots one CPython (Pyodide) in this worker: from the shared compiled module, the precompiled
// standard library and the package file, without touching the network. The realm is closed before
// Python's first line (realm.js): an image may hold what an app has made of Python.

import createPyodideModule from "#pyodide_module";
import { loadPyodide } from "#pyodide";

import { handleOf, restoreMemory } from "./image.js";
import { awaitBytes, copyInto } from "./arrival.js";
import { deviceMemory } from "./browser.js";
import { closeLinking } from "./linkable.js";
import { PackFileSystem } from "./pack.js";
import { closeRealm } from "./realm.js";

/** @typedef {import("#wasgi_core").PythonAssets} PythonAssets */

const EIO = 29;

/**
 * So many processes together may take all the memory that the browser admits to: what one asks for
 * beyond its part is refused as by a system without memory (MemoryError).
 */
const PROCESSES_TO_FILL_IT = 4;

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
 * @typedef {object} Booted
 * @property {import("./pyodide.js").Pyodide} pyodide
 * @property {import("./image.js").Image | null} copied what it is a copy of
 */

/**
 * @typedef {object} BootOptions
 * @property {Record<string, string>} env
 * @property {(bytes: Uint8Array) => void} stdout
 * @property {(bytes: Uint8Array) => void} stderr
 * @property {Promise<import("./image.js").Image | null> | import("./image.js").Image | null} image
 * what to be a copy of; null: of nothing
 * @property {Record<string, unknown>} calls the module `_wasgi`, whose functions an image may hold
 */

/**
 * @param {PythonAssets} assets
 * @param {BootOptions} options
 * @returns {Promise<Booted>}
 */
export async function bootPython(assets, options) {
  const create = (/** @type {import("./pyodide.js").ModuleSettings} */ settings) => {
    settings.preRun.unshift(({ FS }) => ownStdlib(FS, assets.stdlib));
    return createPyodideModule(
      Object.assign(settings, {
        clockOrigin: assets.clockOrigin,
        mostMemory: deviceMemory / PROCESSES_TO_FILL_IT,
      }),
    );
  };
  /** @returns {Promise<import("./pyodide.js").Pyodide>} */
  const boot = (/** @type {object} */ more) =>
    loadPyodide({
      indexURL: `${assets.base}python/`,
      // See xtask/src/build/glue.rs.
      compiledModule: assets.module,
      lockFileContents: LOCK,
      packageBaseUrl: `${assets.base}python/`,
      // What `import js` shows: nothing. User code has no way to the worker's globals through it.
      jsglobals: Object.create(null),
      env: options.env,
      createPyodideModule: closing(create),
      /**
       * @param {import("./pyodide.js").FileSystem} FS
       * @param {{ sitePackages: string }} info
       */
      fsInit: async (FS, { sitePackages }) => {
        FS.mount(new PackFileSystem(FS, assets.pack), {}, sitePackages);
      },
      ...more,
    });
  let pyodide;
  let copied = null;
  if (options.image) {
    try {
      pyodide = await boot(copying(create, options));
      copied = await options.image;
      // Boot puts it there each time.
      pyodide._api.sys.path.shift();
    } catch (error) {
      // Where there is none, an interpreter that boots does as well. One that does not fit needs
      // another worker: a closed realm makes no second interpreter.
      if (await options.image) throw error;
    }
  }
  pyodide ??= await boot({});
  forgetConfiguration(pyodide);
  pyodide.setStdout({ write: writer(options.stdout), isatty: false });
  pyodide.setStderr({ write: writer(options.stderr), isatty: false });
  return { pyodide, copied };
}

/**
 * Makes an interpreter, and closes the realm before anything runs in it.
 * @param {import("./pyodide.js").Create} create
 * @returns {import("./pyodide.js").Create}
 */
function closing(create) {
  return async (settings) => {
    const module = await create(settings);
    close(module);
    return module;
  };
}

/** @param {import("./pyodide.js").Module} module an interpreter that nothing has run in */
function close(module) {
  closeLinking(module);
  closeRealm();
}

/**
 * What Pyodide was configured with makes interpreters, over memory that processes share.
 * @param {import("./pyodide.js").Pyodide} pyodide
 */
function forgetConfiguration({ _api: { config } }) {
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === "function") delete config[name];
  }
  delete config.compiledModule;
}

/**
 * Options by which Pyodide takes over an image's memory instead of running CPython from its
 * beginning.
 * @param {import("./pyodide.js").Create} create
 * @param {BootOptions} options
 */
function copying(create, { image, calls }) {
  /** @type {import("./pyodide.js").Module} */
  let module;
  return {
    // What tells Pyodide that there is one; the image itself may not be there yet.
    _loadSnapshot: new Uint8Array(1),
    _snapshotDeserializer: (/** @type {string} */ name) =>
      handleOf(name, calls, module.API.public_api),
    /** @param {import("./pyodide.js").ModuleSettings} settings */
    createPyodideModule: async (settings) => {
      module = await create(settings);
      const found = await image;
      if (!found) throw new Error("There is no image to be a copy of.");
      close(module);
      // The image may be an app's: its libraries run when they are loaded.
      restoreMemory(module, found);
      module.API.restoreSnapshot = () => found.handles;
      return module;
    },
  };
}

/** @param {(bytes: Uint8Array) => void} sink */
function writer(sink) {
  return (/** @type {Uint8Array} */ bytes) => {
    sink(bytes);
    return bytes.length;
  };
}

/**
 * Lets the file that Pyodide writes next, the standard library, lie in the buffer that all
 * processes share: not in a copy.
 * @param {import("./pyodide.js").FileSystem} FS
 * @param {import("./arrival.js").Arriving} stdlib
 */
function ownStdlib(FS, stdlib) {
  const { writeFile } = FS;
  FS.writeFile = (/** @type {string} */ path) => {
    FS.writeFile = writeFile;
    writeFile(path, "", {});
    const { node } = FS.lookupPath(path);
    const bytes = new Uint8Array(stdlib.buffer);
    node.usedBytes = bytes.length;
    node.stream_ops = {
      ...node.stream_ops,
      /**
       * @param {import("./pyodide.js").Stream} stream
       * @param {Uint8Array} into
       * @param {number} at
       * @param {number} length
       * @param {number} position
       */
      read(stream, into, at, length, position) {
        const count = Math.min(length, bytes.length - position);
        if (count <= 0) return 0;
        if (!awaitBytes(stdlib, position + count)) throw new FS.ErrnoError(EIO);
        copyInto(into, bytes.subarray(position, position + count), at);
        return count;
      },
    };
    FS.chmod(path, 0o444);
  };
}
