// How two threads of ours speak with each other: by messages that are kept in order, and by a bell.
//
// To post a message to a thread that sleeps in its event loop costs 35 to 85 µs on both sides
// together; to write into memory that both see, and to wake a thread that waits on that memory, a
// tenth of it, or a third where it waits in its event loop (Atomics.waitAsync). So where the page
// is cross-origin isolated, a link has a ring of bytes for each direction. What does not fit, and
// what is no bytes, goes by postMessage: messages are numbered, so their order stays. Where there
// is no shared memory, everything is posted, and nothing here waits.

/** A thread's bell: it runs and will look; it waits on the bell; it sleeps in its event loop. */
const AWAKE = 0;
const WAITING = 1;
const ASLEEP = 2;

/**
 * The words of a bell: its state; a number from which each message for the thread gets a ticket;
 * what who sleeps waits on.
 */
const STATE = 0;
const TICKETS = 1;
const SLEEP = 2;

/** Whether a thread can wait on memory in its event loop: else a posted message wakes it. */
const WAITS_ASLEEP = typeof Atomics.waitAsync === "function";

/**
 * Bytes of a ring. A message may take half of it, so that there is place for it as soon as the ring
 * is empty.
 */
const CAPACITY = 1 << 18;
/**
 * A ring begins with two numbers of its writer's, how many bytes it has written and how many
 * messages it has posted instead, and, on a cache line of its own, one of its reader's: how many
 * bytes it has read.
 */
const WRITTEN = 0;
const POSTED = 1;
const READ = 16;
const START = 128;
/**
 * An entry's header: its length in bytes, its number, its ticket, its kind. Entries begin at
 * multiples of it.
 */
const HEADER = 16;
const BYTES = 0;
const TEXT = 1;
/** The rest of the ring is left out: the next entry is at its beginning. */
const SKIP = 2;

/**
 * Larger messages are moved when they are posted: a move costs more than copying a few kilobytes.
 */
const COPIED = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is posted to a thread that sleeps, to wake it, where nothing else does. */
const WAKE = 0;

/**
 * Bytes, or an object.
 * @template {object} T
 * @typedef {Uint8Array | T} Message
 */

/** @typedef {{ postMessage(message: unknown, transfer?: Transferable[]): void }} Port */

/**
 * A link whose messages wait to be taken.
 * @typedef {object} Waiting
 * @property {() => boolean} isReady whether there is a message to be taken
 * @property {() => boolean} isPosted whether the event loop has something to bring
 * @property {number} ticket of the first message
 */

/**
 * A message that was posted: its number, its ticket.
 * @typedef {[number, number, unknown]} Posted
 */

/** What one end of a link needs of shared memory. @typedef {import("#wasgi_core").Line} Line */

/**
 * A thread's own bell. No call is lost: a caller writes its message, then exchanges the bell's
 * state for AWAKE; the thread sets the state, then looks for messages. These four steps have one
 * order for all threads (they are atomic). If the thread does not see the message, its look came
 * before the message was written, so its state was set before the caller exchanged it, and that
 * caller, or another before it, found the state and woke the thread, which looks again.
 */
export class Bell {
  /** Whether a call would be noticed in the event loop. */
  #listens = false;

  /**
   * @param {Int32Array | null} state what callers have too; null where memory cannot be shared
   * @param {() => void} called the thread is called while it sleeps
   */
  constructor(state, called) {
    this.state = state;
    this.called = called;
  }

  /** The memory of a bell. */
  static shared() {
    return globalThis.crossOriginIsolated ? new Int32Array(new SharedArrayBuffer(12)) : null;
  }

  /** The thread runs, and looks before it sleeps. */
  awake() {
    if (this.state) Atomics.store(this.state, STATE, AWAKE);
  }

  /**
   * Waits for a call. Nothing else of the thread goes on meanwhile.
   * @param {() => boolean} isReady whether there is something already
   * @param {number} timeout milliseconds
   */
  wait(isReady, timeout) {
    const { state } = this;
    if (!state) return;
    Atomics.store(state, STATE, WAITING);
    if (!isReady()) Atomics.wait(state, STATE, WAITING, timeout);
    Atomics.store(state, STATE, AWAKE);
  }

