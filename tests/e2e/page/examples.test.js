// The page as a visitor uses it: choose an example, run it, send each request that it suggests,
// look at the answers and at the timeline, stop. Screenshots go to target/screenshots.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser, serveSite } from "../support.js";

const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * What each example answers to what it suggests, by path; 200 if no status stands before it.
 * @type {Record<string, Record<string, RegExp>>}
 */
const ANSWERS = {
  wsgi: {
    "/": /^Hello from process \d+, MainThread\n$/,
    "/sleep": /^process \d+, MainThread slept for half a second\n$/,
    "/cpu": /^process \d+, MainThread computed \d+\n$/,
    "/stream": /^part 0 from .+\n(part \d from .+\n){4}$/,
    "/upload": /read 21 bytes\n$/,
    "/environ": /^HTTP_X_GREETING = 'hello'$/m,
  },
  asgi: {
    "/": /^Hello from process \d+\n$/,
    "/sleep": /^slept for half a second\n$/,
    "/block": /^blocked the event loop/,
    "/gather": /^three sleeps/,
    "/stream": /^part 0\n(part \d\n){4}$/,
    "/upload": /^read 21 bytes\n$/,
  },
  flask: {
    "/": /<h1>Hello from Flask<\/h1>/,
    "/sleep": /"served_by":"process \d+, MainThread"/,
    "/cpu": /"result":\d+/,
    "/stream": /^data: part 0\n\n(data: part \d\n\n){4}$/,
    "/count": /"count":\d/,
    "/upload": /"bytes":21/,
  },
  django: {
    "/": /<h1>Hello from Django<\/h1>/,
    "/sleep": /"served_by": "process \d+, MainThread"/,
    "/async-sleep": /"served_by": "process \d+, .+"/,
    "/cpu": /"result": \d+/,
    "/stream": /^part 0\n(part \d\n){4}$/,
    "/greet/Ada": /"greeting": "Hello, Ada"/,
    "/upload": /"bytes": 21/,
    "/missing": /Page not found/,
  },
  starlette: {
    "/": /<h1>Hello from Starlette<\/h1>/,
    "/sleep": /"served_by":"process \d+, MainThread"/,
    "/block": /"served_by":"process \d+, MainThread"/,
    "/thread": /"served_by":"process \d+, AnyIO worker thread"/,
    "/cpu": /"result":\d+/,
    "/stream": /^data: part 0\n\n(data: part \d\n\n){4}$/,
    "/upload": /"bytes":21/,
  },
  fastapi: {
    "/": /^\{"hello":"FastAPI"\}$/,
    "/sleep": /"served_by":"process \d+, MainThread"/,
    "/block": /"served_by":"process \d+, MainThread"/,
    "/thread": /"served_by":"process \d+, AnyIO worker thread"/,
    "/cpu": /"result":\d+/,
    "/stream": /^data: part 0\n\n(data: part \d\n\n){4}$/,
    "/items/seven": /"int_parsing"/,
    "/orders": /"created":\{"name":"tea","count":2\}/,
    "/upload": /"bytes":21/,
  },
  quart: {
    "/": /<h1>Hello from Quart<\/h1>/,
    "/sleep": /"served_by":"process \d+, MainThread"/,
    "/block": /"served_by":"process \d+, MainThread"/,
    "/stream": /^data: part 0\n\n(data: part \d\n\n){4}$/,
    "/count": /"count":\d/,
    "/task": /"started":"tea"/,
    "/upload": /"bytes":21/,
  },
};
/** @type {Record<string, string>} */
const STATUS = {
  "/missing": "404 Not Found",
  "/items/seven": "422 Unprocessable Content",
  "/orders": "201 Created",
  "/task": "202 Accepted",
};

/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  site = await serveSite();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(site.url);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** @param {string} name @param {string | RegExp} text */
async function shows(name, text) {
  await page.getByTestId(name).filter({ hasText: text }).waitFor({ timeout: 20_000 });
}

for (const [name, answers] of Object.entries(ANSWERS)) {
  describe(`the example ${name}`, { timeout: 90_000 }, () => {
    /** @type {{ requests: { method: string, path: string, times?: number }[], command: string }} */
    let example;
    before(async () => {
      example = JSON.parse(await readFile(`${PROJECT}/www/examples/${name}/example.json`, "utf8"));
    });
    test("runs by its own command line", async () => {
      await page.getByTestId("example").selectOption(name);
      assert.equal(await page.getByTestId("command").inputValue(), example.command);
      await page.getByTestId("run").click();
      await shows("state", /^Listening/);
    });

    for (const [index, [path, body]] of Object.entries(answers).entries()) {
      test(`answers ${path}`, async () => {
        assert.equal(example.requests[index].path, path, "what is suggested is what is tested");
        const times = example.requests[index].times ?? 1;
        const expected = STATUS[path] ?? "200 OK";
        await page.getByTestId("suggestion").nth(index).click();
        assert.equal(await page.getByTestId("path").inputValue(), path);
        await shows("response-status", expected);
        await page.waitForFunction(
          ([source, flags]) =>
            new RegExp(source, flags).test(
              document.querySelector('[data-testid="response-body"]')?.textContent ?? "",
            ),
          [body.source, body.flags],
          { timeout: 20_000 },
        );
        await page.getByTestId("cancel").waitFor({ state: "hidden" });
        await shows("timeline-summary", new RegExp(`^${times} request`));
        const statuses = await page.getByTestId("result").locator(".status").allTextContents();
        for (const status of statuses.slice(0, times)) assert.equal(status, expected.slice(0, 3));
      });
    }

    test("draws its requests as bars in the timeline, with their phases", async () => {
      // The last spans of a request come after its last byte.
      await page.waitForFunction(() =>
        [...document.querySelectorAll("[data-testid=timeline] canvas")].some((element) => {
          const canvas = /** @type {HTMLCanvasElement} */ (element);
          const { data } = canvas
            .getContext("2d")
            ?.getImageData(0, 0, canvas.width, canvas.height) ?? {
            data: [],
          };
          for (let at = 0; at < data.length; at += 4) {
            const [red, green, blue] = data.slice(at, at + 3);
            // What is coloured at all: the axis, the rows and the waiting are grey.
            if (Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true;
          }
          return false;
        }),
      );
      await page.screenshot({ path: `${PROJECT}/target/screenshots/${name}-1280.png` });
    });

    test("fits a narrow screen without scrolling sideways", async () => {
      await page.setViewportSize({ width: 360, height: 780 });
      for (const tab of ["Log", "Timeline", "Requests", "Code"]) {
        await page.getByRole("group", { name: "Panes" }).getByRole("button", { name: tab }).click();
        const [content, width] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          innerWidth,
        ]);
        assert.ok(content <= width, `${tab}: ${content} px of content in ${width}`);
        await page.screenshot({
          path: `${PROJECT}/target/screenshots/${name}-360-${tab.toLowerCase()}.png`,
        });
      }
      await page.setViewportSize({ width: 1280, height: 900 });
    });

    test("stops", async () => {
      await page.getByTestId("stop").click();
      await shows("state", /^(Exited|Stopped)/);
    });
  });
}
