/**
 * What is being fetched or prepared just now, as the machine's `progress` events tell it.
 *
 * @typedef {object} ProgressDetail
 * @property {string} step
 * @property {number} loaded bytes so far
 * @property {number} total bytes in all, 0 while unknown
 */

/**
 * What the server is doing.
 *
 * @typedef {"booting" | "ready" | "starting" | "listening" | "stopping" | "exited" | "failed"}
 * ServerPhase
 *
 * @typedef {object} ServerState
 * @property {ServerPhase} phase
 * @property {string} text in words, for people
 * @property {boolean} bad it ended by itself, and not well
 * @property {ProgressDetail | null} progress
 */

export {};
