import { sameFiles } from "./workspace.js";

/** @import { Example } from "../examples/examples.js" */
/** @import { BrowserStorage } from "../state/browser-storage.js" */

/**
 * An example's files and command line, as the user has them.
 * @typedef {{ files: Record<string, string>, command: string }} Edits
 */

/** Keeps what the user changed of each example until the next visit. */
export class ExampleEdits {
  #storage;

  /** @param {BrowserStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {Example} example @returns {Edits | null} null where nothing was changed */
  read(example) {
    const kept = this.#storage.get(keyOf(example));
    return isEdits(kept) ? kept : null;
  }

  /** Nothing is kept of an example as it came. @param {Example} example @param {Edits} edits */
  keep(example, edits) {
    if (isUnchanged(example, edits)) this.forget(example);
    else this.#storage.set(keyOf(example), edits);
  }

  /** @param {Example} example */
  forget(example) {
    this.#storage.remove(keyOf(example));
  }
}

/** @param {Example} example @param {Edits} edits */
export function isUnchanged(example, { files, command }) {
  return command === example.command && sameFiles(files, example.files);
}

/** @param {Example} example */
function keyOf(example) {
  return `example:${example.name}`;
}

/** @param {unknown} kept @returns {kept is Edits} */
function isEdits(kept) {
  if (typeof kept !== "object" || kept === null) return false;
  const { files, command } = /** @type {{ files?: unknown, command?: unknown }} */ (kept);
  return (
    typeof command === "string" &&
    typeof files === "object" &&
    files !== null &&
    Object.values(files).every((text) => typeof text === "string")
  );
}
