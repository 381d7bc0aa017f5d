/**
 * The bridge of `cargo xtask run` alone: TCP clients on one side, a stand-in for the server
 * (bridge/wasgi.js) on the other. What it has in common with a network is checked here; what a real
 * server makes of it is in run.test.js.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Run, readAll } from "./xtask-run.js";

const HERE = import.meta.dirname;
const WWW = join(HERE, "../../../www");
const MEGABYTE = 1 << 20;

/** @type {string} */
let scratch;

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "wasgi-bridge-"));
  const site = join(scratch, "site");
  for (const name of ["run.html", "run.js", "run", "wire"]) {
    await cp(join(WWW, name), join(site, name), { recursive: true });
  }
  await cp(join(HERE, "bridge/wasgi.js"), join(site, "wasgi.js"));
});

after(() => rm(scratch, { recursive: true }));

/**
 * Runs the stand-in with a folder of its own.
 * @param {import("node:test").TestContext | undefined} context ends it with the test
 * @param {string[]} command
 * @param {string[]} options
 */
async function bridge(context, command, options = ["--publish", "0"]) {
  const folder = await mkdtemp(join(scratch, "folder-"));
  await writeFile(join(folder, "app.py"), "app = None\n");
  const run = new Run(["--site", join(scratch, "site"), "--dir", folder, ...options], command);
  context?.after(() => run.end());
  return { run, folder };
}

/**
 * The processes of the browser that a run started.
 * @param {Run} run
 */
function processesOf(run) {
  const [browser] = pgrep("-P", String(run.process.pid));
  const group = ["-g", String(browser)];
  return {
    browser,
    renderers: pgrep(...group, "-f", "type=renderer"),
    /** Waits until all have ended, those too that the browser leaves behind. */
    async ended() {
      while (pgrep(...group).length > 0) await setTimeout(20);
    },
  };
}

/** @param {string[]} options */
function pgrep(...options) {
  try {
    // Not those that are dead and wait for a parent to take note.
    const pids = execFileSync("pgrep", ["--runstates", "D,I,R,S,T", ...options], {
      encoding: "utf8",
    });
    return pids.trim().split("\n").map(Number);
  } catch {
    return []; // None.
  }
}

describe("connections", () => {
  /** @type {Run} */
  let run;
  before(async () => {
    ({ run } = await bridge(undefined, ["serve"]));
    await run.published();
  });
  after(() => run.end());

  test("bytes go there and back", async () => {
    const socket = await run.connect();
    socket.write("echo\nhello");
    assert.equal(String((await once(socket, "data"))[0]), "hello");
    socket.end();
    await readAll(socket);
  });

  test("50 MB arrive whole in the tab", async () => {
    const socket = await run.connect();
    const body = Buffer.alloc(50 * MEGABYTE);
    let sum = 0;
    for (let at = 0; at < body.length; at += 1) {
      body[at] = (at * 2654435761) >>> 13;
      sum = (Math.imul(sum, 31) + body[at]) >>> 0;
    }
    socket.write("count\n");
    socket.end(body);
    assert.equal(String(await readAll(socket)), `${body.length} ${sum}\n`);
  });

  test("50 MB arrive whole from the tab", async () => {
    const socket = await run.connect();
    socket.write(`send ${50 * MEGABYTE}\n`);
    const body = await readAll(socket);
    assert.equal(body.length, 50 * MEGABYTE);
    for (let at = 0; at < body.length; at += 511)
      assert.equal(body[at], (at >> 10) & 255, `byte ${at}`);
    socket.end();
  });

  test("a client that ends its side still gets its answer", async () => {
    const socket = await run.connect();
    socket.end("count\nabc");
    assert.match(String(await readAll(socket)), /^3 /);
  });

  test("a server that ends its side still gets what the client sends", async () => {
    const socket = await run.connect();
    socket.write("bye\n");
    await readAll(socket);
    socket.end(Buffer.alloc(100_000));
    await run.logged(/got 100000 after its end/);
  });

  test("a reset by the server resets the client", async () => {
    const socket = await run.connect();
    socket.write("reset\n");
    await assert.rejects(readAll(socket), { code: "ECONNRESET" });
  });

  test("a reset by the client reaches the server", async () => {
    const socket = await run.connect();
    socket.write("number\n");
    const number = parseInt(String(await readAll(socket)));
    const other = await run.connect();
    other.write("echo\nx");
    await once(other, "data");
    other.resetAndDestroy();
    await run.logged(new RegExp(`connection ${number + 1} reset by client`));
    socket.end();
  });

  test("a reset reaches the server even while it takes no more data", async () => {
    const first = await run.connect();
    first.end("number\n");
    const number = parseInt(String(await readAll(first))) + 1;
    const socket = await run.connect();
    socket.write("stall\n");
    await run.logged(new RegExp(`connection ${number} stalls`));
    // More than the tab and the bridge take, and time for them to take it: another connection's
    // whole life.
    await new Promise((resolve) => socket.write(Buffer.alloc(MEGABYTE / 2), resolve));
    const other = await run.connect();
    other.end("number\n");
    await readAll(other);
    socket.resetAndDestroy();
    await run.logged(new RegExp(`connection ${number} reset by client`));
  });

  test("500 connections are open at once, and reach the server in the order of their arrival", async () => {
    const sockets = [];
    for (let count = 0; count < 500; count += 1) sockets.push(await run.connect());
    for (const socket of sockets.toReversed()) socket.end("number\n");
    const numbers = await Promise.all(
      sockets.map(async (socket) => parseInt(String(await readAll(socket)))),
    );
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => numbers[0] + index),
    );
  });

  test("a client that does not read stops the server from sending", async () => {
    const slow = await run.connect();
    slow.pause();
    slow.write(`send ${200 * MEGABYTE}\n`);
    const sent = () => {
      const line = run.log.findLast((line) => /connection \d+ sent/.test(line)) ?? "";
      return Number(line.split(" ").at(-1));
    };
    await run.until(() => sent() >= MEGABYTE);
    // Time enough to send everything: as much goes over another connection meanwhile.
    const other = await run.connect();
    other.write("count\n");
    other.end(Buffer.alloc(50 * MEGABYTE));
    await readAll(other);
    // What the kernel's buffers on both sides hold, and one window.
    assert.ok(sent() <= 20 * MEGABYTE, `${sent()} bytes were sent to a client that does not read`);
    slow.destroy();
  });
});

