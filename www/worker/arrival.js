// Files on their way: memory that all processes share, and how much of it has come. A process
// starts before the last byte is there; who reads what has not come waits for it.

/** What stands for the number of bytes where no more will come. */
const LOST = -1;

/** @typedef {import("#wasgi_core").Arriving} Arriving */

/** The side that fetches. */
export class Arrival {
  /**
   * @param {number} length in bytes
   */
  constructor(length) {
    this.bytes = new Uint8Array(new SharedArrayBuffer(length));
    this.arrived = new Int32Array(new SharedArrayBuffer(4));
    this.length = 0;
  }

  /** @returns {Arriving} for those who read */
  get shared() {
    return { buffer: this.bytes.buffer, arrived: this.arrived };
  }

  /** @param {Uint8Array} part */
  add(part) {
    this.bytes.set(part, this.length);
    this.length += part.length;
    this.#tell(this.length);
  }

  /** Nothing more comes. */
  lose() {
    this.#tell(LOST);
  }

  /** @param {number} length */
  #tell(length) {
    Atomics.store(this.arrived, 0, length);
    Atomics.notify(this.arrived, 0);
  }
}

/**
 * Waits until so much of a file is there; all of the thread waits.
 * @param {Arriving} file
 * @param {number} end in bytes
 * @returns {boolean} false: it will never be
 */
export function awaitBytes({ buffer, arrived }, end) {
  if (!arrived) return true;
  const wanted = Math.min(end, buffer.byteLength);
  for (;;) {
    const there = Atomics.load(arrived, 0);
    if (there >= wanted) return true;
    if (there === LOST) return false;
    Atomics.wait(arrived, 0, there);
  }
}
