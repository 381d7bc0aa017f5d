// The wasm module that reads what uWSGI is set to (uwsgi/): it is fetched when such a server is
// first started.

/**
 * @typedef {object} Exports what uwsgi/src/lib.rs exports
 * @property {WebAssembly.Memory} memory
 * @property {(length: number) => number} input
 * @property {(words: number) => number} settle
 * @property {() => number} answer
 */

/** Reads one command after the other. */
export class UwsgiSettings {
  /** @type {Exports} */
  #exports;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.#exports = /** @type {Exports} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(module).exports)
    );
  }

  /**
   * What the words are settled into.
   * @param {string[]} words those after the program's name
   * @param {string[]} env names and values in turn
   * @param {string} directory the working directory
   * @returns {string[]}
   */
  settle(words, env, directory) {
    const input = written([directory, ...words, ...env]);
    const start = this.#exports.input(input.length);
    new Uint8Array(this.#exports.memory.buffer, start, input.length).set(input);
    const length = this.#exports.settle(words.length);
    return read(new Uint8Array(this.#exports.memory.buffer, this.#exports.answer(), length));
  }
}

/**
 * The length of each text in four bytes, the least first, then its UTF-8: see uwsgi/src/fields.rs.
 * @param {string[]} texts
 */
function written(texts) {
  const encoder = new TextEncoder();
  const parts = texts.map((text) => encoder.encode(text));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
function read(bytes) {
  // A byte order mark is text here.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + view.getUint32(at, true);
    texts.push(decoder.decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  return texts;
}
