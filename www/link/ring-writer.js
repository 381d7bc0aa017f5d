import { CAPACITY, HEADER, POSTED, READ, RECEIVED, SKIP, START, WRITTEN } from "./ring-layout.js";

/** Messages that are posted instead, and not received, before a writer that waits does. */
const MOST_POSTED = 8;

/** How often a writer that waits looks, in milliseconds. */
const LOOK = 1;

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

  /**
   * Waits until there is place for a message of this length; for one that is too large for the
   * ring, until little enough of what was posted instead has not been received. Nobody is woken by
   * a reader that is behind: the writer looks again.
   * @param {number} length infinite for what is posted in any case
   */
  waitForPlace(length) {
    const size = HEADER + length + HEADER;
    // Half of the ring is enough, also where its end has to be skipped.
    const isFull = () =>
      size > CAPACITY / 2
        ? this.#unreceived() >= MOST_POSTED
        : ((this.written - Atomics.load(this.numbers, READ)) | 0) + size > CAPACITY / 2;
    while (isFull()) Atomics.wait(this.numbers, READ, Atomics.load(this.numbers, READ), LOOK);
  }

  /** How many of the messages that were posted instead have not been received. */
  #unreceived() {
    const received = Atomics.load(this.numbers, RECEIVED);
    return (Atomics.load(this.numbers, POSTED) - received) | 0;
  }

  /** A message is posted instead. */
  hasPosted() {
    Atomics.add(this.numbers, POSTED, 1);
  }
}
