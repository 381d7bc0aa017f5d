// What fails. A fault is done to a server under load; it says how many requests the real server
// would close over it (`workerDies`), and returns when it is over.

import { eventually, within } from "./episode.js";
import { corruptFile, halfClose, suspend, withQuota } from "./faults-of-tabs.js";
import { openTab, visit } from "./tab.js";

/** @import { Episode } from "./episode.js" */
/** @import { Kind } from "./servers.js" */

/**
 * @typedef {object} Fault
 * @property {string} name as --only has it
 * @property {string} about
 * @property {(kind: Kind) => boolean} [of] which servers it can be done to; without it, all
 * @property {(episode: Episode) => Promise<string | void>} run it may say what it has done
 */

const KILL = 9;

/** @type {Fault[]} */
export const FAULTS = [
  {
    name: "nothing",
    about: "load alone",
    run: (episode) => episode.goesOn("meanwhile"),
  },
  {
    name: "kill-serving",
    about: "a worker is killed as it serves",
    async run(episode) {
      episode.workerDies();
      expect(await episode.harm(`/kill?0,${KILL}`), ["ConnectionLost"]);
    },
  },
  {
    name: "kill-other",
    about: "a worker is killed by another, whatever it does",
    async run(episode) {
      const pid = await episode.pid();
      episode.workerDies();
      // It may be that very worker that is asked.
      expect(await episode.harm(`/kill?${pid},${KILL}`), [200, "ConnectionLost"]);
    },
  },
  {
    name: "kill-booting",
    about: "the worker that replaces another is killed as it boots",
    of: ({ program }) => program === "gunicorn",
    async run(episode) {
      const booting = /Booting worker with pid: (\d+)/g;
      const last = async () =>
        Number([...(await episode.server.log()).matchAll(booting)].at(-1)?.[1]);
      const before = await last();
      episode.workerDies();
      await episode.harm(`/kill?0,${KILL}`);
      await eventually("another worker boots", async () => (await last()) !== before);
      episode.workerDies();
      await episode.harm(`/kill?${await last()},${KILL}`);
    },
  },
  {
    name: "kill-all",
    about: "all workers are killed at once",
    of: ({ program }) => program === "gunicorn",
    async run(episode) {
      const booting = /Booting worker with pid: (\d+)/g;
      const pids = [...(await episode.server.log()).matchAll(booting)].map(([, pid]) => pid);
      for (const pid of pids.slice(-episode.kind.workers)) {
        episode.workerDies();
        await episode.harm(`/kill?${pid},${KILL}`);
      }
    },
  },
  {
    name: "kill-stopping",
    about: "a worker of another server is killed as it stops",
    of: ({ program }) => program === "gunicorn",
    async run(episode) {
      const other = await episode.world.tab.start("gunicorn -b :9000 -w 2 soak_app:app");
      const dying = other.run(({ server }) =>
        server.fetch("/die-late?0.3").then(
          ({ status }) => String(status),
          (/** @type {Error} */ error) => error.name,
        ),
      );
      await other.logged(/^waits$/);
      const { code } = await within(other.stop(), "it stops all the same");
      expect(await dying, ["ConnectionLost"]);
      expect(code, [0]);
    },
  },
  {
    name: "exit",
    about: "an app leaves by os._exit",
    async run(episode) {
      episode.workerDies();
      expect(await episode.harm("/exit?7"), ["ConnectionLost"]);
    },
  },
  {
    name: "abort",
    about: "an interpreter aborts",
    async run(episode) {
      episode.workerDies();
      expect(await episode.harm("/abort"), ["ConnectionLost"]);
    },
  },
  {
    name: "hang",
    about: "a handler computes for ever",
    of: ({ watches }) => watches,
    async run(episode) {
      episode.workerDies();
      // gunicorn's sync worker still answers as it is aborted; gthread's and uWSGI's do not.
      expect(await episode.harm("/spin"), [500, "ConnectionLost"]);
    },
  },
  {
    name: "recurse",
    about: "Python recurses without end",
    async run(episode) {
      expect(await episode.harm("/recurse"), [500, "ConnectionLost"]);
    },
  },
  {
    name: "nest",
    about: "C code recurses without end",
    async run(episode) {
      episode.workerDies();
      expect(await episode.harm("/nest"), [200, 500, "ConnectionLost"]);
    },
  },
  {
    name: "allocate",
    about: "an app allocates until nothing is left",
    // Other threads would fail with it, here as there.
    of: ({ program, underWay }) => underWay === 1 || program === "uvicorn",
    async run(episode) {
      // Where it takes longer than its time-out, or the master notices a full memory.
      episode.workerDies();
      expect(await episode.harm("/allocate"), [500, "ConnectionLost"]);
    },
  },
  {
    name: "flood-lines",
    about: "30,000 lines of output",
    async run(episode) {
      expect(await episode.harm("/flood?30000,40"), [200]);
    },
  },
  {
    name: "flood-line",
    about: "one line of 32 MiB",
    async run(episode) {
      expect(await episode.harm(`/flood?1,${32 << 20}`), [200]);
    },
  },
  {
    name: "half-close",
    about: "clients close their side before or after their request",
    // uWSGI waits for what never comes, here as there.
    of: ({ program }) => program !== "uwsgi",
    run: halfClose,
  },
  {
    name: "reload",
    about: "HUP",
    async run(episode) {
      const before = await episode.pid();
      await episode.server.run(({ server }) => server.signal("HUP"));
      await eventually("workers are new", async () => (await episode.pid()) > before);
    },
  },
  {
    name: "reload-often",
    about: "HUP, five times in a row",
    async run(episode) {
      const before = await episode.pid();
      for (let times = 0; times < 5; times++) {
        await episode.server.run(({ server }) => server.signal("HUP"));
        await episode.goesOn("between reloads");
      }
      await eventually("workers are new", async () => (await episode.pid()) > before);
    },
  },
  {
    name: "upgrade",
    about: "USR2, which gunicorn refuses here",
    of: ({ program }) => program === "gunicorn",
    run: (episode) => episode.server.run(({ server }) => server.signal("USR2")),
  },
  {
    name: "more-and-fewer",
    about: "TTIN twice, then TTOU twice",
    of: ({ program }) => program === "gunicorn",
    async run(episode) {
      for (const name of ["TTIN", "TTIN", "TTOU", "TTOU"]) {
        await episode.server.run(({ server }, signal) => server.signal(signal), name);
        await episode.goesOn(`after ${name}`);
      }
    },
  },
  {
    name: "threads",
    about: "threads, asyncio, preemption, exceptions and interrupts mixed",
    of: ({ program }) => program === "gunicorn",
    async run({ world, random }) {
      const seed = String(random.whole(1, 1e6));
      const failure = await within(
        world.tab.fail(
          `gunicorn -b :9000 --timeout 0 -e SECONDS=8 -e SEED=${seed} mixed_threads:app`,
        ),
        "all threads end",
      );
      if (failure.code !== 4 || !/^SOAKED$/m.test(failure.log))
        throw new Error(`It ends with ${failure.code}:\n${failure.log.slice(-2000)}`);
    },
  },
  {
    name: "suspend",
    about: "the tab is frozen for some seconds",
    run: suspend,
  },
  {
    name: "quota",
    about: "there is no more room for what is kept",
    run: (episode) =>
      withQuota(episode.world, 1, () => visit(episode.world.visitor, episode.world.host.url)),
  },
  {
    name: "service-worker",
    about: "the service worker is stopped",
    async run({ world }) {
      const session = await world.devTools();
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      await session.detach();
      await visit(world.visitor, world.host.url);
    },
  },
  {
    name: "corrupt",
    about: "a kept file is corrupted",
    run: corruptFile,
  },
  {
    name: "two-tabs",
    about: "another tab runs servers, and is closed as it does",
    async run({ world }) {
      const tab = await openTab(world.visitor, world.host.url);
      const server = await tab.start("gunicorn -w 3 soak_app:app");
      const answers = await Promise.all(Array.from({ length: 12 }, () => server.fetch("/slow")));
      for (const { status } of answers) expect(status, [200]);
      await tab.close();
    },
  },
  {
    name: "new-version",
    about: "a new version is published while tabs have the old one open",
    async run({ world }) {
      await world.host.publish();
      const state = await world.tab.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const found = await registration?.update();
        const next = found?.installing ?? found?.waiting;
        while (next && !["installed", "activated", "redundant"].includes(next.state))
          await new Promise((resolve) =>
            next.addEventListener("statechange", resolve, { once: true }),
          );
        return next?.state;
      });
      expect(state, ["installed"]);
      await visit(world.visitor, world.host.url);
      await world.tab.page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const controlled = new Promise((resolve) =>
          navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
        );
        registration?.waiting?.postMessage("update");
        await controlled;
      });
      await visit(world.visitor, world.host.url);
    },
  },
];

/**
 * @param {unknown} found
 * @param {unknown[]} wanted
 */
function expect(found, wanted) {
  if (!wanted.includes(found)) throw new Error(`${found} instead of ${wanted.join(" or ")}`);
}
