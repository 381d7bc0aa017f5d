// The words of shared memory by which connections are claimed that are on offer to a process: see
// src/net/claims.rs.

/** As `SLOTS` in src/net/claims.rs. */
const SLOTS = 64;
/** No connection has this number. */
const NONE = 0;

/**
 * The claims, as each thread sees them. A slot holds the number of the connection that it offers
 * until that is claimed.
 */
export class Claims {
  /** The memory; null where it cannot be shared. */
  static shared() {
    return globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(4 * SLOTS)) : null;
  }

  /** @param {Int32Array} words */
  constructor(words) {
    this.words = words;
  }

  /** @param {number} slot @param {number} id */
  offer(slot, id) {
    Atomics.store(this.words, slot, id | 0);
  }

  /**
   * @param {number} slot @param {number} id
   * @returns {boolean} false where somebody else has claimed the connection
   */
  claim(slot, id) {
    return Atomics.compareExchange(this.words, slot, id | 0, NONE) === (id | 0);
  }

  /**
   * @param {number} slot @param {number} id
   * @returns {boolean} whether nobody has claimed the connection
   */
  isOffered(slot, id) {
    return Atomics.load(this.words, slot) === (id | 0);
  }
}
