import { BodyReader } from "../requests/received-body.js";
import { h, oncePerFrame } from "../ui/dom.js";
import { words } from "../words/words.js";

/** @import { ReceivedBody } from "../requests/received-body.js" */

/** How much of a body is put into the document at once (bytes), and what is put in any case. */
const SLICE = 16_384;
const FIRST = 4 * SLICE;
/** How long that may take in one frame (ms). */
const PER_FRAME = 8;
/** So many times what is in sight is there below it. */
const AHEAD = 2;

/**
 * The body of a response: of a long one a slice at a time, as far as one has scrolled.
 *
 * What the browser lays out again when something is added are the slices in sight.
 */
export class BodyView {
  element = h("pre", {
    class: "response-body",
    tabindex: 0,
    "aria-label": words.responses.body,
    "data-testid": "response-body",
  });
  /** @type {BodyReader | null} */
  #reader = null;
  /** The slice that grows. @type {HTMLElement | null} */
  #last = null;
  #lastLength = 0;
  #fill = oncePerFrame(() => this.#fillNow());

  constructor() {
    this.element.addEventListener("scroll", () => this.#fill());
    new ResizeObserver(() => this.#fill()).observe(this.element);
  }

  /** Another body is shown. */
  clear() {
    this.#reader = null;
    this.#last = null;
    this.element.replaceChildren();
  }

  /** What is new of a body. @param {ReceivedBody} body */
  update(body) {
    this.#reader ??= new BodyReader(body);
    this.#fillNow();
  }

  #fillNow() {
    const reader = this.#reader;
    if (!reader) return;
    const until = performance.now() + PER_FRAME;
    while (reader.hasMore && (reader.offset < FIRST || this.#isNearEnd())) {
      this.#append(reader.next(SLICE));
      if (performance.now() > until) {
        this.#fill();
        return;
      }
    }
  }

  /**
   * Slices end where lines do, if there is a line end within reach.
   * @param {string} text
   */
  #append(text) {
    for (let from = 0; from < text.length;) {
      if (!this.#last) {
        this.#last = h("span", { class: "slice" });
        this.#lastLength = 0;
        this.element.append(this.#last);
      }
      const room = 2 * SLICE - this.#lastLength;
      const lineEnd = text.indexOf("\n", from + Math.max(0, SLICE - this.#lastLength)) + 1;
      const end = Math.min(lineEnd || text.length, from + room, text.length);
      this.#last.append(text.slice(from, end));
      this.#lastLength += end - from;
      const isFull = this.#lastLength >= 2 * SLICE || (lineEnd > 0 && end === lineEnd);
      if (isFull) this.#last = null;
      from = end;
    }
  }

  /** Whether the end of what is there is in sight, or soon will be. */
  #isNearEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return clientHeight > 0 && scrollHeight - scrollTop < (1 + AHEAD) * clientHeight;
  }
}
