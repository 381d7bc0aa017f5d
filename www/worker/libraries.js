// The dynamic libraries of a process, such as pydantic_core: in a copy of it, each has to lie where
// it lay, and its functions have to have the places in the table of functions that pointers in
// memory say.

/**
 * @typedef {object} Library
 * @property {number} handle what dlopen() gave
 * @property {string} path
 * @property {string[]} names under which Emscripten knows it
 * @property {boolean} global
 * @property {number} memoryBase where its memory begins
 * @property {number} tableBase where its functions begin in the table
 * @property {number} tableSize
 * @property {WebAssembly.Module} module
 */

/**
 * @typedef {object} Libraries
 * @property {Library[]} loaded in the order of their places in the table
 * @property {number} tableLength
 * @property {[index: number, library: number, name: string][]} taken functions that somebody took a
 * pointer to
 */

/** Words from the address that is a library's handle: Emscripten's `struct dso`. */
const MEMORY_BASE = 3;
const TABLE_BASE = 5;
const TABLE_SIZE = 6;

/**
 * @param {import("./pyodide.js").Module} module
 * @returns {Libraries}
 */
export function loadedLibraries({ LDSO, HEAPU32, FS, wasmTable }) {
  /** @type {Library[]} */
  const loaded = [];
  for (const [key, { name: path, global }] of Object.entries(LDSO.loadedLibsByHandle)) {
    const handle = Number(key);
    // The interpreter itself.
    if (!handle) continue;
    const word = (/** @type {number} */ offset) => HEAPU32[handle / 4 + offset];
    const names = Object.keys(LDSO.loadedLibsByName);
    loaded.push({
      handle,
      path,
      names: names.filter((name) => LDSO.loadedLibsByName[name] === LDSO.loadedLibsByHandle[key]),
      global,
      memoryBase: word(MEMORY_BASE),
      tableBase: word(TABLE_BASE),
      tableSize: word(TABLE_SIZE),
      module: new WebAssembly.Module(FS.readFile(path)),
    });
  }
  loaded.sort((a, b) => a.tableBase - b.tableBase);
  /** @type {Map<unknown, [number, string]>} */
  const exported = new Map();
  loaded.forEach(({ handle }, index) => {
    for (const [name, value] of Object.entries(LDSO.loadedLibsByHandle[handle].exports)) {
      if (typeof value === "function") exported.set(value, [index, name]);
    }
  });
  /** @type {Libraries["taken"]} */
  const taken = [];
  const first = loaded.length ? loaded[0].tableBase : wasmTable.length;
  for (let index = first; index < wasmTable.length; index++) {
    const inside = loaded.some(
      (its) => index >= its.tableBase && index < its.tableBase + its.tableSize,
    );
    const found = !inside && exported.get(wasmTable.get(index));
    if (found) taken.push([index, ...found]);
  }
  return { loaded, tableLength: wasmTable.length, taken };
}

/**
 * Loads libraries to where they lay. Their memory is what the image says, afterwards.
 * @param {import("./pyodide.js").Module} module
 * @param {Libraries} libraries
 */
export function loadLibraries(module, { loaded, tableLength, taken }) {
  const table = module.wasmTable;
  const growTo = (/** @type {number} */ length) => {
    if (table.length > length)
      throw new Error("The table of functions has other functions than in the image.");
    table.grow(length - table.length);
  };
  for (const {
    handle,
    path,
    names,
    global,
    memoryBase,
    tableBase,
    tableSize,
    module: compiled,
  } of loaded) {
    // One without functions in the table has no place there.
    if (tableSize > 0) growTo(tableBase);
    const library = module.newDSO(path, handle, "loading");
    library.global = global;
    // See xtask/src/build/glue.rs.
    module.dylibBase = memoryBase;
    try {
      library.exports = module.loadWebAssemblyModule(compiled, { nodelete: true }, path, {});
    } finally {
      module.dylibBase = 0;
    }
    for (const name of names) module.LDSO.loadedLibsByName[name] = library;
  }
  growTo(tableLength);
  for (const [index, library, name] of taken) {
    table.set(index, module.LDSO.loadedLibsByHandle[loaded[library].handle].exports[name]);
  }
}
