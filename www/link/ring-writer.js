import { CAPACITY, HEADER, POSTED, READ, SKIP, START, WRITTEN } from "./ring-layout.js";

/** The writer's end of a ring. */
export class RingWriter {
  /** @param {SharedArrayBuffer} shared */
  constructor(shared) {
    this.numbers = new Int32Array(shared);
    this.bytes = new Uint8Array(shared, START);
    this.header = new Int32Array(shared, START);
    this.written = 0;
    /** What the reader had read when it was last looked at. */
    this.read = 0;
  }

  /**
   * @param {number} kind
   * @param {Uint8Array} message
   * @param {number} number
   * @param {number} ticket
   * @returns {boolean} false where there is no place for it
   */
  write(kind, message, number, ticket) {
    const length = message.length;
    const size = (HEADER + length + HEADER - 1) & -HEADER;
    if (size > CAPACITY / 2) return false;
    let at = this.written & (CAPACITY - 1);
    const skipped = at + size > CAPACITY ? CAPACITY - at : 0;
    // Both count on without end, modulo 2^32; their difference is right all the same.
    if (((this.written + skipped + size - this.read) | 0) > CAPACITY) {
      this.read = Atomics.load(this.numbers, READ);
      if (((this.written + skipped + size - this.read) | 0) > CAPACITY) return false;
    }
    if (skipped > 0) {
      this.header[(at >> 2) + 3] = SKIP;
      at = 0;
    }
    const header = at >> 2;
    this.header[header] = length;
    this.header[header + 1] = number;
    this.header[header + 2] = ticket;
    this.header[header + 3] = kind;
    this.bytes.set(message, at + HEADER);
    this.written = (this.written + skipped + size) | 0;
    // What was written before is seen by whoever sees this.
    Atomics.store(this.numbers, WRITTEN, this.written);
    return true;
  }

  /** A message is posted instead. */
  hasPosted() {
    Atomics.add(this.numbers, POSTED, 1);
  }
}
