// The files of the visitor's project, as a process has them.

/**
 * By their paths from the project's directory; null: the file was removed.
 * @typedef {Map<string, Uint8Array | null>} Files
 */

/** The project's directory in the file system of a process. */
export class ProjectFiles {
  #fs;
  #directory;

  /**
   * @param {import("./pyodide.js").FileSystem} fs
   * @param {string} directory absolute
   * @param {Files} given what the process has been given; kept up to date
   */
  constructor(fs, directory, given) {
    this.#fs = fs;
    this.#directory = directory;
    this.given = given;
  }

  /**
   * Writes all files, but for those that a copy of a process has already.
   * @param {Files} [copied] what that process had been given
   */
  writeAll(copied) {
    this.#write(changes(copied, this.given));
  }

  /** @param {Files} files that have changed */
  update(files) {
    this.#write(files);
    for (const [name, content] of files) this.given.set(name, content);
  }

  /** @param {Files} files */
  #write(files) {
    const fs = this.#fs;
    fs.mkdirTree(this.#directory);
    for (const [name, content] of files) {
      const path = `${this.#directory}/${name}`;
      if (content === null) {
        if (fs.analyzePath(path).exists) fs.unlink(path);
        continue;
      }
      fs.mkdirTree(path.slice(0, path.lastIndexOf("/")));
      fs.writeFile(path, content);
    }
  }
}

/**
 * What has changed of files since a process had them given: what the process made of the others is
 * its copy's too.
 * @param {Files} given
 * @param {Files} files
 */
function changes(given = new Map(), files) {
  const changed = new Map(files);
  for (const [name, before] of given) {
    const after = files.get(name) ?? null;
    if (before?.length === after?.length && before?.every((byte, index) => byte === after?.[index]))
      changed.delete(name);
    else changed.set(name, after);
  }
  return changed;
}
