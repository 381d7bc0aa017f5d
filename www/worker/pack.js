// The package file: all of site-packages in one buffer that every process reads through this
// read-only file system. Nodes are made when a name is first looked up, so mounting costs only the
// directory tree.

import { awaitBytes } from "./arrival.js";

/** @typedef {[path: string, offset: number, length: number]} Entry */
/** @typedef {Map<string, any>} Directory A name leads to a Directory or to [offset, length]. */

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
  const root = new Map();
  for (const [path, offset, length] of entries) {
    const names = path.split("/");
    const file = names.pop();
    let directory = root;
    for (const name of names) {
      let next = directory.get(name);
      if (!next) directory.set(name, (next = new Map()));
      directory = next;
    }
    directory.set(file, [offset, length]);
  }
  return root;
}

/**
 * An Emscripten file system type over a package file.
 * @param {any} FS Emscripten's FS
 * @param {import("./arrival.js").Arriving} file
 * @returns {{ mount(): any }}
 */
export function packFileSystem(FS, file) {
  const { entries, base } = readIndex(file);
  const bytes = new Uint8Array(file.buffer, base);
  const refuse = () => {
    throw new FS.ErrnoError(EPERM);
  };

  const nodeOperations = {
    /** @param {any} node */
    getattr(node) {
      const file = !(node.entry instanceof Map);
      const size = file ? node.entry[1] : 4096;
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
    /** @param {any} parent @param {string} name */
    lookup(parent, name) {
      const entry = parent.entry instanceof Map && parent.entry.get(name);
      if (!entry) throw new FS.ErrnoError(ENOENT);
      return make(parent, name, entry);
    },
    /** @param {any} node */
    readdir(node) {
      return [".", "..", ...node.entry.keys()];
    },
    setattr: refuse,
    mknod: refuse,
    rename: refuse,
    unlink: refuse,
    rmdir: refuse,
    symlink: refuse,
  };

  const streamOperations = {
    /**
     * @param {any} stream
     * @param {Uint8Array} into
     * @param {number} at
     * @param {number} length
     * @param {number} position
     */
    read(stream, into, at, length, position) {
      const [offset, size] = stream.node.entry;
      const count = Math.min(length, size - position);
      if (count <= 0) return 0;
      if (!awaitBytes(file, base + offset + position + count)) throw new FS.ErrnoError(EIO);
      into.set(bytes.subarray(offset + position, offset + position + count), at);
      return count;
    },
    write: refuse,
    /** @param {any} stream @param {number} offset @param {number} whence */
    llseek(stream, offset, whence) {
      const from = whence === 1 ? stream.position : whence === 2 ? stream.node.entry[1] : 0;
      if (from + offset < 0) throw new FS.ErrnoError(EINVAL);
      return from + offset;
    },
  };

  /** @param {any} parent @param {string} name @param {any} entry */
  function make(parent, name, entry) {
    const node = FS.createNode(parent, name, entry instanceof Map ? 0o40555 : 0o100444, 0);
    node.entry = entry;
    node.node_ops = nodeOperations;
    node.stream_ops = streamOperations;
    return node;
  }

  return { mount: () => make(null, "/", tree(entries)) };
}
