/** @import { Bar } from "./bars.js" */

/**
 * What a set of bars amounts to: from the first connect to the last byte, and how they were split.
 *
 * @param {Bar[]} bars
 */
export function summarise(bars) {
  /** @type {Map<number, number>} */
  const split = new Map();
  let waiting = 0;
  let open = 0;
  let start = Infinity;
  let end = -Infinity;
  for (const bar of bars) {
    start = Math.min(start, bar.start);
    end = Math.max(end, bar.end);
    if (bar.open) open += 1;
    if (bar.process === null) waiting += Number(bar.open);
    else split.set(bar.process, (split.get(bar.process) ?? 0) + 1);
  }
  const processes = [...split].sort(([a], [b]) => a - b);
  return {
    count: bars.length,
    start,
    end,
    makespan: bars.length ? end - start : 0,
    split: processes,
    waiting,
    open,
  };
}

/**
 * Milliseconds by phase. Phases nest (`app` holds `run` and `sleep`), so these do not add up to the
 * bar's length; `app` is what remains of it outside the phases within.
 *
 * @param {Bar} bar
 * @returns {{ name: string, ms: number }[]} in the order of their first start
 */
export function phaseTotals(bar) {
  /** @type {Map<string, { name: string, ms: number }>} */
  const totals = new Map();
  let within = 0;
  const app = bar.phases.find((phase) => phase.name === "app");
  for (const phase of bar.phases) {
    const ms = phase.end - phase.start;
    const total = totals.get(phase.name);
    if (total) total.ms += ms;
    else totals.set(phase.name, { name: phase.name, ms });
    if (app && phase !== app && phase.start >= app.start && phase.end <= app.end) within += ms;
  }
  const appTotal = totals.get("app");
  if (appTotal) appTotal.ms = Math.max(0, appTotal.ms - within);
  return [...totals.values()];
}
