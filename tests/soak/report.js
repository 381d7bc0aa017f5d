// What is printed: a line for each fault as it ends, and a table in the end.

import process from "node:process";

/** @import { State } from "./browser-state.js" */
/** @import { Outcome } from "./episode.js" */
/** @import { Fault } from "./faults.js" */
/** @import { Kind } from "./servers.js" */

/** @param {string} text */
const print = (text) => process.stdout.write(`${text}\n`);
/** @param {State | undefined} state */
const figures = (state) =>
  state ? `${state.workers} Web Workers, ${state.megabytes.toFixed(0)} MB` : "not known here";

/** What came of all faults so far. */
export class Table {
  isBroken = false;
  #begin = Date.now();
  /** @type {State | undefined} */
  #first;
  /** @type {Map<string, { times: number, sent: number, closed: number, lost: number }>} */
  #rows = new Map();

  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed;
  }

  /** @param {State | undefined} state when nothing runs */
  begins(state) {
    this.#first = state;
    print(`seed ${this.seed}; when nothing runs: ${figures(state)}`);
  }

  /**
   * @param {Fault} fault
   * @param {Kind} kind
   * @param {Outcome} outcome
   * @param {string} note
   */
  add(fault, kind, outcome, note) {
    const { tally, lost, broken } = outcome;
    const row = this.#rows.get(fault.name) ?? { times: 0, sent: 0, closed: 0, lost: 0 };
    row.times += 1;
    row.sent += tally.sent;
    row.closed += tally.closed.length;
    row.lost += lost;
    this.#rows.set(fault.name, row);
    const seconds = ((Date.now() - this.#begin) / 1000).toFixed(1).padStart(7);
    const what = `${fault.name}${note ? ` (${note})` : ""}`;
    const counts = `${tally.sent} requests, ${tally.closed.length} closed, ${lost} lost`;
    const state = broken.length === 0 ? "ok" : "BROKEN";
    print(`${seconds} s  ${state}  ${what}: ${kind.command.slice(0, 44)}: ${counts}`);
    for (const sentence of broken) print(`           ${sentence}`);
    this.isBroken ||= broken.length > 0;
  }

  /** @param {State | undefined} state when nothing runs */
  finish(state) {
    print("");
    print("fault             times  requests  closed  lost");
    const total = { times: 0, sent: 0, closed: 0, lost: 0 };
    const line = (/** @type {string} */ name, /** @type {typeof total} */ row) =>
      print(
        [
          name.padEnd(16),
          ...[
            [row.times, 6],
            [row.sent, 9],
            [row.closed, 7],
            [row.lost, 5],
          ].map(([number, width]) => String(number).padStart(width)),
        ].join(" "),
      );
    for (const [name, row] of [...this.#rows].sort(([a], [b]) => a.localeCompare(b))) {
      line(name, row);
      for (const key of /** @type {(keyof typeof total)[]} */ (Object.keys(total)))
        total[key] += row[key];
    }
    line("all", total);
    print(`at the start: ${figures(this.#first)}`);
    print(`at the end:   ${figures(state)}`);
    if (this.isBroken) print(`BROKEN. Again: cargo xtask soak --seed ${this.seed}`);
  }
}
