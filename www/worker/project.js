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
    this.#exists(DIRECTORY);
  }

  /**
   * Whether there is a file that gunicorn reads by itself. In which folder it is read, the command
   * line may say.
   */
  get isConfigured() {
    return [...this.files.keys()].some((name) => name.split("/").pop() === "gunicorn.conf.py");
  }

  /**
   * @param {FileChanges} changes
   * @param {number} now
   */
  change(changes, now) {
    for (const [name, content] of changes) {
      if (content === null) this.files.delete(name);
      else this.files.set(name, content);
      const path = `${DIRECTORY}/${name}`;
      this.#machine.set_fact(path, settings(name, content));
      // Of a file that is removed the directories stay.
      if (content) this.#exists(path);
      else this.#machine.set_fact(`${path}/`, undefined);
      this.#machine.file_changed(path, now);
    }
  }

  /** @param {string} path of a file or directory that is there, and so are those that it is in */
  #exists(path) {
    this.#machine.set_fact(`${path}/`, "");
    if (path !== "/") this.#exists(path.slice(0, path.lastIndexOf("/")) || "/");
  }
}

/**
 * The text of a file, if it may be one that a command line names.
 * @param {string} name
 * @param {Uint8Array | null} content
 */
function settings(name, content) {
  if (!content || content.length > MOST_SETTINGS || name.endsWith(".py")) return undefined;
  return new TextDecoder().decode(content);
}
