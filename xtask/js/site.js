// The built site's Python under Node: its standard library and its packages, as a process in the
// tab has them.

import { readFile } from "node:fs/promises";

import { loadPyodide } from "pyodide";

const SITE_PACKAGES = "/lib/python3.14/site-packages";
const ALIGNMENT = 16;

/**
 * The files of a pack (docs/architecture.md), each a view of its bytes.
 * @param {Uint8Array} pack
 * @returns {[path: string, contents: Uint8Array][]}
 */
function unpack(pack) {
  const length = new DataView(pack.buffer, pack.byteOffset).getUint32(0, true);
  /** @type {[string, number, number][]} */
  const index = JSON.parse(new TextDecoder().decode(pack.subarray(4, 4 + length)));
  const start = Math.ceil((4 + length) / ALIGNMENT) * ALIGNMENT;
  return index.map(([path, offset, size]) => [
    path,
    pack.subarray(start + offset, start + offset + size),
  ]);
}

/**
 * Starts interpreters of the site in `dist`.
 * @param {string} dist
 * @returns {Promise<() => Promise<import("pyodide").PyodideAPI>>}
 */
export async function interpreters(dist) {
  const files = unpack(await readFile(`${dist}/python/site.pack`));
  const directories = new Set(
    files.map(([path]) => `${SITE_PACKAGES}/${path}`.replace(/\/[^/]*$/, "")),
  );
  return async () => {
    const python = await loadPyodide({
      stdLibURL: `${dist}/python/stdlib.zip`,
      env: { HOME: "/home", PYTHONDONTWRITEBYTECODE: "1" },
    });
    for (const directory of directories) python.FS.mkdirTree(directory);
    for (const [path, contents] of files) {
      python.FS.writeFile(`${SITE_PACKAGES}/${path}`, contents, { canOwn: true });
    }
    return python;
  };
}
