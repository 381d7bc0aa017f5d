// The buffer in CPython's memory that Rust and Python both read and write
// (`wasgi_runtime.bridge.buffer`), and the way of a process's messages to the machine.

/** Bytes at the buffer's end: the number that comes with what is in the buffer. */
const NUMBER = 4;

/** What Rust has of it is its `Memory`. None of these methods calls back. */
export class SharedBuffer {
  /** @type {import("./pyodide.js").Module | null} */
  #module = null;
  /** The buffer's address. */
  #start = 0;
  /** The number's index in memory as 32-bit words. */
  #number = 0;
  /** @type {import("./process.js").MachineLink | null} */
  #link = null;

  /**
   * @param {import("./pyodide.js").Pyodide} pyodide
   * @param {import("./pyodide.js").PyBuffer} bytearray
   */
  attach(pyodide, bytearray) {
    const { data } = bytearray.getBuffer("u8");
    const number = data.byteOffset + data.length - NUMBER;
    if (number % NUMBER !== 0) throw new Error("The shared buffer does not begin at a word.");
    this.#module = pyodide._module;
    this.#start = data.byteOffset;
    this.#number = number / NUMBER;
  }

  /** @param {import("./process.js").MachineLink} link to the machine */
  connect(link) {
    this.#link = link;
  }

  /** There is one as soon as Python has booted. */
  get #memory() {
    return /** @type {import("./pyodide.js").Module} */ (this.#module);
  }

  /** The number that Python has put. */
  get number() {
    return this.#memory.HEAP32[this.#number];
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} number
   */
  put(bytes, number) {
    const module = this.#memory;
    module.HEAPU8.set(bytes, this.#start);
    module.HEAP32[this.#number] = number;
  }

  /** @param {number} number */
  putNumber(number) {
    this.#memory.HEAP32[this.#number] = number;
  }

  /** @param {Uint8Array} into */
  get(into) {
    into.set(this.#memory.HEAPU8.subarray(this.#start, this.#start + into.length));
  }

  /** @param {Uint8Array} message a view of Rust's memory */
  send(message) {
    this.#link?.send(message);
  }
}
