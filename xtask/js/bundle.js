// Usage: node bundle.js DIRECTORY GLUE dev|minified NAME=ENTRY…
//
// Bundles each ENTRY to DIRECTORY/NAME.js (and NAME.css if it imports styles). GLUE is what
// `#wasgi_core` means: wasm-bindgen's glue for our module. Pyodide's scripts stay files of their
// own, which `#pyodide` and `#pyodide_module` name.

import process from "node:process";

import { build } from "esbuild";

const [directory, glue, mode, ...entries] = process.argv.slice(2);
const dev = mode === "dev";

/** Where Pyodide's scripts are, seen from a bundle. @type {Record<string, string>} */
const PYODIDE = {
  "#pyodide": "./python/pyodide.mjs",
  "#pyodide_module": "./python/pyodide.asm.mjs",
};

/** @type {import("esbuild").Plugin} */
const pyodide = {
  name: "pyodide",
  setup({ onResolve }) {
    onResolve({ filter: /^#pyodide/ }, ({ path }) => ({ path: PYODIDE[path], external: true }));
  },
};

try {
  await build({
    entryPoints: Object.fromEntries(entries.map((entry) => entry.split("="))),
    outdir: directory,
    bundle: true,
    format: "esm",
    target: ["chrome137", "firefox139", "safari26"],
    minify: !dev,
    sourcemap: dev,
    alias: { "#wasgi_core": glue },
    plugins: [pyodide],
    loader: { ".py": "text", ".html": "text" },
    legalComments: "eof",
    logLevel: "warning",
  });
} catch {
  // esbuild has printed what is wrong, and where.
  process.exitCode = 1;
}
