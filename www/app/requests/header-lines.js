import { words } from "../words/words.js";

/** A field name is a token (RFC 9110 § 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Reads `name: value` lines; empty lines mean nothing. A name may come several times.
 *
 * @param {string} text
 * @returns {{ headers: [string, string][], problems: { line: number, message: string }[] }} lines
 * count from 1
 */
export function parseHeaderLines(text) {
  /** @type {[string, string][]} */
  const headers = [];
  /** @type {{ line: number, message: string }[]} */
  const problems = [];
  const sentences = words.requests.problems;
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const problem = (/** @type {string} */ message) => problems.push({ line: index + 1, message });
    const colon = line.indexOf(":");
    if (colon < 0) return problem(sentences.noColon(index + 1));
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (!TOKEN.test(name)) return problem(sentences.headerName(name, index + 1));
    if (![...value].every(isFieldValueCharacter))
      return problem(sentences.headerValue(name, index + 1));
    headers.push([name, value]);
  });
  return { headers, problems };
}

/**
 * Visible characters, space, tab and obs-text (RFC 9110 § 5.5): what a `Headers` object accepts.
 * @param {string} c
 */
function isFieldValueCharacter(c) {
  const code = c.codePointAt(0) ?? 0;
  return code === 9 || (code >= 32 && code <= 255 && code !== 127);
}
