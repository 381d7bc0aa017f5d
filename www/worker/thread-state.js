// What Pyodide shares between tasks and CPython has for each thread: words of the C structure
// PyThreadState.

/** @typedef {import("./pyodide.js").Module} Module */
/** @typedef {import("./stacks.js").Stack} Stack */

/** How far into the structure, in bytes, to look for its members. */
const EXTENT = 1200;

/** The words of a thread's state, which all threads' have at the same places. */
export class ThreadState {
  #module;
  #locals;
  #threadId;
  #dict;

  /**
   * @param {import("./pyodide.js").Pyodide} pyodide with the main thread running, and a
   * `threading.local` in use
   */
  constructor(pyodide) {
    const module = (this.#module = pyodide._module);
    const main = module._PyThreadState_Get();
    const ident = pyodide.runPython("import _thread; _thread.get_ident()");
    this.#locals = findLocals(module, main);
    this.#threadId = find(module, main, (word) => word === ident);
    const dictionary = module._PyThreadState_GetDict();
    this.#dict = find(module, main, (word) => word === dictionary);
  }

  /**
   * A thread has begun. It has no `threading.local` values (CPython's key for them came with the
   * task) and nothing in its dictionary yet, an identity of its own, and the limits of its stack.
   * @param {number} ident
   * @param {Stack} stack
   */
  begin(ident, stack) {
    const at = this.#module._PyThreadState_Get();
    for (const offset of [this.#locals, this.#locals + 4, this.#dict])
      clear(this.#module, at + offset);
    this.#module.HEAPU32[(at + this.#threadId) >> 2] = ident;
    this.limit(stack);
  }

  /**
   * The running thread may use this stack and no more: CPython raises RecursionError near its end.
   * @param {Stack} stack
   */
  limit({ base, size }) {
    const module = this.#module;
    module._PyUnstable_ThreadState_SetStackProtection(module._PyThreadState_Get(), base, size);
  }

  /** A thread ends: its `threading.local` values go, as in PyThreadState_Clear. */
  end() {
    const at = this.#module._PyThreadState_Get();
    for (const offset of [this.#locals, this.#locals + 4]) clear(this.#module, at + offset);
  }
}

/**
 * Clears a reference, as Py_CLEAR does.
 * @param {Module} module @param {number} address
 */
function clear(module, address) {
  const object = module.HEAPU32[address >> 2];
  module.HEAPU32[address >> 2] = 0;
  if (object) module._Py_DecRef(object);
}

/**
 * The offset of `threading_local_key`: the word that points to an object of type
 * `_thread._localdummy`.
 * @param {Module} module
 * @param {number} state
 */
function findLocals(module, state) {
  const words = module.HEAPU32;
  const isPointer = (/** @type {number} */ word) =>
    word > 1023 && word % 4 === 0 && word < words.length * 4 - 64;
  return find(module, state, (word) => {
    if (!isPointer(word)) return false;
    const type = words[(word >> 2) + 1];
    if (!isPointer(type)) return false;
    const name = words[(type >> 2) + 3];
    return (
      name > 1023 &&
      name < words.length * 4 - 64 &&
      module.UTF8ToString(name, 32).endsWith("_localdummy")
    );
  });
}

/**
 * @param {Module} module @param {number} state @param {(word: number) => boolean} matches
 * @returns {number} the offset of the first word that matches
 */
function find(module, state, matches) {
  for (let offset = 0; offset < EXTENT; offset += 4) {
    if (matches(module.HEAPU32[(state + offset) >> 2])) return offset;
  }
  throw new Error(
    "this build of CPython has another PyThreadState than wasgi knows; use the Pyodide that it was made for",
  );
}
