/**
 * Bytes as `hexdump -C` shows them.
 *
 * @param {Uint8Array} bytes
 * @param {number} offset what the first byte's address is
 */
export function hexDump(bytes, offset = 0) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const pairs = part.map((byte) => byte.toString(16).padStart(2, "0"));
    const hex = `${pairs.slice(0, 8).join(" ")}  ${pairs.slice(8).join(" ")}`.padEnd(49);
    const text = part
      .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."))
      .join("");
    lines.push(`${(offset + at).toString(16).padStart(8, "0")}  ${hex} |${text}|`);
  }
  return lines.join("\n") + (lines.length ? "\n" : "");
}
