import { en } from "./en.js";

/** What every language has to say. @typedef {typeof en} Words */

/** The page's texts, in its language. @type {Words} */
export const words = en;
