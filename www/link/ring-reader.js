import { CAPACITY, HEADER, POSTED, READ, RECEIVED, SKIP, START, WRITTEN } from "./ring-layout.js";

/** The reader's end of a ring. */
export class RingReader {
  /** @param {SharedArrayBuffer} shared */
  constructor(shared) {
    this.numbers = new Int32Array(shared);
    this.bytes = new Uint8Array(shared, START);
    this.header = new Int32Array(shared, START);
    this.read = 0;
    /** What had been written when it was last looked at. */
    this.written = 0;
  }

  /**
   * @returns {boolean} whether there is an entry; then `number`, `ticket`, `kind` and `message` are
   * those of the first
   */
  look() {
    if (this.read === this.written) {
      this.written = Atomics.load(this.numbers, WRITTEN);
      if (this.read === this.written) return false;
    }
    if (this.header[this.#at() + 3] === SKIP) {
      this.read = (this.read + CAPACITY - (this.read & (CAPACITY - 1))) | 0;
    }
    return true;
  }

  /** A message that was posted instead has been received. */
  received() {
    Atomics.add(this.numbers, RECEIVED, 1);
  }

  /** How many messages have been posted instead. */
  posted() {
    return Atomics.load(this.numbers, POSTED);
  }

  #at() {
    return (this.read & (CAPACITY - 1)) >> 2;
  }

  /** Valid after `look`. */
  get number() {
    return this.header[this.#at() + 1];
  }

  get ticket() {
    return this.header[this.#at() + 2];
  }

  get kind() {
    return this.header[this.#at() + 3];
  }

  /** A view, until `advance`. */
  get message() {
    const start = (this.read & (CAPACITY - 1)) + HEADER;
    return this.bytes.subarray(start, start + this.header[this.#at()]);
  }

  /** The first entry is done with: the writer may write over it. */
  advance() {
    const size = (HEADER + this.header[this.#at()] + HEADER - 1) & -HEADER;
    this.read = (this.read + size) | 0;
    Atomics.store(this.numbers, READ, this.read);
  }
}
