import { words } from "../words/words.js";

/**
 * The files that the user edits: the working directory of every process.
 * Fires `change` (detail: `{ name }`, or `{ name: null }` when the set of files changed).
 */
export class Workspace extends EventTarget {
  /** @type {Map<string, string>} */
  #files = new Map();

  /** @returns {string[]} */
  get names() {
    return [...this.#files.keys()];
  }

  /** @param {string} name */
  read(name) {
    return this.#files.get(name);
  }

  /** A copy. @returns {Record<string, string>} */
  toObject() {
    return Object.fromEntries(this.#files);
  }

  /** @param {Record<string, string>} files */
  replaceAll(files) {
    this.#files = new Map(Object.entries(files));
    this.#changed(null);
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    if (this.#files.get(name) === text) return;
    const fresh = !this.#files.has(name);
    this.#files.set(name, text);
    this.#changed(fresh ? null : name);
  }

  /** @param {string} name */
  remove(name) {
    if (this.#files.delete(name)) this.#changed(null);
  }

  /**
   * Keeps the file's place among the others.
   * @param {string} from
   * @param {string} to a name that passed `problemWith`
   */
  rename(from, to) {
    this.#files = new Map(
      [...this.#files].map(([name, text]) => [name === from ? to : name, text]),
    );
    this.#changed(null);
  }

  /**
   * Why a file cannot have this name, as a sentence, or null if it can.
   *
   * @param {string} name
   * @param {string | null} current the name of the file that is being renamed
   * @returns {string | null}
   */
  problemWith(name, current = null) {
    const { problems } = words.files;
    if (name === "") return problems.empty;
    if (name.startsWith("/")) return problems.absolute;
    if (name.endsWith("/")) return problems.folder;
    if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
      return problems.parts;
    // eslint-disable-next-line no-control-regex -- they are what is refused
    if (/[\u0000-\u001f\u007f\\]/.test(name)) return problems.characters;
    const others = this.names.filter((other) => other !== current);
    if (others.includes(name)) return problems.exists(name);
    if (others.some((other) => other.startsWith(`${name}/`))) return problems.isFolder(name);
    const parent = others.find((other) => name.startsWith(`${other}/`));
    return parent === undefined ? null : problems.isFile(parent);
  }

  /** @param {string | null} name */
  #changed(name) {
    this.dispatchEvent(new CustomEvent("change", { detail: { name } }));
  }
}

/**
 * What `writeFiles` must be given so that the working directory holds exactly `now`.
 *
 * @param {Record<string, string>} before what was written last
 * @param {Record<string, string>} now
 * @returns {Record<string, string | null>} null deletes
 */
export function fileChanges(before, now) {
  /** @type {Record<string, string | null>} */
  const changes = {};
  for (const name of Object.keys(before)) if (!(name in now)) changes[name] = null;
  for (const [name, text] of Object.entries(now)) if (before[name] !== text) changes[name] = text;
  return changes;
}

/**
 * Whether two sets of files are the same.
 * @param {Record<string, string>} a
 * @param {Record<string, string>} b
 */
export function sameFiles(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
