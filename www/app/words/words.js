import { en } from "./en.js";
import { ko } from "./ko.js";
import { language } from "./language.js";

/** What every language has to say. @typedef {typeof en} Words */

/** @type {Record<import("./language.js").Language, Words>} */
const ALL = { en, ko };

/** The page's texts, in its language. */
export const words = ALL[language];
