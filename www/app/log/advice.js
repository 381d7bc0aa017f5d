import { words } from "../words/words.js";

const MISSING = /^ModuleNotFoundError: No module named '([^']+)'/;

/** What the page has to say to lines of the log that a user can do something about. */
export class Advice {
  /** What was said already. @type {Set<string>} */
  #said = new Set();

  /** Another server starts. */
  clear() {
    this.#said.clear();
  }

  /**
   * @param {string} line of the server's log, which may have several
   * @param {string[]} files the names of those on the screen
   * @returns {string | null} null where there is nothing to say, or where it was said
   */
  on(line, files) {
    for (const each of line.split("\n")) {
      const module = MISSING.exec(each)?.[1];
      if (module === undefined || this.#said.has(module)) continue;
      this.#said.add(module);
      const file = files.find((name) => isMeant(name, module));
      return file ? words.log.missingFile(module, file) : words.log.missing(module);
    }
    return null;
  }
}

/**
 * Whether a file may be the module, under another name.
 * @param {string} file
 * @param {string} module
 */
function isMeant(file, module) {
  const name = file.replace(/\.py$/, "").replaceAll("/", ".");
  const last = module.split(".").at(-1) ?? module;
  const plain = (/** @type {string} */ text) => text.replace(/[-_\s]/g, "").toLowerCase();
  return plain(name.split(".").at(-1) ?? name) === plain(last) && name !== module;
}