describe("a running server", () => {
  /** @type {Run} */
  let run;
  /** @type {string} */
  let folder;
  before(async () => {
    ({ run, folder } = await bridge(undefined, ["serve", "a b", "", "--publish", "stubborn"]));
    await run.published();
  });
  after(() => run.end());

  test("has the folder's files and its command line word by word", async () => {
    await run.logged(/^words \["serve","a b","","--publish","stubborn"\]$/);
    await run.logged(/^files app\.py$/);
  });

  test("gets the files that change", async () => {
    await writeFile(join(folder, "app.py"), "changed");
    await run.logged(/^changed app\.py: changed$/);
    await rm(join(folder, "app.py"));
    await run.logged(/^removed app\.py$/);
  });

  test("gets all signals, and its own exit code comes back", async () => {
    for (const name of ["HUP", "USR1", "USR2", "QUIT", "TTIN", "TTOU", "WINCH", "INT"]) {
      run.signal(/** @type {NodeJS.Signals} */ (`SIG${name}`));
      await run.logged(new RegExp(`^signal ${name}$`));
    }
    run.signal("SIGTERM");
    assert.equal(await run.exit, 7);
  });
});

describe("a server's life", () => {
  test("a server that exits while it starts gives its exit code, after its log", async (t) => {
    const { run } = await bridge(t, ["fail", "3"]);
    assert.equal(await run.exit, 3);
    assert.match(run.log.join("\n"), /files app\.py$/);
    assert.deepEqual(run.output, []);
  });

  test("a signal that comes while the server starts reaches it when it is up", async (t) => {
    const { run, folder } = await bridge(t, ["wait"]);
    await run.logged(/^words/);
    run.signal("SIGHUP");
    await writeFile(join(folder, "go"), "");
    await run.logged(/^signal HUP$/);
  });

  for (const [name, code] of /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])) {
    test(`${name} before the server is up ends everything with ${code}`, async (t) => {
      const { run } = await bridge(t, ["never"]);
      await run.logged(/^words/);
      run.signal(name);
      assert.equal(await run.exit, code);
    });
  }

  test("a second SIGINT ends a server that does not obey, and nothing of the browser is left", async (t) => {
    const { run } = await bridge(t, ["serve", "stubborn"]);
    await run.published();
    const { renderers, ended } = processesOf(run);
    assert.notEqual(renderers.length, 0);
    run.signal("SIGINT");
    await run.logged(/^signal INT$/);
    run.signal("SIGINT");
    assert.equal(await run.exit, 130);
    await ended();
  });

  test("what the server sent before it exited reaches the client", async (t) => {
    const { run } = await bridge(t, ["serve"]);
    await run.published();
    const socket = await run.connect();
    socket.write("last\n");
    assert.equal(String(await readAll(socket)), "last words\n");
    assert.equal(await run.exit, 7);
  });

  test("a connection that the server refuses is reset", async (t) => {
    const { run } = await bridge(t, ["refuse"]);
    await run.published();
    const socket = await run.connect();
    await assert.rejects(readAll(socket), { code: "ECONNRESET" });
  });

  test("without --publish the server runs, and no port is opened", async (t) => {
    const { run } = await bridge(t, ["serve"], []);
    await run.logged(/^files/);
    run.signal("SIGHUP");
    await run.logged(/^signal HUP/);
    assert.deepEqual(run.output, []);
  });
});

describe("what goes wrong", () => {
  test("a port in use is said before a browser starts", async (t) => {
    const other = net.createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = /** @type {net.AddressInfo} */ (other.address());
    const { run } = await bridge(t, ["serve"], ["--publish", String(port)]);
    assert.equal(await run.exit, 1);
    assert.match(
      run.log.join("\n"),
      new RegExp(`^xtask: Port ${port} cannot be published: .*--publish`),
    );
  });

  test("a mistake of the page is told, and ends everything with 70", async (t) => {
    const { run } = await bridge(t, ["error"]);
    assert.equal(await run.exit, 70);
    assert.match(
      run.log.join("\n"),
      /The page could not run the server: TypeError: This is a mistake\./,
    );
  });

  for (const [what, pids] of /** @type {const} */ ([
    ["the browser", (/** @type {ReturnType<typeof processesOf>} */ { browser }) => [browser]],
    [
      "the page's process",
      (/** @type {ReturnType<typeof processesOf>} */ { renderers }) => renderers,
    ],
  ])) {
    test(`when ${what} dies, everything ends with 70 and a sentence`, async (t) => {
      const { run } = await bridge(t, ["serve"]);
      await run.published();
      const processes = processesOf(run);
      for (const pid of pids(processes)) process.kill(pid, "SIGKILL");
      assert.equal(await run.exit, 70);
      assert.match(run.log.at(-1) ?? "", /^xtask: The browser has ended or its page has crashed/);
      await processes.ended();
    });
  }
});
