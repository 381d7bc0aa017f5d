// How a ring lies in shared memory. One thread writes it, another reads it.

/**
 * Bytes of a ring. A message may take half of it, so that there is place for it as soon as the ring
 * is empty.
 */
export const CAPACITY = 1 << 18;

/**
 * A ring begins with two numbers of its writer's, how many bytes it has written and how many
 * messages it has posted instead, and, on a cache line of their own, two of its reader's: how many
 * bytes it has read, and how many posted messages it has received.
 */
export const WRITTEN = 0;
export const POSTED = 1;
export const READ = 16;
export const RECEIVED = 17;
/** Where its entries begin, in bytes. */
export const START = 128;

/**
 * An entry's header: its length in bytes, its number, its ticket, its kind. Entries begin at
 * multiples of it.
 */
export const HEADER = 16;

/** The kinds of entries. */
export const BYTES = 0;
export const TEXT = 1;
/** The rest of the ring is left out: the next entry is at its beginning. */
export const SKIP = 2;
