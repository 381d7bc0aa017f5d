// The responses of `server.fetch`: the Fetch API's, of which short ones cost a tenth.

const decoder = new TextDecoder();

/**
 * A Response whose body may be there as a whole. Browsers read even such a body through a stream,
 * which takes them longer than all the rest of a short request; here `text()` and its like take the
 * bytes, and whatever else may want the body gets the browser's own.
 */
export class ServerResponse extends Response {
  /**
   * The body, until somebody takes it or may take it from the browser.
   * @type {Uint8Array<ArrayBuffer> | null}
   */
  #whole;
  /** Whether the body was taken from here, and the browser does not know yet. */
  #taken = false;
  #url;

  /**
   * @param {BodyInit | null} body
   * @param {ResponseInit} init
   * @param {string} url
   * @param {{ request: number, headers: [string, string][] }} wasgi the request's number in the
   * trace, all header fields
   */
  constructor(body, init, url, wasgi) {
    super(body, init);
    this.#whole = body instanceof Uint8Array ? /** @type {Uint8Array<ArrayBuffer>} */ (body) : null;
    this.#url = url;
    /** The request's number in the trace, and all header fields as they came. */
    this.wasgi = wasgi;
  }

  /** Leaves the body to the browser, which has to know that it is used if it was taken. */
  #leave() {
    this.#whole = null;
    if (this.#taken) void super.body?.cancel();
    this.#taken = false;
  }

  /** @returns {Uint8Array<ArrayBuffer> | null} the body, for the one who takes it */
  #take() {
    const whole = this.#whole;
    if (whole) {
      this.#whole = null;
      this.#taken = true;
    } else {
      this.#leave();
    }
    return whole;
  }

  get url() {
    return this.#url;
  }

  get body() {
    this.#leave();
    return super.body;
  }

  get bodyUsed() {
    return this.#taken || super.bodyUsed;
  }

  clone() {
    this.#leave();
    const copy = super.clone();
    return Object.defineProperties(copy, {
      url: { value: this.url },
      wasgi: { value: this.wasgi },
    });
  }

  async text() {
    const whole = this.#take();
    return whole ? decoder.decode(whole) : super.text();
  }

  async json() {
    const whole = this.#take();
    return whole ? JSON.parse(decoder.decode(whole)) : super.json();
  }

  async arrayBuffer() {
    return this.#take()?.slice().buffer ?? super.arrayBuffer();
  }

  async bytes() {
    return this.#take()?.slice() ?? super.bytes();
  }

  blob() {
    this.#leave();
    return super.blob();
  }

  formData() {
    this.#leave();
    return super.formData();
  }
}
