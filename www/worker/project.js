// The files of the working directory, and what the machine is told of them.

/**
 * @typedef {import("#wasgi_core").Machine} Machine
 * @typedef {import("#wasgi_core").FileChanges} FileChanges
 */

/** The working directory of every process. */
export const DIRECTORY = "/home/wasgi/project";

/** A file that a command line may name has this many bytes at most. */
const MOST_SETTINGS = 1 << 16;

/** The working directory. */
export class Project {
  /** @type {Map<string, Uint8Array>} */
  files = new Map();
  #machine;

  /** @param {Machine} machine */
  constructor(machine) {
    this.#machine = machine;
    machine.add_file(DIRECTORY);
  }

  /**
   * @param {FileChanges} changes
   * @param {number} now
   */
  change(changes, now) {
    for (const [name, content] of changes) {
      const path = `${DIRECTORY}/${name}`;
      if (content === null) {
        this.files.delete(name);
        this.#machine.remove_file(path);
      } else {
        this.files.set(name, content);
        this.#machine.add_file(path, settings(name, content));
      }
      this.#machine.file_changed(path, now);
    }
  }
}

/**
 * The text of a file, if it may be one that a command line names.
 * @param {string} name
 * @param {Uint8Array} content
 */
function settings(name, content) {
  if (content.length > MOST_SETTINGS || name.endsWith(".py")) return undefined;
  return new TextDecoder().decode(content);
}
