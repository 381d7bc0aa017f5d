/**
 * The bytes that hexadecimal digits stand for; spaces may separate them.
 * @param {string} text
 * @returns {Uint8Array | null} null where it is something else
 */
export function bytesOfHex(text) {
  const digits = text.replace(/\s+/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
