// Which module needs which: nobody needs itself, by whatever way.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const WWW = fileURLToPath(new URL("../../www", import.meta.url));
const IMPORTS =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s*"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"\s*\)/g;
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** What each module imports, as paths below www/; types, which are in comments, need nobody. */
async function imports() {
  const names = await readdir(WWW, { recursive: true });
  const modules = names.filter((name) => name.endsWith(".js"));
  const entries = modules.map(async (name) => {
    const code = (await readFile(join(WWW, name), "utf8")).replace(COMMENTS, "");
    const targets = [...code.matchAll(IMPORTS)].map((match) => match[1] ?? match[2]);
    const paths = targets.map((target) => relative(WWW, join(WWW, dirname(name), target)));
    return /** @type {const} */ ([name, paths]);
  });
  return new Map(await Promise.all(entries));
}

/**
 * The first way from a module back to itself.
 * @param {Map<string, string[]>} graph
 * @returns {string[] | null}
 */
function circle(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} module @param {string[]} way @returns {string[] | null} */
  const search = (module, way) => {
    if (way.includes(module)) return [...way.slice(way.indexOf(module)), module];
    if (done.has(module)) return null;
    for (const next of graph.get(module) ?? []) {
      const found = search(next, [...way, module]);
      if (found) return found;
    }
    done.add(module);
    return null;
  };
  for (const module of graph.keys()) {
    const found = search(module, []);
    if (found) return found;
  }
  return null;
}

test("no module of the site imports itself by way of others", async () => {
  const graph = await imports();
  assert.ok([...graph.values()].flat().length > 100, "imports are found");
  assert.equal(circle(graph)?.join(" -> ") ?? null, null);
});

test("a circle is found", () => {
  const graph = new Map([
    ["a", ["b", "d"]],
    ["b", ["c"]],
    ["c", ["b"]],
    ["d", []],
  ]);
  assert.deepEqual(circle(graph), ["b", "c", "b"]);
});
