// The package file: all of site-packages in one buffer that every process reads through this
// read-only file system. Nodes are made when a name is first looked up, so mounting costs only the
// directory tree.

import { awaitBytes, copyInto } from "./arrival.js";

/** @typedef {import("./pyodide.js").FSNode} FSNode */
/** @typedef {import("./pyodide.js").Stream} Stream */

/** @typedef {[path: string, offset: number, length: number]} Entry */
/** @typedef {{ offset: number, length: number }} File where its bytes are */
/** What is in it by its names. @typedef {Map<string, Directory | File>} Directory */

const ENOENT = 44;
const EINVAL = 28;
const EIO = 29;
const EPERM = 63;
const EPOCH = new Date(0);

const LOST = "The package file did not come.";

/**
 * Reads the index at the head of a package file.
 * @param {import("./arrival.js").Arriving} file
 * @returns {{ entries: Entry[], base: number }} base is where the offsets count from
 */
export function readIndex(file) {
  const { buffer } = file;
  if (!awaitBytes(file, 4)) throw new Error(LOST);
  const length = new DataView(buffer).getUint32(0, true);
  if (!awaitBytes(file, 4 + length)) throw new Error(LOST);
  // TextDecoder refuses shared memory, so the index is copied out.
  const json = new TextDecoder().decode(new Uint8Array(buffer, 4, length).slice());
  return { entries: JSON.parse(json), base: Math.ceil((4 + length) / 16) * 16 };
}

/**
 * @param {Entry[]} entries
 * @returns {Directory}
 */
function tree(entries) {
  /** @type {Directory} */
  const root = new Map();
  for (const [path, offset, length] of entries) {
    const names = path.split("/");
    const file = /** @type {string} */ (names.pop());
    let directory = root;
    for (const name of names) {
      let next = /** @type {Directory | undefined} */ (directory.get(name));
      if (!next) directory.set(name, (next = new Map()));
      directory = next;
    }
    directory.set(file, { offset, length });
  }
  return root;
}

/** An Emscripten file system type over a package file. */
export class PackFileSystem {
  #fs;
  #file;
  #entries;
  /** Where the offsets count from. */
  #base;
  #bytes;
  /** What each node stands for. @type {WeakMap<FSNode, Directory | File>} */
  #entryOf = new WeakMap();

  /**
   * @param {import("./pyodide.js").FileSystem} fs
   * @param {import("./arrival.js").Arriving} file
   */
  constructor(fs, file) {
    const { entries, base } = readIndex(file);
    this.#fs = fs;
    this.#file = file;
    this.#entries = entries;
    this.#base = base;
    this.#bytes = new Uint8Array(file.buffer, base);
  }

  /** Called by `FS.mount`. */
  mount() {
    return this.#make(null, "/", tree(this.#entries));
  }

  /**
   * @param {FSNode | null} parent
   * @param {string} name
   * @param {Directory | File} entry
   */
  #make(parent, name, entry) {
    const node = this.#fs.createNode(parent, name, entry instanceof Map ? 0o40555 : 0o100444, 0);
    this.#entryOf.set(node, entry);
    node.node_ops = this.#nodeOperations;
    node.stream_ops = this.#streamOperations;
    return node;
  }

  /** @param {FSNode} node @returns {Directory | null} null: it is a file */
  #directory(node) {
    const entry = this.#entryOf.get(node);
    return entry instanceof Map ? entry : null;
  }

  /** @param {FSNode} node of a file */
  #place(node) {
    return /** @type {File} */ (this.#entryOf.get(node));
  }

  #refuse = () => {
    throw new this.#fs.ErrnoError(EPERM);
  };

  #nodeOperations = {
    getattr: (/** @type {FSNode} */ node) => {
      const size = this.#directory(node) ? 4096 : this.#place(node).length;
      return {
        dev: 1,
        ino: node.id,
        mode: node.mode,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        size,
        atime: EPOCH,
        mtime: EPOCH,
        ctime: EPOCH,
        blksize: 4096,
        blocks: Math.ceil(size / 512),
      };
    },
    lookup: (/** @type {FSNode} */ parent, /** @type {string} */ name) => {
      const entry = this.#directory(parent)?.get(name);
      if (!entry) throw new this.#fs.ErrnoError(ENOENT);
      return this.#make(parent, name, entry);
    },
    readdir: (/** @type {FSNode} */ node) => [
      ".",
      "..",
      .../** @type {Directory} */ (this.#directory(node)).keys(),
    ],
    setattr: this.#refuse,
    mknod: this.#refuse,
    rename: this.#refuse,
    unlink: this.#refuse,
    rmdir: this.#refuse,
    symlink: this.#refuse,
  };

  #streamOperations = {
    read: (
      /** @type {Stream} */ stream,
      /** @type {Uint8Array} */ into,
      /** @type {number} */ at,
      /** @type {number} */ length,
      /** @type {number} */ position,
    ) => {
      const { offset, length: size } = this.#place(stream.node);
      const count = Math.min(length, size - position);
      if (count <= 0) return 0;
      const begin = offset + position;
      if (!awaitBytes(this.#file, this.#base + begin + count)) throw new this.#fs.ErrnoError(EIO);
      copyInto(into, this.#bytes.subarray(begin, begin + count), at);
      return count;
    },
    write: this.#refuse,
    llseek: (
      /** @type {Stream} */ stream,
      /** @type {number} */ offset,
      /** @type {number} */ whence,
    ) => {
      const end = this.#place(stream.node).length;
      const from = whence === 1 ? stream.position : whence === 2 ? end : 0;
      if (from + offset < 0) throw new this.#fs.ErrnoError(EINVAL);
      return from + offset;
    },
  };
}
