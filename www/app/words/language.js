// Which language the page speaks. It is chosen once, when the script is loaded.

import { BrowserStorage } from "../state/browser-storage.js";

/** The languages that there are, by their codes, as they call themselves. */
export const LANGUAGES = Object.freeze({ en: "English", ko: "한국어" });

/** @typedef {keyof typeof LANGUAGES} Language */

const storage = new BrowserStorage("visitor");
const KEY = "language";

/** @param {unknown} code a language tag (BCP 47) @returns {Language | null} */
function known(code) {
  const [primary] = String(code).toLowerCase().split("-");
  return primary in LANGUAGES ? /** @type {Language} */ (primary) : null;
}

/**
 * What the visitor has chosen; else the language of the document that the playground is in; a
 * document that says `data-language="visitor"` leaves it to the browser's settings.
 * @returns {Language}
 */
function choose() {
  // Without a document there is no visitor.
  if (!("document" in globalThis)) return "en";
  const chosen = known(storage.get(KEY));
  if (chosen) return chosen;
  const { lang, dataset } = document.documentElement;
  if (dataset.language !== "visitor") return known(lang) ?? "en";
  return navigator.languages.map(known).find((language) => language !== null) ?? "en";
}

/** The page's language. */
export const language = choose();

/** Speaks another language from the next load on. @param {string} next */
export function rememberLanguage(next) {
  storage.set(KEY, next);
}
