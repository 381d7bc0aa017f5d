// Usage: node soak.js [--minutes M] [--seed S] [--only FAULT]
//
// Does to a server under load what can fail, one fault after the other, and says after each whether
// all is well: `cargo xtask soak`. WASGI_SITE is where the built site is served.

import process from "node:process";
import { parseArgs } from "node:util";

import { serveSite } from "../e2e/support.js";
import { Episode, Outcome } from "./episode.js";
import { FAULTS } from "./faults.js";
import { Random } from "./random.js";
import { Table } from "./report.js";
import { KINDS } from "./servers.js";
import { World } from "./world.js";

/** @import { Fault } from "./faults.js" */
/** @import { Kind } from "./servers.js" */

/** Lines of a log that are shown where something is broken. */
const LINES = 15;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const seed = Number(values.seed);
const duration = Number(values.minutes) * 60_000;
const faults = FAULTS.filter(({ name }) => !values.only || name === values.only);
if (faults.length === 0) {
  const names = FAULTS.map(({ name }) => name).join(", ");
  process.stderr.write(`There is no fault ${values.only}: the faults are ${names}.\n`);
  process.exit(2);
}

/**
 * A server under load, a fault, and what must hold then.
 * @param {World} world
 * @param {Fault} fault
 * @param {Kind} kind
 */
async function play(world, fault, kind) {
  const outcome = new Outcome();
  let note = "";
  /** @type {Episode | undefined} */
  let episode;
  try {
    episode = await Episode.begin(world, kind);
    note = (await fault.run(episode)) ?? "";
    await episode.goesOn("afterwards");
    await episode.end(outcome);
    outcome.broken.push(...(await world.check()));
  } catch (error) {
    outcome.broken.push(error instanceof Error ? error.message : String(error));
    const log = await episode?.server.log().catch(() => "");
    const lines = log?.split("\n").slice(-LINES) ?? [];
    outcome.broken.push("its log ends:", ...lines.map((line) => line.slice(0, 160)));
  }
  return { outcome, note };
}

/**
 * Each kind of server once, without a fault: then all is there that is kept.
 * @param {World} world
 */
async function warmUp(world) {
  for (const kind of KINDS) {
    const episode = await Episode.begin(world, kind);
    await episode.end(new Outcome());
  }
  await world.remember();
}

const site = await serveSite();
const random = new Random(seed);
const world = await World.open(site.url, random);
const table = new Table(seed);
try {
  await warmUp(world);
  table.begins(world.quiet);
  const end = Date.now() + duration;
  /** @type {Fault[]} */
  let round = [];
  while (Date.now() < end && !table.isBroken) {
    if (round.length === 0) round = random.shuffled(faults);
    const fault = /** @type {Fault} */ (round.pop());
    const kind = random.pick(KINDS.filter((its) => fault.of?.(its) ?? true));
    const { outcome, note } = await play(world, fault, kind);
    table.add(fault, kind, outcome, note);
  }
  table.finish(await world.settled());
} finally {
  await world.close().catch(() => {});
  await site.close();
}
process.exitCode = table.isBroken ? 1 : 0;
