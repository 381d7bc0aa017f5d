import { Kind, encode, numberOf } from "./frames.js";
import { Tunnel } from "./tunnel.js";

/** @import { Frame } from "./frames.js" */
/** @import { Connection } from "./tunnel.js" */

/** A message is not extended beyond so many bytes. */
const BATCH = 256 * 1024;

/** The page's end of the bridge: many connections over one channel of messages. */
export class Bridge {
  #post;
  #connect;
  /** @type {Map<number, Tunnel>} */
  #tunnels = new Map();
  /** Frames that go out together. @type {Frame[]} */
  #batch = [];
  #batchBytes = 0;

  /**
   * @param {(message: Uint8Array<ArrayBuffer>) => void} post sends one message
   * @param {() => Promise<Connection>} connect opens a connection to the server; rejects when it is
   * refused
   */
  constructor(post, connect) {
    this.#post = post;
    this.#connect = connect;
  }

  /**
   * Takes a frame that belongs to a connection. Frames of a connection that has ended meanwhile are
   * dropped.
   * @param {Frame} frame frames in their order
   */
  receive(frame) {
    const { kind, id, payload } = frame;
    if (kind === Kind.OPEN) {
      const tunnel = new Tunnel(id, numberOf(payload), this.#connect, this.send, () =>
        this.#tunnels.delete(id),
      );
      this.#tunnels.set(id, tunnel);
    } else {
      this.#tunnels.get(id)?.receive(frame);
    }
  }

  /**
   * Sends a frame. Frames of the same turn of the event loop share a message; none waits longer.
   * @param {Frame} frame any frame
   */
  send = (frame) => {
    if (this.#batch.length === 0) queueMicrotask(this.#flush);
    this.#batch.push(frame);
    this.#batchBytes += frame.payload.length;
    if (this.#batchBytes >= BATCH) this.#flush();
  };

  #flush = () => {
    if (this.#batch.length === 0) return;
    const frames = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#post(encode(frames));
  };
}
