// Records of numbers as the machine sends them, kept as bytes until somebody reads them.

/** Records in a block. */
const BLOCK = 1000;

/** Records that have come; of those that nobody reads the oldest go first. */
export class Records {
  #fields;
  #size;
  #mostBlocks;
  /** The last one is being filled. @type {Uint8Array<ArrayBuffer>[]} */
  #blocks = [];
  /** How many bytes of the last block are full. */
  #filled;

  /** @param {number} fields numbers in a record @param {number} most records to keep */
  constructor(fields, most) {
    this.#fields = fields;
    this.#size = 8 * fields * BLOCK;
    this.#mostBlocks = most / BLOCK + 1;
    this.#filled = this.#size;
  }

  /** @param {Uint8Array} records */
  add(records) {
    for (let at = 0; at < records.length;) {
      if (this.#filled === this.#size) {
        if (this.#blocks.length === this.#mostBlocks) this.#blocks.shift();
        this.#blocks.push(new Uint8Array(this.#size));
        this.#filled = 0;
      }
      const part = Math.min(records.length - at, this.#size - this.#filled);
      const block = this.#blocks[this.#blocks.length - 1];
      block.set(part === records.length ? records : records.subarray(at, at + part), this.#filled);
      this.#filled += part;
      at += part;
    }
  }

  /**
   * Takes them all.
   * @param {(numbers: Float64Array, at: number) => void} visit gets each record: where it begins
   */
  drain(visit) {
    const filled = this.#filled;
    const last = this.#blocks.length - 1;
    this.#filled = this.#size;
    for (const [index, bytes] of this.#blocks.splice(0).entries()) {
      const numbers = new Float64Array(bytes.buffer);
      const length = index < last ? numbers.length : filled / 8;
      for (let at = 0; at < length; at += this.#fields) visit(numbers, at);
    }
  }
}
