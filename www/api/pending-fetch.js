// A fetch from its request to its response, through the machine's HTTP client.

import { Incoming, Sender } from "./connection.js";
import { ConnectionLost } from "./errors.js";
import { FromPage } from "./kinds.js";
import { ServerResponse } from "./response.js";
import { encodeStrings, readStrings } from "../wire/strings.js";

/** @import { OutgoingRequest } from "./request.js" */

/** Statuses whose responses have no body. */
const NULL_BODY = new Set([101, 103, 204, 205, 304]);

/** A fetch whose response is not complete. */
export class PendingFetch {
  /**
   * @param {number} id
   * @param {OutgoingRequest} request
   * @param {import("../wire/frames.js").Outgoing} outgoing
   * @param {{
   *   resolve: (response: ServerResponse) => void,
   *   reject: (error: unknown) => void,
   *   done: () => void,
   *   numbered: ((request: number) => void) | null
   * }} callbacks
   */
  constructor(id, request, outgoing, { resolve, reject, done, numbered }) {
    this.id = id;
    this.request = request;
    this.outgoing = outgoing;
    this.resolve = resolve;
    this.reject = reject;
    this.done = done;
    this.onNumber = numbered;
    this.sender = new Sender(outgoing, id);
    /** @type {string[] | null} */
    this.fields = null;
    /** Parts of a body whose response is not yet handed out. @type {Uint8Array[]} */
    this.early = [];
    this.ended = false;
    /** @type {Incoming | null} */
    this.incoming = null;
    /** @type {(() => void) | null} */
    this.unlisten = null;
  }

  /** @param {number} port */
  send(port) {
    const { method, target, headers, body } = this.request;
    const framing = body instanceof ReadableStream ? "chunked" : String(body?.length ?? 0);
    this.outgoing.push(
      FromPage.Fetch,
      this.id,
      encodeStrings([String(port), method, target, framing, ...headers.flat()]),
    );
    if (body) this.#upload(body);
  }

  /** @param {Uint8Array | ReadableStream<Uint8Array>} body */
  async #upload(body) {
    try {
      if (body instanceof Uint8Array) {
        await this.sender.write(body);
      } else {
        const reader = body.getReader();
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          await this.sender.write(part.value);
        }
      }
      if (!this.sender.error) this.outgoing.push(FromPage.Eof, this.id);
    } catch (error) {
      if (!this.sender.error) this.abort(error);
    }
  }

  /** @param {AbortSignal} signal */
  abortWith(signal) {
    const abort = () => this.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.unlisten = () => signal.removeEventListener("abort", abort);
  }

  /** @param {unknown} reason */
  abort(reason) {
    this.outgoing.push(FromPage.Reset, this.id);
    this.#fail(reason);
  }

  /** The request's number in the trace is known. @param {number} request */
  numbered(request) {
    this.onNumber?.(request);
  }

  /** @param {Uint8Array} body */
  head(body) {
    this.fields = readStrings(body);
  }

  /** @param {Uint8Array} bytes */
  data(bytes) {
    if (this.incoming) this.incoming.push(bytes);
    else this.early.push(bytes);
  }

  eof() {
    this.ended = true;
    if (!this.incoming) return;
    this.incoming.end();
    this.#finish();
  }

  /** @param {number} bytes */
  grant(bytes) {
    this.sender.grant(bytes);
  }

  /** @param {Error} error */
  lost(error) {
    if (this.fields && !this.incoming) this.settle();
    this.#fail(error);
  }

  /** Hands out the response as soon as its head is there. */
  settle() {
    if (!this.fields || this.incoming) return;
    const { fields } = this;
    const [request, status, reason] = fields;
    this.fields = null;
    /** @type {[string, string][]} */
    const headers = [];
    for (let index = 3; index < fields.length; index += 2)
      headers.push([fields[index], fields[index + 1]]);
    const code = Number(status);
    if (!(code >= 200 && code <= 599)) {
      this.abort(new ConnectionLost(`The server answered with the status "${status} ${reason}".`));
      return;
    }
    /** @type {BodyInit | null} */
    let body = null;
    if (this.ended) {
      body = NULL_BODY.has(code) ? null : concat(this.early);
    } else {
      this.incoming = new Incoming(this.outgoing, this.id, () =>
        this.abort(new ConnectionLost("The body was cancelled.")),
      );
      for (const part of this.early) this.incoming.push(part);
      if (!NULL_BODY.has(code)) body = this.incoming.readable;
    }
    const statusText = printable(reason);
    const url = `http://127.0.0.1${this.request.target}`;
    const init = { status: code, statusText, headers };
    this.resolve(responseOf(body, init, url, { request: Number(request), headers }));
    if (this.ended) this.#finish();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.reject(error);
    this.incoming?.fail(error);
    this.sender.fail(error instanceof Error ? error : new ConnectionLost(String(error)));
    this.#finish();
  }

  #finish() {
    // An upload that the server did not wait for ends here. (To make an error takes a while: it has
    // a stack.)
    if (this.request.body)
      this.sender.fail(new ConnectionLost("The response was complete before the request."));
    this.unlisten?.();
    this.done();
  }
}

/**
 * @param {BodyInit | null} body
 * @param {{ status: number, statusText: string, headers: [string, string][] }} init
 * @param {string} url
 * @param {{ request: number, headers: [string, string][] }} wasgi
 */
function responseOf(body, init, url, wasgi) {
  try {
    return new ServerResponse(body, init, url, wasgi);
  } catch {
    // Names and values that no browser would show stay in `response.wasgi.headers`.
    const headers = new Headers();
    for (const [name, value] of init.headers) {
      try {
        headers.append(name, value);
      } catch {
        // This is one.
      }
    }
    return new ServerResponse(body, { ...init, headers }, url, wasgi);
  }
}

/** @param {string} reason */
function printable(reason) {
  return reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}

/**
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
function concat(parts) {
  if (parts.length === 1) return /** @type {Uint8Array<ArrayBuffer>} */ (parts[0]);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
