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
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const problem = (/** @type {string} */ message) => problems.push({ line: index + 1, message });
    const colon = line.indexOf(":");
    if (colon < 0)
      return problem(`Header line ${index + 1} has no colon. Write it as “name: value”.`);
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (!TOKEN.test(name)) {
      return problem(
        `“${name}” in header line ${index + 1} is not a header name. Use letters, digits and hyphens.`,
      );
    }
    if (![...value].every(isFieldValueCharacter)) {
      return problem(
        `The value of “${name}” in header line ${index + 1} has characters outside Latin-1. Encode them.`,
      );
    }
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
