// Files on their way: memory that all processes share, and how much of it has come. A process
// starts before the last byte is there; who reads what has not come waits for it. The side that
// fetches is src/browser/devices/download.rs.

/** What stands for the number of bytes where no more will come. */
const LOST = -1;

/** @typedef {import("#wasgi_core").Arriving} Arriving */

const { set } = Uint8Array.prototype;

/**
 * Copies what processes share into a process's own memory. Whatever is passed as that, it gets no
 * hold of what is copied.
 * @param {Uint8Array} into
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export function copyInto(into, bytes, at) {
  Reflect.apply(set, into, [bytes, at]);
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
