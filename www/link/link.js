// How two threads of ours speak with each other: by messages that are kept in order, and by a bell.
//
// To post a message to a thread that sleeps in its event loop costs 35 to 85 µs on both sides
// together; to write into memory that both see, and to wake a thread that waits on that memory, a
// tenth of it, or a third where it waits in its event loop (Atomics.waitAsync). So where the page
// is cross-origin isolated, a link has a ring of bytes for each direction. What does not fit, and
// what is no bytes, goes by postMessage: messages are numbered, so their order stays. Where there
// is no shared memory, everything is posted, and nothing here waits.

import { Bell } from "./bell.js";
import { BYTES, CAPACITY, START, TEXT } from "./ring-layout.js";
import { RingReader } from "./ring-reader.js";
import { RingWriter } from "./ring-writer.js";

/**
 * Larger messages are moved when they are posted: a move costs more than copying a few kilobytes.
 */
const COPIED = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Bytes, or an object.
 * @template {object} T
 * @typedef {Uint8Array | T} Message
 */

/** @typedef {import("./bell.js").Port} Port */

/**
 * A link whose messages wait to be received.
 * @typedef {object} Waiting
 * @property {() => boolean} isReady whether there is a message to be received
 * @property {() => boolean} isPosted whether the event loop has something to bring
 * @property {number} ticket of the first message
 */

/**
 * A message that was posted.
 * @typedef {object} Posted
 * @property {number} number
 * @property {number} ticket
 * @property {unknown} message
 */

/** What one end of a link needs of shared memory. @typedef {import("#wasgi_core").Line} Line */

/**
 * One end of a link.
 * @template {object} In what it is told besides bytes
 * @template {object} Out what it tells
 */
export class Link {
  /** Messages for the other end have numbers. */
  #sent = 0;
  /** The number of the next message from there. */
  #next = 0;
  /** What was posted and is not its turn yet. @type {Posted[]} */
  #posted = [];
  #accepted = 0;
  /** @type {RingReader | null} */
  #reader = null;
  /** @type {RingWriter | null} */
  #writer = null;
  /** @type {Int32Array | null} */
  #calls = null;
  /** Whether this end waits for the other where it sends faster than that receives. */
  #waits;

  /**
   * Shared memory for a link: the line of this end, and that of the other.
   * @param {Int32Array | null} mine the bell of this one
   * @param {Int32Array | null} theirs
   * @returns {[Line, Line] | [null, null]} null where memory cannot be shared
   */
  static lines(mine, theirs) {
    if (!mine || !theirs) return [null, null];
    const [one, other] = [0, 1].map(() => new SharedArrayBuffer(START + CAPACITY));
    return [
      { reads: one, writes: other, calls: theirs },
      { reads: other, writes: one, calls: mine },
    ];
  }

  /**
   * @param {Port} port where the other end gets messages
   * @param {Line | null} line
   * @param {{ waits?: boolean }} [options] whether this end waits where it sends faster than the
   * other receives: one that nobody waits for
   */
  constructor(port, line, { waits = false } = {}) {
    this.port = port;
    this.#waits = waits;
    if (line) {
      this.#reader = new RingReader(line.reads);
      this.#writer = new RingWriter(line.writes);
      this.#calls = line.calls;
    }
  }

  // --- out

