// The wasm module that derives keys for Python's hashlib (crates/kdf/): it is among Python's
// packages, and is compiled in the process that first derives one.

import { bare } from "./bare.js";

const MODULE = "/lib/python3.14/site-packages/wasgi_runtime/kdf.wasm";

/**
 * @typedef {object} Exports what crates/kdf/src/lib.rs exports
 * @property {WebAssembly.Memory} memory
 * @property {(length: number) => number} input
 * @property {(name: number, password: number, iterations: number, length: number) => number} pbkdf2
 * @property {(iterations: number) => number} step
 * @property {(password: number, logN: number, r: number, p: number, length: number) => number}
 * scrypt
 * @property {() => number} key
 */

/**
 * @typedef {import("./pyodide.js").PyBuffer} PyBuffer
 */

/** Derives one key after the other. */
class KeyDerivation {
  /** @type {Exports} */
  #exports;
  #length = 0;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#exports = /** @type {Exports} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(module).exports)
    );
  }

  /**
   * Writes the input of the next call; whether there was memory for it.
   * @param {PyBuffer} input
   */
  #write(input) {
    const start = this.#exports.input(input.length);
    if (!start) return false;
    const buffer = input.getBuffer("u8");
    new Uint8Array(this.#exports.memory.buffer, start, input.length).set(buffer.data);
    buffer.release();
    return true;
  }

  /**
   * Begins PBKDF2; whether there is memory.
   * @param {PyBuffer} input the digest's name, the password and the salt
   * @param {number} name the length of the digest's name
   * @param {number} password the password's length
   * @param {number} iterations
   * @param {number} length the key's
   */
  pbkdf2(input, name, password, iterations, length) {
    this.#length = length;
    return this.#write(input) && this.#exports.pbkdf2(name, password, iterations, length) === 1;
  }

  /**
   * Goes on with PBKDF2; whether there is more to do.
   * @param {number} iterations
   */
  step(iterations) {
    return this.#exports.step(iterations) === 1;
  }

  /**
   * Runs scrypt; whether there was memory.
   * @param {PyBuffer} input the password and the salt
   * @param {number} password the password's length
   * @param {number} logN
   * @param {number} r
   * @param {number} p
   * @param {number} length the key's
   */
  scrypt(input, password, logN, r, p, length) {
    this.#length = length;
    try {
      return this.#write(input) && this.#exports.scrypt(password, logN, r, p, length) === 1;
    } catch (error) {
      // How Rust ends where memory does.
      if (error instanceof WebAssembly.RuntimeError) return false;
      throw error;
    }
  }

  /** The key. */
  key() {
    return new Uint8Array(this.#exports.memory.buffer, this.#exports.key(), this.#length).slice();
  }
}

/** What Python was given. */
const given = new WeakSet();

/**
 * Whether an object is one that derives keys, or a method of it. A fork leaves them out: Python
 * makes new ones.
 * @param {unknown} object
 */
export function derivesKeys(object) {
  return given.has(/** @type {object} */ (object));
}

/**
 * @param {KeyDerivation} derivation
 * @returns what Python gets of it
 */
function forPython(derivation) {
  const calls = bare({
    /** @type {KeyDerivation["pbkdf2"]} */
    pbkdf2: (...input) => derivation.pbkdf2(...input),
    /** @type {KeyDerivation["step"]} */
    step: (iterations) => derivation.step(iterations),
    /** @type {KeyDerivation["scrypt"]} */
    scrypt: (...input) => derivation.scrypt(...input),
    key: () => derivation.key(),
  });
  for (const object of [calls, ...Object.values(calls)]) given.add(object);
  return calls;
}

/**
 * @param {() => import("./pyodide.js").FileSystem} fileSystem
 * @returns {() => ReturnType<typeof forPython>} makes one; the first call compiles
 */
export function keyDerivation(fileSystem) {
  /** @type {WebAssembly.Module | undefined} */
  let module;
  return () => {
    module ??= new WebAssembly.Module(fileSystem().readFile(MODULE));
    return forPython(new KeyDerivation(module));
  };
}
