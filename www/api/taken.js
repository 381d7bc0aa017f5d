// What the page has taken of lines and spans: the machine sends so many before it hears of that.

import { FromPage } from "./kinds.js";
import { number } from "../wire/frames.js";

/** How many are told of together, and how many bytes at most. */
const COUNT = 256;
const BYTES = 1 << 20;

/** The number that stands for no stream. */
const NONE = 0;

/** Tells the machine how many lines and spans the page has taken. */
export class Taken {
  #count = 0;
  #bytes = 0;
  #outgoing;

  /** @param {import("../wire/frames.js").Outgoing} outgoing */
  constructor(outgoing) {
    this.#outgoing = outgoing;
  }

  /** @param {number} length of a line, or of a frame of spans */
  add(length) {
    this.#count += 1;
    this.#bytes += length;
    if (this.#count < COUNT && this.#bytes < BYTES) return;
    this.#outgoing.push(FromPage.Credit, NONE, number(this.#count));
    this.#count = 0;
    this.#bytes = 0;
  }
}
