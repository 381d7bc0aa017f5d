// Bars, threads and sets of requests in words.

import { formatMs } from "../ui/format.js";
import { words } from "../words/words.js";
import { phaseLabel } from "./phases.js";
import { phaseTotals, summarise } from "./summary.js";

/** @import { Span } from "../../api/spans.js" */
/** @import { Bar } from "./bars.js" */

/**
 * @typedef {(request: number) => string | null} Describe method and path of a request, if this page
 * sent it
 */

/** The trace counts threads from 1, the main one. @param {number} thread */
export function threadName(thread) {
  return thread === 1 ? words.timeline.mainThread : words.timeline.thread(thread);
}

/** @param {number} process @param {number} thread */
export function whoOf(process, thread) {
  return `${words.timeline.process(process)}, ${threadName(thread)}`;
}

/** What a bar is called. @param {Bar} bar @param {Describe} describe */
export function titleOf({ request }, describe) {
  const what = describe(request);
  return what ? words.timeline.requestOf(what, request) : words.timeline.request(request);
}

/** Who served it, and how long it took. @param {Bar} bar */
export function factsOf({ process, thread, open, start, end }) {
  const who = process === null ? words.timeline.noWorker : whoOf(process, thread);
  return `${who} · ${open ? words.timeline.notAnswered : formatMs(end - start)}`;
}

/** `app` is what remains of it outside the phases within. @param {string} name */
export function partLabel(name) {
  return name === "app" ? words.timeline.appRest : phaseLabel(name);
}

/** A bar in one sentence, for those who hear it. @param {Bar} bar @param {Describe} describe */
export function sentenceOf(bar, describe) {
  const parts = phaseTotals(bar).map(({ name, ms }) => `${partLabel(name)} ${formatMs(ms)}`);
  return [titleOf(bar, describe), factsOf(bar), ...parts].join(", ");
}

/** What a set of requests amounts to. @param {Bar[]} bars */
export function summaryOf(bars) {
  const { count, makespan, split, waiting, open } = summarise(bars);
  const parts = [
    words.counted.requests(count),
    open ? words.timeline.running(open - waiting) : formatMs(makespan),
  ];
  if (split.length > 1) parts.push(words.timeline.split(split.map(([, served]) => served)));
  if (waiting) parts.push(words.timeline.waiting(waiting));
  return parts.join(" · ");
}

/** What a thread's phase is about. @param {Span} phase */
export function aboutOf({ name, on, request }) {
  const parts = [];
  if (name === "lock" && on) parts.push(words.timeline.lock(on));
  if (name === "io" && on === 1) parts.push(words.timeline.connections);
  parts.push(request ? words.timeline.forRequest(request) : words.timeline.forNone);
  return parts.join(", ");
}
