// A page with the JavaScript API in it, for tests of that API: no user interface, one Playground.

/**
 * @typedef {import("../../www/wasgi.js").Playground} Playground
 * @typedef {import("../../www/wasgi.js").Server} Server
 * @typedef {import("../../www/api/server.js").LogEntry} LogEntry
 */

/**
 * @typedef {{ wasgi: typeof import("../../www/wasgi.js"), playground: Playground }} World what a
 * test finds in the page
 */

/**
 * How a start went: the server, or the error.
 * @typedef {object} Started
 * @property {Playground} playground
 * @property {typeof import("../../www/wasgi.js")} wasgi
 * @property {Server} server
 * @property {LogEntry[]} log everything so far
 */

/**
 * @template T, A, R
 * @typedef {(inPage: T, argument: A) => R | Promise<R>} InPage
 */

/** A page at the site with a Playground. */
export class PlaygroundPage {
  /**
   * @param {import("playwright-core").Page} page
   * @param {import("playwright-core").JSHandle<World>} world
   */
  constructor(page, world) {
    this.page = page;
    this.world = world;
  }

  /**
   * Opens a page in the browser, which may be a context of it, and boots a machine there.
   * @param {{ newPage(): Promise<import("playwright-core").Page> }} browser
   * @param {string} site
   */
  static async open(browser, site) {
    const page = await browser.newPage();
    await blank(page, site);
    const world = await page.evaluateHandle(async () => {
      const wasgi = await import(new URL("wasgi.js", location.href).href);
      return { wasgi, playground: await wasgi.Playground.create() };
    });
    return new PlaygroundPage(page, world);
  }

  /** @param {Record<string, string | null>} files */
  async write(files) {
    await this.world.evaluate(({ playground }, all) => playground.writeFiles(all), files);
  }

  /**
   * Starts a server.
   * @param {string | string[]} command
   * @param {Record<string, string>} [env]
   */
  async start(command, env = {}) {
    const handle = await this.world.evaluateHandle(
      async ({ playground, wasgi }, [line, environment]) => {
        /** @type {LogEntry[]} */
        const log = [];
        const server = await playground.start(line, {
          onLog: (entry) => log.push(entry),
          env: environment,
        });
        return /** @type {Started} */ ({ playground, wasgi, server, log });
      },
      /** @type {const} */ ([command, env]),
    );
    return new RunningServer(handle);
  }

  /**
   * Starts a server that is expected to exit.
   * @param {string | string[]} command
   * @returns {Promise<{ name: string, message: string, code: number, log: string }>}
   */
  async fail(command) {
    return this.world.evaluate(async ({ playground, wasgi }, line) => {
      /** @type {string[]} */
      const seen = [];
      try {
        const server = await playground.start(line, { onLog: (entry) => seen.push(entry.line) });
        await server.stop();
      } catch (error) {
        if (!(error instanceof wasgi.ServerExit)) throw error;
        const { name, message, code, log } = error;
        if (seen.join("\n") !== log.join("\n"))
          throw new Error("onLog and the error tell different logs", { cause: error });
        return { name, message, code, log: log.join("\n") };
      }
      throw new Error(`It started:\n${seen.join("\n")}`);
    }, command);
  }

  /**
   * Runs a function in the page.
   * @template A, R
   * @param {InPage<World, A, R>} work
   * @param {A} [argument]
   * @returns {Promise<R>}
   */
  run(work, argument) {
    return /** @type {any} */ (this.world.evaluate(/** @type {any} */ (work), argument));
  }

  close() {
    return this.page.close();
  }
}

/** A server in the page. */
export class RunningServer {
  /** @param {import("playwright-core").JSHandle<Started>} handle */
  constructor(handle) {
    this.handle = handle;
  }

  /**
   * Runs a function in the page.
   * @template A, R
   * @param {InPage<Started, A, R>} work
   * @param {A} [argument]
   * @returns {Promise<R>}
   */
  run(work, argument) {
    return /** @type {any} */ (this.handle.evaluate(/** @type {any} */ (work), argument));
  }

  /**
   * A request, and the whole answer; its headers as they were on the wire.
   * @param {string} path
   * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [init]
   */
  fetch(path, init = {}) {
    return this.run(async ({ server }, [target, options]) => {
      const response = await server.fetch(target, options);
      return {
        status: response.status,
        statusText: response.statusText,
        text: await response.text(),
        .../** @type {{ wasgi: { request: number, headers: [string, string][] } }} */ (
          /** @type {unknown} */ (response)
        ).wasgi,
      };
    }, /** @type {const} */ ([path, init]));
  }

  /** The log so far, as text. */
  log() {
    return this.run(({ log }) => log.map(({ line }) => line).join("\n"));
  }

  /**
   * Waits for a line.
   * @param {RegExp} pattern
   * @returns {Promise<string>}
   */
  logged(pattern) {
    return this.run(({ server, log }, [source, flags]) => {
      const wanted = new RegExp(source, flags);
      return new Promise((resolve) => {
        /** @param {LogEntry} entry */
        const look = ({ line }) => {
          if (wanted.test(line)) resolve(line);
        };
        server.addEventListener("log", (event) =>
          look(/** @type {CustomEvent<LogEntry>} */ (event).detail),
        );
        log.forEach(look);
      });
    }, /** @type {const} */ ([pattern.source, pattern.flags]));
  }

  /**
   * Sends bytes on a connection of its own.
   * @param {string} bytes
   * @returns {Promise<string>} what comes back until the server closes
   */
  exchange(bytes) {
    return this.run(async ({ server }, text) => {
      const connection = await server.connect();
      await connection.write(new TextEncoder().encode(text));
      return new Response(connection.readable).text();
    }, bytes);
  }

  /** Stops it. */
  stop() {
    return this.run(({ server }) => server.stop());
  }
}

/**
 * Opens an empty page at the site, as isolated as its others.
 * @param {import("playwright-core").Page} page
 * @param {string} site
 */
export async function blank(page, site) {
  const url = new URL("blank.html", site).href;
  await page.route(url, (route) =>
    route.fulfill({
      contentType: "text/html",
      headers: {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      },
      body: "<!doctype html><title>Test</title>",
    }),
  );
  await page.goto(url);
}
