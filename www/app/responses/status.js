import { words } from "../words/words.js";

/** @import { Exchange } from "../requests/exchange.js" */

/** The classes of an element that shows how an exchange goes. @param {Exchange} exchange */
export function statusClass({ status, progress }) {
  return `status status-${status ? Math.trunc(status / 100) : progress}`;
}

/** In as few characters as a list has room for. @param {Exchange} exchange */
export function shortStatus({ status, progress }) {
  return status ? String(status) : words.responses.short[progress];
}

/** @param {Exchange} exchange */
export function longStatus({ status, statusText, progress }) {
  return status ? `${status} ${statusText}`.trim() : words.responses.long[progress];
}
