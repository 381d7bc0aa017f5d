// Playground.start and what ends a server: the JavaScript API against the built site.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PlaygroundPage } from "../playground.js";
import { ISOLATING, SiteHost } from "../site-host.js";
import { launchBrowser, serveSite } from "../support.js";

const WSGI = `
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ.get("GREETING", "Hello").encode()]
def create(greeting):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [greeting.encode()]
    return app
`;
const ASGI = `
import asyncio
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("the app shuts down", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/slow":
        print("slow begins", flush=True)
        await asyncio.sleep(0.2)
    if scope["path"] == "/never":
        print("never begins", flush=True)
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello"})
`;

/** The dedicated workers of a playground that has no process. */
const MACHINE = 1;

/**
 * Waits until a page has so many dedicated workers, also those that others have started.
 * @param {import("playwright-core").Page} page
 * @param {number} count
 */
async function workersOf(page, count) {
  for (let running = page.workers(); running.length !== count; running = page.workers()) {
    if (running.length < count) await page.waitForEvent("worker");
    else await Promise.race(running.map((worker) => worker.waitForEvent("close")));
  }
}

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {PlaygroundPage} */
let page;

before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  page = await PlaygroundPage.open(browser, site.url);
  await page.write({
    "hello.py": WSGI,
    "asgi.py": ASGI,
    "number.py": "app = 3\n",
    "broken.py": "def app(:\n    pass\n",
    "needy.py": "import os\nimport no_such_package\n",
    "raises.py": "def configure():\n    raise ValueError('no settings')\n\nconfigure()\n",
    "quits.py": "import sys\nsys.exit(5)\n",
  });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

describe("a command line", { timeout: 120_000 }, () => {
  // uvicorn ends itself by the signal that stopped it; with workers its supervisor does not.
  for (const [command, code] of /** @type {const} */ ([
    ["gunicorn -w 2 hello:app", 0],
    ["uvicorn asgi:app", 143],
    ["uvicorn asgi:app --workers 2", 0],
  ])) {
    test(`\`${command}\` accepts once start resolves, and stops with ${code}`, async () => {
      const server = await page.start(command);
      const { status, text } = await server.fetch("/");
      assert.deepEqual({ status, text }, { status: 200, text: "Hello" });
      assert.equal(await server.run((started) => started.server.address), "http://127.0.0.1:8000");
      assert.equal(await server.run((started) => started.server.code), null);
      assert.deepEqual(await server.stop(), { code });
      assert.equal(await server.run((started) => started.server.code), code);
    });
  }

  test("a string is read as a shell reads it", async () => {
    const server = await page.start(`GREETING='Good day' gunicorn hello:app`);
    assert.equal((await server.fetch("/")).text, "Good day");
    await server.stop();
  });

  test("words are taken as they are", async () => {
    const server = await page.start(["gunicorn", `hello:create("it's $HOME")`]);
    assert.equal((await server.fetch("/")).text, "it's $HOME");
    await server.stop();
  });

  test("the environment that start is given reaches the app", async () => {
    const server = await page.start("gunicorn hello:app", { GREETING: "Bonjour" });
    assert.equal((await server.fetch("/")).text, "Bonjour");
    await server.stop();
  });

  test("the log begins with the server's first line", async () => {
    const server = await page.start("gunicorn hello:app");
    const [first] = (await server.log()).split("\n");
    assert.match(
      first,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000\] \[\d+\] \[INFO\] Starting gunicorn 27\.0\.1$/,
    );
    await server.stop();
    assert.match(await server.log(), /Shutting down: Master$/);
  });

  test("each line comes with its stream and its time", async () => {
    const server = await page.start("gunicorn --access-logfile - hello:app");
    await server.fetch("/");
    await server.logged(/"GET \/ HTTP\/1\.1" 200/);
    const entries = await server.run(({ log }) => log);
    assert.equal(
      entries.find(({ line }) => line.includes('"GET / HTTP/1.1" 200'))?.stream,
      "stdout",
    );
    assert.equal(entries.find(({ line }) => line.includes("Booting worker"))?.stream, "stderr");
    const times = entries.map(({ time }) => time);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    await server.stop();
  });
});

