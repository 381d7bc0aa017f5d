import { Outgoing, readNumber } from "../wire/frames.js";
import { ToPage } from "./frames.js";
import { Tunnel } from "./tunnel.js";

/** @import { Frame } from "./frames.js" */
/** @import { Connection } from "./tunnel.js" */

/** A message is not extended beyond so many bytes. */
const BATCH = 256 * 1024;

/** The page's end of the bridge: many connections over one channel of messages. */
export class Bridge {
  #outgoing;
  #connect;
  /** @type {Map<number, Tunnel>} */
  #tunnels = new Map();

  /**
   * @param {(message: Uint8Array<ArrayBuffer>) => void} post sends one message; it gets a view,
   * which is good until it returns
   * @param {() => Promise<Connection>} connect opens a connection to the server; rejects when it is
   * refused
   */
  constructor(post, connect) {
    this.#outgoing = new Outgoing(post, BATCH);
    this.#connect = connect;
  }

  /**
   * Takes a frame that belongs to a connection. Frames of a connection that has ended meanwhile are
   * dropped.
   * @param {Frame} frame frames in their order
   */
  receive(frame) {
    const { kind, id, payload } = frame;
    if (kind === ToPage.OPEN) {
      const tunnel = new Tunnel(id, readNumber(payload), this.#connect, this.send, () =>
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
  send = ({ kind, id, payload }) => {
    this.#outgoing.push(kind, id, payload);
  };
}
