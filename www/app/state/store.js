/**
 * Holds the state, and tells those who watch a part of it when that part changes. A listener reads
 * what it needs from the store; it is called once however many of its parts change together.
 *
 * @template {object} S
 */
export class Store {
  #state;
  /** @type {Map<keyof S, Set<() => void>>} */
  #listeners = new Map();

  /** @param {S} state */
  constructor(state) {
    this.#state = { ...state };
  }

  /**
   * @template {keyof S} K
   * @param {K} key
   * @returns {S[K]}
   */
  get(key) {
    return this.#state[key];
  }

  /** Values that are the same as before (`Object.is`) change nothing. @param {Partial<S>} values */
  set(values) {
    const keys = /** @type {(keyof S)[]} */ (Object.keys(values));
    const changed = keys.filter((key) => !Object.is(this.#state[key], values[key]));
    Object.assign(this.#state, values);
    this.changed(...changed);
  }

  /** Tells of values that changed in place. @param {...keyof S} keys */
  changed(...keys) {
    const listeners = keys.flatMap((key) => [...(this.#listeners.get(key) ?? [])]);
    for (const listener of new Set(listeners)) listener();
  }

  /**
   * Calls a listener now, and whenever one of these values changes.
   * @param {(keyof S)[]} keys
   * @param {() => void} listener
   */
  watch(keys, listener) {
    for (const key of keys) {
      const listeners = this.#listeners.get(key) ?? new Set();
      this.#listeners.set(key, listeners.add(listener));
    }
    listener();
  }
}