  /**
   * @param {Uint8Array} bytes may be a view: they are copied, unless they are all of their buffer
   */
  send(bytes) {
    if (this.#write(BYTES, bytes) || this.#writeLater(BYTES, bytes)) return;
    const whole = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#post(whole, whole.length > COPIED ? [whole.buffer] : []);
  }

  /** @param {Out} object for which JSON has words */
  sendJson(object) {
    if (this.#writer) {
      const text = encoder.encode(JSON.stringify(object));
      if (this.#write(TEXT, text) || this.#writeLater(TEXT, text)) return;
    }
    this.#post(object, []);
  }

  /** @param {Out} object anything that can be posted */
  post(object) {
    this.#post(object, []);
  }

  /**
   * @param {number} kind
   * @param {Uint8Array} bytes
   */
  #write(kind, bytes) {
    const bell = this.#calls;
    if (!bell || !this.#writer?.write(kind, bytes, this.#sent, Bell.ticket(bell))) return false;
    this.#sent = (this.#sent + 1) | 0;
    Bell.call(bell, this.port);
    return true;
  }

  /**
   * Where the ring is full, waits as a write to a full pipe does, if this end is one that waits.
   * @param {number} kind
   * @param {Uint8Array} bytes
   * @returns {boolean} whether they were written; else they are to be posted
   */
  #writeLater(kind, bytes) {
    if (!this.#waits || !this.#writer) return false;
    this.#writer.waitForPlace(bytes.length);
    return this.#write(kind, bytes);
  }

  /**
   * @param {Message<Out>} message
   * @param {Transferable[]} transfer
   */
  #post(message, transfer) {
    if (this.#waits) this.#writer?.waitForPlace(Infinity);
    const bell = this.#calls;
    if (!bell) {
      this.port.postMessage(message, transfer);
      return;
    }
    this.port.postMessage([this.#sent, Bell.ticket(bell), message], transfer);
    this.#sent = (this.#sent + 1) | 0;
    this.#writer?.hasPosted();
    Bell.callWaiting(bell);
  }

  // --- in

  /** @param {unknown} data what the event loop has brought from the other end */
  accept(data) {
    if (Bell.isCall(data)) return;
    if (!this.#reader) {
      const number = (this.#next + this.#posted.length) | 0;
      this.#posted.push({ number, ticket: 0, message: data });
      return;
    }
    this.#accepted = (this.#accepted + 1) | 0;
    this.#posted.push(parsePosted(data));
  }

  /** Whether there is a message to be received. */
  isReady() {
    const reader = this.#reader;
    return (
      (reader?.look() && reader.number === this.#next) || this.#posted[0]?.number === this.#next
    );
  }

  /** Whether the event loop has something to bring: nothing but to return to it helps. */
  isPosted() {
    return this.#reader !== null && this.#reader.posted() !== this.#accepted;
  }

  /** @param {Waiting} other of the same thread; both are ready */
  isBefore(other) {
    return ((this.ticket - other.ticket) | 0) < 0;
  }

  /** The ticket of the message to be received: messages of several links have one order. */
  get ticket() {
    const first = this.#posted[0];
    return first?.number === this.#next ? first.ticket : (this.#reader?.ticket ?? 0);
  }

  /**
   * Takes the next message.
   * @param {(message: Message<In>) => void} visit gets it; bytes may be a view of shared memory,
   * which is good until it returns
   * @returns {boolean} whether there was one
   */
  receive(visit) {
    if (!this.isReady()) return false;
    const reader = this.#reader;
    const posted = this.#posted[0]?.number === this.#next ? this.#posted.shift() : undefined;
    this.#next = (this.#next + 1) | 0;
    if (posted) reader?.received();
    if (posted || !reader) {
      visit(/** @type {Message<In>} */ (parseMessage(posted?.message)));
      return true;
    }
    try {
      // A decoder takes no shared memory.
      if (reader.kind === TEXT) visit(/** @type {In} */ (parseText(reader.message.slice())));
      else visit(reader.message);
    } finally {
      reader.advance();
    }
    return true;
  }
}

/**
 * A numbered message, as `Link` posts it.
 * @param {unknown} data
 * @returns {Posted}
 */
function parsePosted(data) {
  /** @type {unknown[]} */
  const parts = Array.isArray(data) ? data : [];
  const [number, ticket, message] = parts;
  if (typeof number !== "number" || typeof ticket !== "number")
    throw new TypeError("What was posted to a link has no number and no ticket.");
  return { number, ticket, message };
}

/**
 * Bytes, or an object: which objects are told is up to the types of the link's two ends, which are
 * made from one source (src/browser/protocol.rs).
 * @param {unknown} data
 * @returns {Message<object>}
 */
function parseMessage(data) {
  if (typeof data !== "object" || data === null)
    throw new TypeError("What was posted to a link is neither bytes nor an object.");
  return data;
}

/** @param {Uint8Array} bytes of an object as JSON */
function parseText(bytes) {
  /** @type {unknown} */
  const value = JSON.parse(decoder.decode(bytes));
  return parseMessage(value);
}
