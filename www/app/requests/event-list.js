import { createParser } from "eventsource-parser";

/** How many events are kept for the screen; of the rest only the number. */
const MOST_KEPT = 1000;

/**
 * @typedef {object} ReceivedEvent
 * @property {number} at `performance.now()` when it was whole
 * @property {string} type
 * @property {string} id
 * @property {string} data
 */

/** The events of a response of the type `text/event-stream`, as they come. */
export class EventList {
  /** The newest, oldest first. @type {ReceivedEvent[]} */
  kept = [];
  /** How many have come. */
  count = 0;

  #decoder = new TextDecoder();
  #parser = createParser({
    onEvent: ({ event = "message", id = "", data }) => {
      this.count += 1;
      this.kept.push({ at: performance.now(), type: event, id, data });
      if (this.kept.length > MOST_KEPT) this.kept.shift();
    },
  });

  /** Whether a response has events. @param {string} contentType */
  static has(contentType) {
    return /^\s*text\/event-stream\s*(?:;|$)/i.test(contentType);
  }

  /** @param {Uint8Array} bytes */
  add(bytes) {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }
}
