import { words } from "../words/words.js";

/** @import { Sent } from "../requests/burst.js" */

/** The classes of an element that shows how an exchange goes. @param {Sent} sent */
export function statusClass({ status, progress }) {
  return `status status-${status ? Math.trunc(status / 100) : progress}`;
}

/** In as few characters as a list has room for. @param {Sent} sent */
export function shortStatus({ status, progress }) {
  return status ? String(status) : words.responses.short[progress];
}

/** @param {Sent} sent */
export function longStatus({ status, statusText, progress }) {
  return status ? `${status} ${statusText}`.trim() : words.responses.long[progress];
}
