// An image of a process's memory: what fork() copies. It is made where no Python is on a stack, so
// that all there is of the process is in CPython's memory, but for JavaScript objects that Python
// holds, files, and libraries that it has loaded.

import { crossOriginIsolated } from "./browser.js";
import { derivesKeys } from "./key-derivation.js";
import { loadedLibraries, loadLibraries } from "./libraries.js";
import { processFiles, restoreFiles } from "./process-files.js";

/** @typedef {import("#wasgi_core").Image} Image */

/** What is looked at together, in bytes. */
const BLOCK = 4096;

/** What the first entries of Pyodide's table of JavaScript objects are is Pyodide's own affair. */
const FIRST = 7;

/** Names of objects that are no call. */
const MODULE = "";
const PYODIDE = "pyodide";

/**
 * What Python holds of JavaScript, as Pyodide wants it back.
 * @param {import("./pyodide.js").Pyodide} pyodide
 * @param {Record<string, unknown>} calls the module `_wasgi`
 */
function handlesOf(pyodide, calls) {
  const module = pyodide._module;
  /** @type {Map<unknown, string>} */
  const names = new Map(
    /** @type {[unknown, string][]} */ ([
      [calls, MODULE],
      [pyodide, PYODIDE],
    ]),
  );
  for (const [name, value] of Object.entries(calls)) names.set(value, name);
  const hiwireKeys = entries(module.__hiwire_get).map((object) => {
    if (object === null || object === undefined || derivesKeys(object)) return null;
    const serialized = names.get(object);
    if (serialized === undefined)
      throw new Error("Python holds a JavaScript object, which a fork cannot copy");
    return { serialized };
  });
  return { hiwireKeys, immortalKeys: entries(module.__hiwire_immortal_get) };
}

/**
 * A table of Pyodide's from where it is no longer Pyodide's own.
 * @template T
 * @param {(index: number) => T} get throws where the table ends
 */
function entries(get) {
  /** @type {T[]} */
  const all = [];
  try {
    for (let index = FIRST; ; index++) all.push(get(index));
  } catch {
    return all;
  }
}

/**
 * Makes an image of this process.
 * @param {import("./pyodide.js").Pyodide} pyodide
 * @param {Record<string, unknown>} calls the module `_wasgi`
 * @param {import("./project-files.js").Files} given the files of its project
 * @returns {Image}
 */
export function makeImage(pyodide, calls, given) {
  const module = pyodide._module;
  const handles = handlesOf(pyodide, calls);
  const heap = module.HEAPU8;
  const runs = occupied(module.HEAPU32);
  let length = 0;
  for (let index = 0; index < runs.length; index += 2) length += runs[index + 1] - runs[index];
  const bytes = crossOriginIsolated ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
  const into = new Uint8Array(bytes);
  for (let index = 0, at = 0; index < runs.length; index += 2) {
    into.set(heap.subarray(runs[index], runs[index + 1]), at);
    at += runs[index + 1] - runs[index];
  }
  return {
    size: heap.length,
    stack: module.mainStack,
    runs,
    bytes,
    handles,
    libraries: loadedLibraries(module),
    files: processFiles(module.FS),
    given,
  };
}

/**
 * Where memory is not all zero: begins and ends, in bytes.
 * @param {Uint32Array} words
 */
function occupied(words) {
  /** @type {number[]} */
  const runs = [];
  const step = BLOCK / 4;
  for (let block = 0; block < words.length; block += step) {
    let at = block;
    const end = block + step;
    while (at < end && words[at] === 0) at += 1;
    if (at === end) continue;
    if (runs.at(-1) === block * 4) runs[runs.length - 1] = end * 4;
    else runs.push(block * 4, end * 4);
  }
  return runs;
}

/**
 * Makes an interpreter that has not run yet a copy of the process that the image is of. Pyodide
 * then takes over the handles.
 * @param {import("./pyodide.js").Module} module
 * @param {Image} image
 */
export function restoreMemory(module, image) {
  module.growMemory(image.size);
  loadLibraries(module, image.libraries);
  // Beyond it, memory is zero as it is, unless it is a library's.
  const used = image.libraries.loaded.length ? image.size : module._sbrk(0);
  const heap = module.HEAPU8;
  const bytes = new Uint8Array(image.bytes);
  let [at, before] = [0, 0];
  for (let index = 0; index < image.runs.length; index += 2) {
    const [begin, end] = [image.runs[index], image.runs[index + 1]];
    if (before < used) heap.fill(0, before, begin);
    heap.set(bytes.subarray(at, at + end - begin), begin);
    at += end - begin;
    before = end;
  }
  module.stackRestore(image.stack);
  restoreFiles(module.FS, image.files);
}

/**
 * The object of an image's handle.
 * @param {string} name
 * @param {Record<string, unknown>} calls the module `_wasgi`
 * @param {import("./pyodide.js").Pyodide} pyodide
 */
export function handleOf(name, calls, pyodide) {
  if (name === MODULE) return calls;
  return name === PYODIDE ? pyodide : calls[name];
}
