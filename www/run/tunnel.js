import { readNumber } from "../wire/frames.js";
import { FromPage, ToPage, bare, credit } from "./frames.js";

/** @import { Frame } from "./frames.js" */

/**
 * What `server.connect()` gives: one connection in the tab, as raw bytes.
 * @typedef {object} Connection
 * @property {ReadableStream<Uint8Array>} readable what the server sends; ends at its FIN, errors at
 * its RST
 * @property {(bytes: Uint8Array) => Promise<void>} write resolves when there is room for more
 * @property {() => void} end sends FIN
 * @property {() => void} reset sends RST
 */

/**
 * One TCP connection, carried from `cargo xtask run` to the server in the tab and back. Neither
 * direction ever holds more than its window: credit goes back only for what the server took, and
 * the server is read only while there is credit.
 */
export class Tunnel {
  #id;
  #send;
  #closed;
  /** @type {Connection | undefined} */
  #connection;
  /** Neither direction goes on. */
  #isOver = false;

  // Server to client.
  /** Bytes that may be sent to the client. */
  #credit;
  /** Wakes the reader that waits for credit. @type {() => void} */
  #wake = () => {};
  #serverEnded = false;

  // Client to server.
  /** What the server has not taken yet. @type {Uint8Array[]} */
  #received = [];
  /** Bytes that the server took since the last grant. */
  #consumed = 0;
  /** Credit is granted in pieces of at least so many bytes, to keep its frames few. */
  #grant;
  #isWriting = false;
  #clientEnded = false;
  /** The client's end was passed on, or the server takes no more. */
  #stoppedWriting = false;
  #writeFailed = false;

  /**
   * Connects at once.
   * @param {number} id the connection's number on the bridge
   * @param {number} window how many bytes may be under way in each direction
   * @param {() => Promise<Connection>} connect connects to the server; rejects when it is refused
   * @param {(frame: Frame) => void} send sends a frame to `cargo xtask run`
   * @param {() => void} closed called when the connection has ended in both directions
   */
  constructor(id, window, connect, send, closed) {
    this.#id = id;
    this.#credit = window;
    this.#grant = window / 4;
    this.#send = send;
    this.#closed = closed;
    this.#carry(connect());
  }

  /**
   * Takes a frame of this connection.
   * @param {Frame} frame frames in their order
   */
  receive({ kind, payload }) {
    if (this.#isOver) return;
    switch (kind) {
      case ToPage.DATA:
        this.#received.push(payload);
        this.#write();
        break;
      case ToPage.EOF:
        this.#clientEnded = true;
        this.#write();
        break;
      case ToPage.CREDIT:
        this.#credit += readNumber(payload);
        this.#wake();
        break;
      case ToPage.RESET:
        this.#over();
        this.#connection?.reset();
        break;
    }
  }

  /** @param {Promise<Connection>} connecting the server's answer */
  async #carry(connecting) {
    try {
      const connection = await connecting;
      if (this.#isOver) {
        connection.reset();
        return;
      }
      this.#connection = connection;
      this.#write();
      await this.#read(connection.readable.getReader());
    } catch {
      // Refused, or reset by the server.
      this.#reset();
    }
  }

  /**
   * Sends the client what the server sends, as far as there is credit.
   * @param {ReadableStreamDefaultReader<Uint8Array>} reader of the connection
   */
  async #read(reader) {
    for (;;) {
      await this.#hasCredit();
      const { value, done } = await reader.read();
      if (this.#isOver) return;
      if (done) break;
      for (let at = 0; at < value.length;) {
        await this.#hasCredit();
        if (this.#isOver) return;
        const payload = value.subarray(at, at + this.#credit);
        this.#credit -= payload.length;
        at += payload.length;
        this.#send({ kind: FromPage.DATA, id: this.#id, payload });
      }
    }
    this.#serverEnded = true;
    if (this.#writeFailed) {
      this.#reset();
    } else {
      this.#send(bare(FromPage.EOF, this.#id));
      if (this.#stoppedWriting) this.#over();
    }
  }

  /** Resolves when bytes may be sent, or the connection is over. */
  async #hasCredit() {
    while (this.#credit === 0 && !this.#isOver) {
      await new Promise(
        (/** @type {(value?: undefined) => void} */ resolve) => (this.#wake = resolve),
      );
    }
  }

  /**
   * Gives the server what was received, one piece after the other; does nothing while that is under
   * way.
   */
  async #write() {
    const connection = this.#connection;
    if (!connection || this.#isWriting || this.#stoppedWriting) return;
    this.#isWriting = true;
    try {
      for (let bytes; (bytes = this.#received.shift());) {
        const { length } = bytes;
        await connection.write(bytes);
        if (this.#isOver) return;
        this.#consumed += length;
        if (this.#consumed >= this.#grant && !this.#clientEnded) {
          this.#send(credit(this.#id, this.#consumed));
          this.#consumed = 0;
        }
      }
      if (this.#clientEnded) {
        connection.end();
        this.#stoppedWriting = true;
        if (this.#serverEnded) this.#over();
      }
    } catch {
      // The server reset the connection; what it sent before still has to reach the client.
      this.#writeFailed = true;
      this.#stoppedWriting = true;
      if (this.#serverEnded) this.#reset();
    }
    this.#isWriting = false;
  }

  #reset() {
    if (this.#isOver) return;
    this.#send(bare(FromPage.RESET, this.#id));
    this.#over();
  }

  #over() {
    this.#isOver = true;
    this.#received = [];
    this.#wake();
    this.#closed();
  }
}
