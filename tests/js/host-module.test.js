// What `_wasgi.pyi` tells Python's type checker is what Rust and JavaScript have.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const project = new URL("../../", import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, project), "utf8");

const stub = read("src/python/stubs/_wasgi.pyi");
const calls = read("www/worker/calls.js");

/** @param {RegExp} pattern @param {string} text the first group of all matches, sorted */
const all = (pattern, text) => [...text.matchAll(pattern)].map(([, found]) => found).sort();

test("each number that Rust exports has its name in Python", () => {
  const exported = /const NUMBERS = \[([^\]]*)\]/.exec(calls)?.[1] ?? "";
  const enums = new Map();
  for (const file of readdirSync(new URL("src/browser/process/", project))) {
    const rust = read(`src/browser/process/${file}`);
    for (const [, name, body] of rust.matchAll(/^pub enum (\w+) \{$([^}]*)^\}$/gm)) {
      enums.set(name, all(/^ {4}(\w+)(?: = \w+)?,$/gm, body));
    }
  }
  const names = all(/(\w+)/g, exported).flatMap((name) => enums.get(name));
  const inPython = names.map((name) => name.replace(/(?<=.)(?=[A-Z])/g, "_").toUpperCase());
  assert.deepEqual(all(/^(\w+): Final\[int\]$/gm, stub), inPython.sort());
});

test("each call has its signature in Python", () => {
  const named = all(/^ {4}(\w+)(?::|,$)/gm, calls.slice(calls.indexOf("function threadCalls")));
  const properties = ["gate"];
  const functions = named.filter((name) => !properties.includes(name));
  assert.deepEqual(all(/^def (\w+)\(/gm, stub), [...functions, "key_derivation"].sort());
});
