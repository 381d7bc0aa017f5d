import { words } from "../words/words.js";

/** The names that a span may carry, in the order in which a request meets them. */
export const PHASES = /** @type {const} */ ([
  "connect",
  "backlog",
  "taken",
  "parse",
  "queue",
  "app",
  "gil",
  "run",
  "sleep",
  "lock",
  "io",
  "write",
  "keepalive",
  "receive",
  "message",
  "send",
]);

/** What a thread does, at every moment one of these. */
export const OF_THREADS = new Set(["gil", "run", "sleep", "lock", "io"]);

/** @type {Map<string, number>} */
const ORDER = new Map(PHASES.map((name, index) => [name, index]));

/** @type {Map<string, { label: string, meaning: string }>} */
const WORDS = new Map(Object.entries(words.timeline.phases));

/**
 * What it is called; a name that this page does not know stands for itself.
 * @param {string} name
 */
export function phaseLabel(name) {
  return WORDS.get(name)?.label ?? name;
}

/** What it means, as far as this page knows. @param {string} name @returns {string | undefined} */
export function phaseMeaning(name) {
  return WORDS.get(name)?.meaning;
}

/**
 * Orders names as a request meets them; unknown names come last.
 * @param {string} a
 * @param {string} b
 */
export function comparePhases(a, b) {
  return (ORDER.get(a) ?? PHASES.length) - (ORDER.get(b) ?? PHASES.length);
}
