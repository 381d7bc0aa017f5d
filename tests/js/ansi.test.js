import assert from "node:assert/strict";
import { test } from "node:test";

import { AnsiParser } from "../../www/app/log/ansi.js";

/** Text and the style's properties that are set, of every run of a line. @param {string} line */
const runs = (line, parser = new AnsiParser()) =>
  parser
    .parse(line)
    .map(({ text, style }) => [
      text,
      Object.fromEntries(Object.entries(style ?? {}).filter(([, value]) => value)),
    ]);

test("a plain line is one run without style", () => {
  assert.deepEqual(new AnsiParser().parse("GET /"), [{ text: "GET /", style: null }]);
});

test("uvicorn's level is coloured, and the rest is plain again", () => {
  assert.deepEqual(runs("\u001b[32mINFO\u001b[0m:     Started"), [
    ["INFO", { colour: "var(--ansi-2)" }],
    [":     Started", {}],
  ]);
});

test("bold and colours add up until they are taken back one by one", () => {
  assert.deepEqual(runs("\u001b[1;91ma\u001b[22mb\u001b[39mc"), [
    ["a", { colour: "var(--ansi-9)", bold: true }],
    ["b", { colour: "var(--ansi-9)" }],
    ["c", {}],
  ]);
});

test("a style lasts into the next line, as on a terminal", () => {
  const parser = new AnsiParser();
  runs("\u001b[33mstarts", parser);
  assert.deepEqual(runs("goes on", parser), [["goes on", { colour: "var(--ansi-3)" }]]);
});

test("256 colours and true colours are understood, with semicolons and with colons", () => {
  assert.deepEqual(runs("\u001b[38;5;196mx"), [["x", { colour: "rgb(255 0 0)" }]]);
  assert.deepEqual(runs("\u001b[38;5;244mx"), [["x", { colour: "rgb(128 128 128)" }]]);
  assert.deepEqual(runs("\u001b[48;2;1;2;3;1mx"), [
    ["x", { background: "rgb(1 2 3)", bold: true }],
  ]);
  assert.deepEqual(runs("\u001b[38:2::9:8:7mx"), [["x", { colour: "rgb(9 8 7)" }]]);
});

test("an empty SGR resets", () => {
  assert.deepEqual(runs("\u001b[31ma\u001b[mb").at(-1), ["b", {}]);
});

test("cursor movements, titles and control characters leave no trace", () => {
  const line = "a\u001b[2Kb\u001b]0;title\u0007c\u001b]8;;http://x\u001b\\d\re\u0007";
  assert.equal(
    runs(line)
      .map(([text]) => text)
      .join(""),
    "abcde",
  );
});

test("a tab stays, and a sequence that is cut off is dropped", () => {
  assert.deepEqual(runs("a\tb\u001b"), [["a\tb", {}]]);
});

test("markup is text", () => {
  assert.deepEqual(runs("<script>alert(1)</script>"), [["<script>alert(1)</script>", {}]]);
});

test("colours out of range are kept within it", () => {
  assert.deepEqual(runs("\u001b[38;2;999;0;0mx"), [["x", { colour: "rgb(255 0 0)" }]]);
});
