import { BrowserStorage } from "../state/browser-storage.js";
import { words } from "../words/words.js";

/**
 * What this browser or this page's host does not offer: what it is, and what still works.
 *
 * @typedef {{ name: string, text: string }} Lack
 */

/**
 * @param {object} [environment] for tests
 * @param {boolean} [environment.isolated] whether the page is cross-origin isolated
 * @param {boolean} [environment.jspi] whether WebAssembly can suspend
 * @param {boolean} [environment.serviceWorker]
 * @param {boolean} [environment.storage]
 * @param {boolean} [environment.workers]
 * @returns {Lack[]}
 */
export function missingCapabilities({
  isolated = globalThis.crossOriginIsolated === true,
  jspi = typeof WebAssembly === "object" && "Suspending" in WebAssembly,
  serviceWorker = "serviceWorker" in navigator,
  storage = BrowserStorage.available,
  workers = typeof Worker === "function" && typeof WebAssembly === "object",
} = {}) {
  const lacks = [];
  if (!workers) lacks.push(words.missing.workers);
  if (!jspi) lacks.push(words.missing.jspi);
  if (!isolated) lacks.push(words.missing.isolation);
  if (!serviceWorker) lacks.push(words.missing.serviceWorker);
  if (!storage) lacks.push(words.missing.storage);
  return lacks;
}
