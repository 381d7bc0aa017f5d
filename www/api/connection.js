// A bare connection to a port of the machine: bytes both ways, half-close, reset.

import { ConnectionLost } from "./errors.js";
import { FromPage } from "./kinds.js";
import { number } from "../wire/frames.js";

/** Bytes that may be sent before the machine has granted more. */
export const WINDOW = 256 * 1024;
/** Bytes that may wait on the page, unread, before the machine stops sending. */
const BUFFER = 64 * 1024;

/**
 * Bytes that come in, as a stream whose reader grants the sender more.
 */
export class Incoming {
  /**
   * @param {import("../wire/frames.js").Outgoing} outgoing
   * @param {number} id
   * @param {() => void} cancel
   */
  constructor(outgoing, id, cancel) {
    this.ended = false;
    let owed = 0;
    const grant = () => {
      if (owed > 0) outgoing.push(FromPage.Credit, id, number(owed));
      owed = 0;
    };
    /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
    let controller;
    this.readable = new ReadableStream(
      {
        start: (c) => void (controller = c),
        pull: grant,
        cancel: () => {
          if (!this.ended) cancel();
          this.ended = true;
        },
      },
      /** @type {QueuingStrategy<Uint8Array>} */ (
        new ByteLengthQueuingStrategy({ highWaterMark: BUFFER })
      ),
    );
    /** @param {Uint8Array} bytes */
    this.push = (bytes) => {
      if (this.ended || bytes.length === 0) return;
      owed += bytes.length;
      controller?.enqueue(bytes);
      if ((controller?.desiredSize ?? 0) > 0) grant();
    };
    this.end = () => {
      if (!this.ended) controller?.close();
      this.ended = true;
    };
    /** @param {unknown} error */
    this.fail = (error) => {
      if (!this.ended) controller?.error(error);
      this.ended = true;
    };
  }
}

/**
 * Bytes that go out, as many as the machine has granted.
 */
export class Sender {
  /** @param {import("../wire/frames.js").Outgoing} outgoing @param {number} id */
  constructor(outgoing, id) {
    this.outgoing = outgoing;
    this.id = id;
    this.credit = WINDOW;
    /** @type {(() => void)[]} */
    this.waiting = [];
    /** @type {Error | null} */
    this.error = null;
  }

  /**
   * Resolves when all of it is on its way.
   * @param {Uint8Array} bytes
   */
  async write(bytes) {
    for (let at = 0; at < bytes.length;) {
      if (this.error) throw this.error;
      if (this.credit === 0) {
        await new Promise((resolve) => this.waiting.push(() => resolve(undefined)));
        continue;
      }
      const part = bytes.subarray(at, at + this.credit);
      this.credit -= part.length;
      this.outgoing.push(FromPage.Data, this.id, part);
      at += part.length;
    }
  }

  /** @param {number} bytes */
  grant(bytes) {
    this.credit += bytes;
    for (const go of this.waiting.splice(0)) go();
  }

  /** @param {Error} error */
  fail(error) {
    this.error = error;
    this.grant(0);
  }
}

/** A TCP-like connection. */
export class Connection {
  #outgoing;
  #id;
  #sender;
  #incoming;
  #closed;
  /** @type {() => void} */
  #forget;

  /**
   * @internal
   * @param {import("../wire/frames.js").Outgoing} outgoing
   * @param {number} id
   * @param {() => void} forget
   */
  constructor(outgoing, id, forget) {
    this.#outgoing = outgoing;
    this.#id = id;
    this.#forget = forget;
    this.#sender = new Sender(outgoing, id);
    this.#incoming = new Incoming(outgoing, id, () => this.reset());
    this.#closed = { in: false, out: false };
  }

  /**
   * Bytes from the server. It ends where the server ends its side, and errors where the connection
   * breaks.
   */
  get readable() {
    return this.#incoming.readable;
  }

  /**
   * Sends bytes; resolves when the connection takes more.
   * @param {Uint8Array} bytes
   */
  async write(bytes) {
    if (this.#closed.out)
      throw new ConnectionLost("This side of the connection is closed: nothing more can be sent.");
    await this.#sender.write(bytes);
  }

  /** Ends our side (FIN); the other may go on. */
  end() {
    if (this.#closed.out) return;
    this.#closed.out = true;
    this.#outgoing.push(FromPage.Eof, this.#id);
    this.#settle();
  }

  /** Breaks the connection (RST). */
  reset() {
    if (this.#closed.in && this.#closed.out) return;
    this.#outgoing.push(FromPage.Reset, this.#id);
    this.lost(new ConnectionLost("The connection was reset from this side."));
  }

  /** @internal @param {Uint8Array} bytes */
  data(bytes) {
    this.#incoming.push(bytes);
  }

  /** @internal */
  eof() {
    this.#closed.in = true;
    this.#incoming.end();
    this.#settle();
  }

  /** @internal @param {number} bytes */
  grant(bytes) {
    this.#sender.grant(bytes);
  }

  /** @internal @param {Error} error */
  lost(error) {
    this.#closed = { in: true, out: true };
    this.#sender.fail(error);
    this.#incoming.fail(error);
    this.#settle();
  }

  #settle() {
    if (this.#closed.in && this.#closed.out) this.#forget();
  }
}
