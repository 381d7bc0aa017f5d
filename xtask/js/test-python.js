// Usage: node test-python.js PROJECT DIST [FILTER]
//
// Runs tests/python/test_*.py (unittest) with the site's own Python, each file in a fresh
// interpreter, because what they test changes the interpreter (threading, the event loop). Ends
// with a line `N passed, M failed, K skipped`.
//
// The host module `_wasgi`, which Rust provides in the tab, is tests/python/_wasgi.py here, or a
// mock if there is none. What needs no Rust is as in the tab, in the module `_host`.

import { readdir } from "node:fs/promises";
import process from "node:process";

import { keyDerivation } from "../../www/worker/key-derivation.js";
import { interpreters } from "./site.js";

const TESTS = "/tests";
const RUN = `
import importlib, os, sys, unittest

sys.path.insert(0, "${TESTS}")
if not os.path.exists("${TESTS}/_wasgi.py"):
    from unittest.mock import MagicMock
    sys.modules["_wasgi"] = MagicMock(name="_wasgi")

def run(module):
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = [f"{test.id()} # SKIP {reason}" for test, reason in result.skipped]
    return result.testsRun - failed - len(skipped), failed, skipped
run
`;

const [project, dist, filter = ""] = process.argv.slice(2);
const directory = `${project}/tests/python`;
const files = (await readdir(directory)).filter(
  (name) => /^test_.*\.py$/.test(name) && name.includes(filter),
);
const start = await interpreters(dist);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of files.sort()) {
  process.stderr.write(`${file}\n`);
  try {
    const python = await start();
    python.FS.mkdirTree(TESTS);
    python.mountNodeFS(TESTS, directory);
    python.registerJsModule("_host", { key_derivation: keyDerivation(() => python.FS) });
    const run = python.runPython(RUN);
    // As a promising call, so that code that blocks may do so where the engine has stack switching.
    const module = file.replace(/\.py$/, "");
    const counts = await ("Suspending" in WebAssembly ? run.callPromising(module) : run(module));
    const [more, bad, left] = counts.toJs();
    passed += more;
    failed += bad;
    skipped += left.length;
    for (const line of left) process.stdout.write(`ok - ${line}\n`);
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : error}\n`);
    failed += 1;
  }
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed ? 1 : 0;
