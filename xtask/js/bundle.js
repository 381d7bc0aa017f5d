// Usage: node bundle.js DIRECTORY GLUE dev|minified NAME=ENTRY…
//
// Bundles each ENTRY to DIRECTORY/NAME.js (and NAME.css if it imports styles). GLUE is what
// `#wasgi_core` means: wasm-bindgen's glue for our module. Pyodide's files are loaded at run time
// by URL and never bundled.

import process from "node:process";

import { build } from "esbuild";

const [directory, glue, mode, ...entries] = process.argv.slice(2);
const dev = mode === "dev";

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
    loader: { ".py": "text", ".html": "text" },
    legalComments: "eof",
    logLevel: "warning",
  });
} catch {
  // esbuild has printed what is wrong, and where.
  process.exitCode = 1;
}
