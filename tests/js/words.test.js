// The page's texts: every language has them all.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

import { ko as examples } from "../../www/app/examples/ko.js";
import { en } from "../../www/app/words/en.js";
import { ko } from "../../www/app/words/ko.js";

const EXAMPLES = new URL("../../www/examples/", import.meta.url);

/** Texts that have no words of a language in them. */
const ALIKE = new Set([
  "GIL",
  "I/O",
  "JSPI",
  "WebSocket",
  "keep-alive",
  "receive",
  "send",
  "sleep",
]);

/**
 * The texts under a key, by their paths.
 * @param {unknown} value
 * @param {string} path
 * @returns {[string, string][]}
 */
function textsOf(value, path = "") {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsOf(inner, `${path}.${key}`));
}

test("Korean has the texts that English has, and in Korean", () => {
  const english = textsOf(en);
  const korean = textsOf(ko);
  assert.deepEqual(
    korean.map(([path]) => path),
    english.map(([path]) => path),
  );
  const hasWords = /[A-Za-z]{2}/;
  const isKey = /^\.help\.keys\.\d+\.0$/;
  for (const [index, [path, text]] of english.entries()) {
    const same = korean[index][1] === text;
    const isAlike = ALIKE.has(text) || isKey.test(path) || !hasWords.test(text);
    if (same && !isAlike)
      assert.match(path, /[pP]laceholder$|runKeys$|stdout$/, `${path}: ${text}`);
  }
});

test("counts and states read as Korean sentences", () => {
  assert.equal(ko.counted.requests(1000), "요청 1,000건");
  assert.equal(ko.timeline.split([2, 2]), "프로세스 2개: 2 + 2");
  assert.equal(ko.requests.cancel(3), "3건 취소");
  assert.equal(
    ko.sockets.closed({ code: 1006, reason: "", clean: false }),
    "닫기 핸드셰이크 없이 코드 1006번으로 닫혔습니다.",
  );
});

test("every example, and what each of its requests shows, is told in Korean", async () => {
  const names = await readdir(EXAMPLES);
  assert.deepEqual(Object.keys(examples).sort(), names.sort());
  for (const name of names) {
    const file = new URL(`${name}/example.json`, EXAMPLES);
    const { requests } = JSON.parse(await readFile(file, "utf8"));
    assert.equal(examples[name].shows.length, requests.length, name);
  }
});
