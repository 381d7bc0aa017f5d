// What of the file system belongs to a process: what it has written, and what it has open. A fork
// takes both along.

/**
 * @typedef {object} Entry
 * @property {string} path
 * @property {number} mode
 * @property {number} mtime milliseconds since the epoch
 * @property {Uint8Array | string | null} content of a file, of a symbolic link; null: a directory
 */

/**
 * @typedef {object} Open
 * @property {number} fd
 * @property {string} path
 * @property {number} flags
 * @property {number} position
 * @property {Uint8Array | null} content of a file that has no name any more
 */

/** @typedef {{ entries: Entry[], open: Open[], directory: string }} ProcessFiles */

/** Where only the system writes. */
const SYSTEM = new Set(["/dev", "/lib", "/proc"]);
/** The standard streams, which every process has. */
const STANDARD = 3;
/** Of open()'s flags: those that are about a file that is not there yet. */
const CREATING = 0o100 | 0o200 | 0o1000;

/**
 * @param {import("./pyodide.js").FileSystem} FS
 * @returns {ProcessFiles}
 */
export function processFiles(FS) {
  /** @type {Entry[]} */
  const entries = [];
  /** @param {string} directory */
  const walk = (directory) => {
    for (const name of FS.readdir(directory || "/")) {
      const path = `${directory}/${name}`;
      if (name === "." || name === ".." || SYSTEM.has(path)) continue;
      const { mode, mtime } = FS.lstat(path);
      const content = FS.isFile(mode)
        ? FS.readFile(path)
        : FS.isLink(mode)
          ? FS.readlink(path)
          : null;
      entries.push({ path, mode, mtime: mtime.getTime(), content });
      if (FS.isDir(mode)) walk(path);
    }
  };
  walk("");
  /** @type {Open[]} */
  const open = [];
  for (const stream of FS.streams) {
    if (!stream || stream.fd < STANDARD) continue;
    const { fd, flags, position, node, path } = stream;
    const named = path && FS.analyzePath(path).object === node;
    if (!named && !FS.isFile(node.mode)) throw new Error("it has a pipe or a socket open");
    const content = named ? null : node.contents.slice(0, node.usedBytes);
    open.push({ fd, path: path ?? "", flags, position, content });
  }
  return { entries, open, directory: FS.cwd() };
}

/**
 * @param {import("./pyodide.js").FileSystem} FS
 * @param {ProcessFiles} files
 */
export function restoreFiles(FS, { entries, open, directory }) {
  for (const { path, mode, mtime, content } of entries) {
    if (typeof content === "string") {
      if (!FS.analyzePath(path, true).exists) FS.symlink(content, path);
      continue;
    }
    if (content === null) FS.mkdirTree(path);
    else FS.writeFile(path, content);
    FS.chmod(path, mode & 0o7777);
    FS.utime(path, mtime, mtime);
  }
  for (const { fd, path, flags, position, content } of open) {
    const name = content ? `/.open-${fd}` : path;
    if (content) FS.writeFile(name, content);
    const stream = FS.open(name, flags & ~CREATING);
    if (stream.fd !== fd) {
      FS.dupStream(stream, fd);
      FS.close(stream);
    }
    const opened = FS.streams[fd];
    if (opened) opened.position = position;
    if (content) FS.unlink(name);
  }
  FS.chdir(directory);
}
