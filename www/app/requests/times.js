/** @import { Trace } from "../timeline/trace.js" */
/** @import { Sent } from "./burst.js" */

/**
 * How long an exchange took or has taken so far, and how long its head, in milliseconds: as the
 * client in the machine measured it, from the connect to the last byte. What this page does with
 * the body is not in it.
 *
 * @param {Sent} sent
 * @param {Trace} trace
 * @returns {{ total: number, head: number | null, isFinal: boolean }} `isFinal`: it will not change
 */
export function timesOf(sent, trace) {
  const record = trace.recordOf(sent.request);
  // Before the machine has told of it, this page's own clock is the only one.
  if (!record) {
    const isUnknown = sent.request === null && !sent.pending;
    return { total: sent.elapsed, head: null, isFinal: isUnknown };
  }
  const { sent: from, head, end } = record;
  return {
    total: (end ?? Math.max(from, trace.now)) - from,
    head: head === null ? null : head - from,
    isFinal: end !== null,
  };
}
