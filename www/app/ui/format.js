import { words } from "../words/words.js";

/** Milliseconds for people: `0.42 ms`, `512 ms`, `1.52 s`. @param {number} ms */
export function formatMs(ms) {
  if (!Number.isFinite(ms)) return "–";
  if (Math.abs(ms) < 10) return `${trimZeros(ms.toFixed(2))} ms`;
  if (Math.abs(ms) < 100) return `${trimZeros(ms.toFixed(1))} ms`;
  if (Math.abs(ms) < 1000) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1000).toFixed(Math.abs(ms) < 10_000 ? 2 : 1)} s`;
}

/** @param {string} digits */
function trimZeros(digits) {
  return digits.replace(/\.?0+$/, "");
}

/** Bytes in decimal units: `512 B`, `1.2 kB`, `12 MB`. @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 10 ? trimZeros(value.toFixed(1)) : value.toFixed(0)} ${unit}`;
}

/**
 * `12 of 25 MB`, or `12 MB` while the total is unknown.
 * @param {number} loaded
 * @param {number} total bytes
 */
export function formatProgress(loaded, total) {
  if (!(total > 0)) return loaded > 0 ? formatBytes(loaded) : "";
  const [, unit] = formatBytes(total).split(" ");
  const scale = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[unit] ?? 1;
  return words.progressOf(Math.floor(loaded / scale), formatBytes(total));
}