describe("a server that cannot start exits as the real one does", { timeout: 120_000 }, () => {
  /** @type {[what: string, command: string, code: number, ...log: RegExp[]][]} */
  const cases = [
    ["an empty line", "", 2, /There is no command/],
    ["an open quote", "gunicorn 'hello:app", 2, /unexpected EOF while looking for matching/],
    ["an unknown command", "nosuch hello:app", 127, /^bash: nosuch: command not found$/],
    [
      "an unknown flag",
      "gunicorn --nosuch hello:app",
      2,
      /^usage: gunicorn/,
      /unrecognized arguments: --nosuch$/,
    ],
    ["an unknown flag", "uvicorn --nosuch asgi:app", 2, /^Usage: uvicorn/, /No such option/],
    [
      "a flag without its value",
      "gunicorn hello:app -w",
      2,
      /argument -w\/--workers: expected one argument$/,
    ],
    [
      "a flag without its value",
      "uvicorn asgi:app --port",
      2,
      /Option '--port' requires an argument\.$/,
    ],
    ["a value of the wrong type", "gunicorn -w two hello:app", 2, /invalid int value: 'two'$/],
    ["no app", "gunicorn", 1, /Error: No application module specified\.$/],
    ["what cannot be had here", "gunicorn --certfile x hello:app", 2, /there is no TLS here/],
    [
      "a missing module",
      "gunicorn missing:app",
      3,
      /^ModuleNotFoundError: No module named 'missing'$/m,
    ],
    ["a missing module", "uvicorn missing:app", 3, /Could not import module "missing"\.$/],
    [
      "a missing attribute",
      "gunicorn hello:missing",
      4,
      /^Failed to find attribute 'missing' in 'hello'\.$/m,
    ],
    [
      "a missing attribute",
      "uvicorn asgi:missing",
      3,
      /Attribute "missing" not found in module "asgi"\.$/,
    ],
    [
      "an app that is not callable",
      "gunicorn number:app",
      4,
      /^Application object must be callable\.$/m,
    ],
    [
      "a syntax error",
      "gunicorn broken:app",
      3,
      /broken\.py", line 1\n {4}def app\(:\n +\^\nSyntaxError/m,
    ],
    [
      "a syntax error",
      "uvicorn broken:app",
      1,
      /broken\.py", line 1\n {4}def app\(:\n +\^\nSyntaxError/m,
    ],
    [
      "an import error in the app",
      "gunicorn needy:app",
      3,
      /needy\.py", line 2, in <module>\n {4}import no_such_package\n/,
    ],
    [
      "an import error in the app",
      "uvicorn needy:app",
      1,
      /ModuleNotFoundError: No module named 'no_such_package'$/,
    ],
    [
      "an exception in the app's module",
      "gunicorn raises:app",
      3,
      /line 2, in configure\n {4}raise ValueError\('no settings'\)\nValueError: no settings$/m,
    ],
    ["an app that exits", "uvicorn quits:app", 5],
  ];
  for (const [what, command, code, ...log] of cases) {
    test(`${what}: \`${command}\` exits with ${code}`, async () => {
      const error = await page.fail(command);
      assert.equal(error.name, "ServerExit");
      assert.equal(error.code, code, error.log);
      assert.match(error.message, new RegExp(`exited with code ${code}`));
      for (const pattern of log) assert.match(error.log, pattern);
    });
  }

  test("asked for its version, it prints it and exits with 0", async () => {
    const { code, log } = await page.fail("gunicorn --version");
    assert.equal(code, 0);
    assert.match(log, /^gunicorn \(version 27\.0\.1\)/);
  });

  test("asked for its help, it prints it, with the defaults of its environment, and exits with 0", async () => {
    const { code, log } = await page.fail("WEB_CONCURRENCY=3 gunicorn --help");
    assert.equal(code, 0);
    assert.match(log, /^usage: gunicorn \[OPTIONS\] \[APP_MODULE\]\n\noptions:\n {2}-h, --help /);
    assert.match(log, /Worker processes\. \[3\]\n/);
    assert.match(log, /\[\/home\/wasgi\/project\]\n/);
    assert.match(
      (await page.fail("daphne -h")).log,
      /^usage: daphne \[-h\] .*\n {14}application\n/s,
    );
  });

  test("and the next start works", async () => {
    const server = await page.start("gunicorn hello:app");
    assert.equal((await server.fetch("/")).text, "Hello");
    await server.stop();
  });
});