  /**
   * The thread is about to return to its event loop, where callers find it by a message.
   * @param {() => boolean} isReady whether there is something already
   * @returns {boolean} false if there is: the thread is to go on
   */
  sleep(isReady) {
    if (!this.state) return true;
    this.#listen();
    Atomics.store(this.state, STATE, ASLEEP);
    if (!isReady()) return true;
    // A caller may have called already; the thread will look in vain then.
    this.awake();
    return false;
  }

  /**
   * From here on, a call is noticed in the event loop: one listener serves until there is one,
   * however often the thread wakes.
   */
  #listen() {
    if (this.#listens || !this.state || !WAITS_ASLEEP) return;
    const wait = Atomics.waitAsync(this.state, SLEEP, 0);
    if (!wait.async) return;
    this.#listens = true;
    void wait.value.then(() => {
      this.#listens = false;
      this.called();
    });
  }

  /**
   * Calls a thread that may wait or sleep.
   * @param {Int32Array} state its bell's
   * @param {Port} port where it gets messages
   */
  static call(state, port) {
    const was = Atomics.exchange(state, STATE, AWAKE);
    if (was === WAITING) Atomics.notify(state, STATE, 1);
    else if (was === ASLEEP) {
      if (WAITS_ASLEEP) Atomics.notify(state, SLEEP, 1);
      else port.postMessage(WAKE);
    }
  }
}

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
   */
  constructor(port, line) {
    this.port = port;
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
    if (this.#write(BYTES, bytes)) return;
    const whole = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#post(whole, whole.length > COPIED ? [whole.buffer] : []);
  }

  /** @param {Out} object for which JSON has words */
  tell(object) {
    if (!this.#writer || !this.#write(TEXT, encoder.encode(JSON.stringify(object))))
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
    if (!bell || !this.#writer?.write(kind, bytes, this.#sent, Atomics.add(bell, TICKETS, 1)))
      return false;
    this.#sent = (this.#sent + 1) | 0;
    Bell.call(bell, this.port);
    return true;
  }

  /**
   * @param {Message<Out>} message
   * @param {Transferable[]} transfer
   */
  #post(message, transfer) {
    const bell = this.#calls;
    if (!bell) {
      this.port.postMessage(message, transfer);
      return;
    }
    this.port.postMessage([this.#sent, Atomics.add(bell, TICKETS, 1), message], transfer);
    this.#sent = (this.#sent + 1) | 0;
    this.#writer?.hasPosted();
    // Who sleeps is woken by the message itself, and may sleep again by now: its state is not to be
    // touched.
    if (Atomics.compareExchange(bell, STATE, WAITING, AWAKE) === WAITING)
      Atomics.notify(bell, STATE, 1);
  }

  // --- in

  /** @param {unknown} data what the event loop has brought from the other end */
  accept(data) {
    if (data === WAKE) return;
    if (this.#reader) this.#accepted = (this.#accepted + 1) | 0;
    this.#posted.push(
      this.#reader
        ? /** @type {Posted} */ (data)
        : [(this.#next + this.#posted.length) | 0, 0, data],
    );
  }

  /** Whether there is a message to be taken. */
  isReady() {
    const reader = this.#reader;
    return (reader?.look() && reader.number === this.#next) || this.#posted[0]?.[0] === this.#next;
  }

  /** Whether the event loop has something to bring: nothing but to return to it helps. */
  isPosted() {
    return this.#reader !== null && this.#reader.posted() !== this.#accepted;
  }

  /** @param {Waiting} other of the same thread; both are ready */
  isBefore(other) {
    return ((this.ticket - other.ticket) | 0) < 0;
  }

  /** The ticket of the message to be taken: messages of several links have one order. */
  get ticket() {
    const first = this.#posted[0];
    return first?.[0] === this.#next ? first[1] : (this.#reader?.ticket ?? 0);
  }

  /**
   * Takes the next message.
   * @param {(message: Message<In>) => void} visit gets it; bytes may be a view of shared memory,
   * which is good until it returns
   * @returns {boolean} whether there was one
   */
  take(visit) {
    if (!this.isReady()) return false;
    const reader = this.#reader;
    const posted = this.#posted[0]?.[0] === this.#next ? this.#posted.shift() : undefined;
    this.#next = (this.#next + 1) | 0;
    if (posted || !reader) {
      visit(/** @type {Message<In>} */ (posted?.[2]));
      return true;
    }
    try {
      // A decoder takes no shared memory.
      if (reader.kind === TEXT) visit(JSON.parse(decoder.decode(reader.message.slice())));
      else visit(reader.message);
    } finally {
      reader.advance();
    }
    return true;
  }
}
