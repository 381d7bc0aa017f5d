import { messageOf } from "../server/errors.js";
import { words } from "../words/words.js";
import { EventList } from "./event-list.js";
import { ReceivedBody } from "./received-body.js";

/** @import { Server } from "../../wasgi.js" */

/**
 * A request as the request bar describes it.
 *
 * @typedef {object} RequestDescription
 * @property {string} method
 * @property {string} path
 * @property {[string, string][]} headers
 * @property {BodyInit | null} body
 *
 * @typedef {"waiting" | "receiving" | "done" | "failed" | "cancelled"} Progress
 */

/**
 * One exchange: what was sent, and what has come back so far. Times are `performance.now()` of this
 * page.
 */
export class Exchange {
  /** @type {Progress} */
  progress = "waiting";
  /** @type {number | null} the machine's number for it, which the trace uses too */
  request = null;
  status = 0;
  statusText = "";
  /** @type {[string, string][]} */
  headers = [];
  started = 0;
  /** @type {number | null} */
  headersAt = null;
  /** @type {number | null} */
  ended = null;
  error = "";
  /** The events of an event stream. @type {EventList | null} */
  events = null;

  /** @param {RequestDescription} description @param {number} limit bytes of the body to keep */
  constructor(description, limit) {
    this.description = description;
    this.body = new ReceivedBody(limit);
  }

  /** Milliseconds from Send to the last byte (or the error), null while it runs. */
  get duration() {
    return this.ended === null ? null : this.ended - this.started;
  }

  /** Milliseconds from then until its end, or until now. */
  get elapsed() {
    return (this.ended ?? performance.now()) - this.started;
  }

  get pending() {
    return this.ended === null;
  }

  get contentType() {
    return this.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  }

  /**
   * @param {Pick<Server, "fetch">} server
   * @param {AbortSignal} signal
   * @param {(exchange: Exchange) => void} changed called whenever there is something new to see
   */
  async send(server, signal, changed) {
    const { method, path, headers, body } = this.description;
    this.started = performance.now();
    try {
      const response = await server.fetch(path, {
        method,
        headers,
        body,
        signal,
        onRequest: (request) => {
          this.request = request;
          changed(this);
        },
      });
      this.headersAt = performance.now();
      this.request = response.wasgi.request;
      this.status = response.status;
      this.statusText = response.statusText;
      this.headers = response.wasgi.headers;
      this.progress = "receiving";
      if (EventList.has(this.contentType)) this.events = new EventList();
      changed(this);
      const reader = response.body?.getReader();
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) break;
        this.body.add(part.value, this.contentType);
        this.events?.add(part.value);
        changed(this);
      }
      this.body.end();
      this.progress = "done";
    } catch (error) {
      this.progress = signal.aborted ? "cancelled" : "failed";
      this.error = signal.aborted ? words.requests.cancelled : messageOf(error);
    }
    this.ended = performance.now();
    changed(this);
  }
}