describe("several servers", { timeout: 120_000 }, () => {
  test("two serve side by side on two ports", async () => {
    const [one, two] = await Promise.all([
      page.start("gunicorn hello:app"),
      page.start("uvicorn asgi:app --port 8001", { GREETING: "no" }),
    ]);
    const answers = await Promise.all([one.fetch("/"), two.fetch("/")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.match(Object.fromEntries(answers[0].headers).Server, /^gunicorn/);
    assert.equal(await two.run(({ server }) => server.address), "http://127.0.0.1:8001");
    await one.stop();
    assert.equal((await two.fetch("/")).status, 200, "the other serves on");
    await two.stop();
  });

  for (const [second, code, log] of /** @type {const} */ ([
    ["uvicorn asgi:app --port 8000", 3, /\[Errno 98\].*address already in use/],
    ["gunicorn hello:app", 1, /Can't connect to \('127\.0\.0\.1', 8000\)/],
  ])) {
    test(`\`${second}\` on a port in use exits with ${code}, and the first serves on`, async () => {
      const first = await page.start("gunicorn hello:app");
      const error = await page.fail(second);
      assert.equal(error.code, code, error.log);
      assert.match(error.log, log);
      assert.equal((await first.fetch("/")).text, "Hello");
      await first.stop();
    });
  }

  test("a port is free again once its server has stopped", async () => {
    for (const command of ["uvicorn asgi:app", "gunicorn hello:app", "uvicorn asgi:app"]) {
      const server = await page.start(command);
      assert.equal((await server.fetch("/")).text, "Hello", command);
      await server.stop();
    }
  });
});

describe("stopping", { timeout: 120_000 }, () => {
  test("a request in flight is finished, and the app shuts down", async () => {
    const server = await page.start("uvicorn asgi:app");
    const answer = server.fetch("/slow");
    await server.logged(/^slow begins$/);
    assert.deepEqual(await server.stop(), { code: 143 });
    assert.equal((await answer).text, "Hello");
    assert.match(await server.log(), /the app shuts down/);
  });

  test("a request to a server that has stopped is refused with a sentence", async () => {
    const server = await page.start("gunicorn hello:app");
    await server.stop();
    const error = await server.run(({ server: gone }) =>
      gone.fetch("/").catch(({ name, message }) => ({ name, message })),
    );
    assert.deepEqual(error, {
      name: "ConnectionRefused",
      message: "The server has exited with code 0: start it again.",
    });
    assert.deepEqual(await server.stop(), { code: 0 }, "stopping twice is no mistake");
  });

  test("SIGINT ends gunicorn, and the exit event tells the code", async () => {
    const server = await page.start("gunicorn hello:app");
    const code = await server.run(async ({ server: running }) => {
      const exited = new Promise((resolve) => running.addEventListener("exit", resolve));
      await running.signal("SIGINT");
      return (await exited).detail.code;
    });
    assert.equal(code, 0);
    assert.match(await server.log(), /Worker exiting/, "the worker left by itself");
  });

  test("SIGHUP replaces gunicorn's workers and keeps serving", async () => {
    const server = await page.start("gunicorn hello:app");
    await page.write({ "hello.py": WSGI.replace('"Hello"', '"Changed"') });
    await server.run(({ server: running }) => running.signal("HUP"));
    await server.logged(/Handling signal: hup/);
    await server.logged(/Worker exiting/);
    assert.equal((await server.fetch("/")).text, "Changed");
    await server.stop();
    await page.write({ "hello.py": WSGI });
  });
});

describe("a playground", { timeout: 120_000 }, () => {
  test("disposed, it ends its servers and says so", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    await other.write({ "asgi.py": ASGI, "hello.py": WSGI });
    const server = await other.start("uvicorn asgi:app");
    const answer = server.run(({ server: running }) =>
      running.fetch("/never").then(String, ({ name }) => name),
    );
    await server.logged(/^never begins$/);
    const result = await server.run(async ({ playground, server: running }) => {
      const exited = new Promise((resolve) => running.addEventListener("exit", resolve));
      await playground.dispose();
      await playground.dispose();
      const told = (/** @type {Promise<unknown>} */ promise) =>
        promise.then(String, ({ name, message }) => `${name}: ${message}`);
      return {
        code: (await exited).detail.code,
        start: await told(playground.start("gunicorn hello:app")),
        write: await told(playground.writeFiles({})),
      };
    });
    const gone = "PlaygroundError: This playground is disposed: create a new one.";
    assert.deepEqual(result, { code: 137, start: gone, write: gone });
    assert.equal(await answer, "ConnectionLost");
    await other.close();
  });

  test("preload resolves when as many workers are ready as were asked for", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    await other.write({ "hello.py": WSGI });
    await workersOf(other.page, MACHINE);
    await other.run(({ playground }) => playground.preload({ workers: 3 }));
    assert.equal(other.page.workers().length, MACHINE + 3);
    await other.run(({ playground }) => playground.preload({ workers: 3 }));
    assert.equal(other.page.workers().length, MACHINE + 3, "they are there already");
    await other.start("gunicorn -w 3 hello:app");
    assert.equal(other.page.workers().length, MACHINE + 3, "its processes were spares");
    await other.close();
  });

  test("preload says that Python cannot be fetched, to who waits for it and nobody else; a later start fetches again", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    await other.write({ "hello.py": WSGI });
    /** @type {string[]} */
    const unhandled = [];
    other.page.on("pageerror", ({ message }) => unhandled.push(message));
    await other.page.context().route("**/python/site.pack", (route) => route.abort());
    const message = await other.run(({ playground }) => {
      void playground.preload();
      return playground.preload().then(String, (error) => `${error.name}: ${error.message}`);
    });
    assert.equal(
      message,
      "PlaygroundError: Python could not be prepared: site.pack could not be fetched: is the network there?",
    );
    await other.page.context().unroute("**/python/site.pack");
    await other.start("gunicorn hello:app");
    assert.deepEqual(unhandled, []);
    await other.close();
  });

  for (const command of ["gunicorn hello:app", "uwsgi --http-socket :8000 --master -w hello"])
    test(`${command}: why no interpreter comes up, after three tries`, async (context) => {
      const host = await SiteHost.open(site.url, ISOLATING);
      context.after(() => host.close());
      host.replaced.set("/process.js", "throw new Error('it is broken')");
      const other = await PlaygroundPage.open(browser, host.url);
      await other.write({ "hello.py": WSGI });
      const failure = await other.fail(command);
      assert.equal(failure.code, 3, failure.log);
      assert.match(failure.log, /^Uncaught Error: it is broken \(it was tried 3 times\)$/m);
      host.replaced.clear();
      await other.start(command);
      await other.close();
    });

  test("preload of a playground that is disposed meanwhile is rejected", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    const message = await other.run(({ playground }) => {
      const prepared = playground.preload({ workers: 2 });
      void playground.dispose();
      return prepared.then(String, (error) => `${error.name}: ${error.message}`);
    });
    assert.equal(
      message,
      "PlaygroundError: The playground was disposed before Python was prepared.",
    );
    await other.close();
  });

  test("keeps the spares of a server that has stopped, and no process; disposed, it keeps none", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    await other.write({ "hello.py": WSGI });
    await workersOf(other.page, MACHINE);
    await other.run(({ playground }) => playground.preload({ workers: 4 }));
    await workersOf(other.page, MACHINE + 4);
    const server = await other.start("gunicorn -w 2 hello:app");
    assert.equal(other.page.workers().length, MACHINE + 4, "its processes were spares");
    await server.stop();
    await workersOf(other.page, MACHINE + 2);
    await other.run(({ playground }) => playground.dispose());
    await workersOf(other.page, 0);
    await other.close();
  });

  test("tells where its assets are not", async () => {
    const message = await page.run(({ wasgi }) =>
      wasgi.Playground.create({ assets: "./nowhere/" }).then(String, (error) => error.message),
    );
    assert.match(
      message,
      /nowhere\/wasgi_core_bg\.wasm could not be loaded .*: does assets point to dist\/\?$/,
    );
  });

  for (const name of ["/etc/passwd", "../app.py", "a//b", ""]) {
    test(`refuses to write ${JSON.stringify(name)}, which is not below the working directory`, async () => {
      await assert.rejects(page.write({ [name]: "x" }), /is no path below the working directory/);
    });
  }

  test("tells how far it is with loading Python", async () => {
    const other = await PlaygroundPage.open(browser, site.url);
    const last = await other.run(
      ({ playground }) =>
        new Promise((resolve) => {
          playground.addEventListener("progress", (event) => {
            const { detail } = /** @type {CustomEvent} */ (event);
            if (detail.loaded === detail.total && detail.total > 10_000_000) resolve(detail);
          });
          playground.preload();
        }),
    );
    assert.equal(last.step, "Loading Python");
    await other.close();
  });
});
