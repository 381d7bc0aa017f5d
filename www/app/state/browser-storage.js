/**
 * Remembers values in localStorage; where that is missing, full or forbidden, forgets them in
 * silence.
 */
export class BrowserStorage {
  #prefix;

  /** @param {string | null} name null remembers nothing */
  constructor(name) {
    this.#prefix = name === null ? null : `wasgi:1:${name}:`;
  }

  /** Whether anything would be kept. */
  static get available() {
    try {
      localStorage.setItem("wasgi:probe", "1");
      localStorage.removeItem("wasgi:probe");
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} key
   * @returns {unknown} undefined where nothing (or nothing readable) is kept
   */
  get(key) {
    if (this.#prefix === null) return undefined;
    try {
      const text = localStorage.getItem(this.#prefix + key);
      return text === null ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    if (this.#prefix === null) return;
    try {
      localStorage.setItem(this.#prefix + key, JSON.stringify(value));
    } catch {
      // It is there until the page is closed.
    }
  }

  /** @param {string} key */
  remove(key) {
    if (this.#prefix === null) return;
    try {
      localStorage.removeItem(this.#prefix + key);
    } catch {
      // Nothing was kept, so nothing stays behind.
    }
  }
}
