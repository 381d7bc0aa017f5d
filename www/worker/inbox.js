// What the machine says to a worker before and after it knows which process it is.

/** Messages of the machine, in the order in which they are wanted. */
export class Inbox {
  /** What comes before somebody takes it. @type {unknown[]} */
  #early = [];
  #image = Promise.withResolvers();
  #identity = Promise.withResolvers();

  #port;

  /** @param {import("./machine-port.js").MachinePort} port where the machine speaks */
  constructor(port) {
    this.#port = port;
    port.receive((data) => {
      if (typeof data !== "object" || data === null) this.#early.push(data);
      else if ("identity" in data) this.#identity.resolve(data.identity);
      else if ("image" in data) this.#image.resolve(data.image);
      else this.#early.push(data);
    });
  }

  /**
   * The image that the process is to be a copy of; null: none could be made.
   * @returns {Promise<import("./image.js").Image | null>}
   */
  get image() {
    return this.#image.promise;
  }

  /**
   * Which process it is.
   * @returns {Promise<import("./process.js").ProcessIdentity>}
   */
  get identity() {
    return this.#identity.promise;
  }

  /** @param {(data: unknown) => void} take whatever comes, from now on */
  pass(take) {
    this.#port.receive(take);
    for (const data of this.#early) take(data);
  }
}
