// Usage: node python.js PROJECT SCRIPT ARGUMENT…
//
// Runs a Python script with the very interpreter that the site ships (Pyodide under Node), so that
// the bytecode it writes is that interpreter's own. The script sees PROJECT under the same path as
// this machine does.

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";

import { loadPyodide } from "pyodide";

const [project, script, ...args] = process.argv.slice(2);
const python = await loadPyodide({ env: { HOME: "/", PYTHONDONTWRITEBYTECODE: "1" } });
python.FS.mkdirTree(project);
python.mountNodeFS(project, project);

const run = python.runPython(`
def run(script, source, directory, args):
    import sys
    sys.path.insert(0, directory)
    sys.argv = [script, *args]
    exec(compile(source, script, "exec"), {"__name__": "__main__", "__file__": script})
run
`);
const source = await readFile(script, "utf8");
try {
  run(script, source, dirname(script), args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
