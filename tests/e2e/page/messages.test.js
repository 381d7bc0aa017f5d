// What goes on after the first byte, as a visitor sees it: WebSockets, events, requests that are
// held. Screenshots go to target/screenshots.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser, serveSite } from "../support.js";

const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));

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
  await page.getByTestId(name).filter({ hasText: text }).first().waitFor({ timeout: 20_000 });
}

/** @param {string} example @param {string} [command] */
async function run(example, command) {
  await page.getByTestId("example").selectOption(example);
  if (command) await page.getByTestId("command").fill(command);
  await page.getByTestId("run").click();
  await shows("state", /^Listening/);
}

/** Presses the suggestion of this place. @param {number} index */
async function suggested(index) {
  await page.getByTestId("suggestion").nth(index).click();
}

/** The statuses in the list, the newest first. */
const statuses = () => page.getByTestId("result").locator(".status").allTextContents();

/** @param {string} name */
const screenshot = (name) =>
  page.screenshot({ path: `${PROJECT}/target/screenshots/${name}-1280.png` });

// The code in the end is that of the server's close frame: autobahn does not echo the client's.
for (const [command, code] of /** @type {const} */ ([
  ["uvicorn app:app", 4001],
  ["daphne app:app", 1000],
])) {
  describe(`a WebSocket on ${command}`, { timeout: 90_000 }, () => {
    before(() => run("websocket", command));

    test("what one client says all hear", async () => {
      await suggested(0);
      await shows("socket-status", "Open");
      await shows("socket-messages", /3 in the room/);
      assert.deepEqual(await statuses(), ["open", "open", "open"]);
      await page.getByTestId("socket-text").fill("hello");
      await page.getByTestId("socket-send").click();
      for (const index of [2, 1, 0]) {
        await page.getByTestId("result").nth(index).click();
        await shows("socket-messages", /\d+: hello/);
      }
      await screenshot(`websocket-${command.split(" ")[0]}`);
    });

    test("one message can be sent on all that are open", async () => {
      await page.getByTestId("socket-text").fill("all");
      await page.getByTestId("socket-send-all").click();
      const said = page.getByTestId("socket-messages").locator(".live-text", { hasText: /: all$/ });
      await said.nth(2).waitFor();
    });

    test("it is closed with a code and a reason", async () => {
      await page.getByTestId("socket-code").fill("4001");
      await page.getByTestId("socket-reason").fill("enough");
      await page.getByTestId("socket-close").click();
      await shows("socket-status", "Closed");
      await shows("socket-note", `Closed with code ${code}`);
      assert.equal((await statuses()).filter((status) => status === "closed").length, 1);
    });

    test("a code that is reserved is refused in words", async () => {
      await page.getByTestId("result").nth(1).click();
      await page.getByTestId("socket-code").fill("1002");
      await page.getByTestId("socket-close").click();
      await shows("socket-problem", /1002 is reserved/);
      await page.getByTestId("cancel").click();
      await page.getByTestId("cancel").waitFor({ state: "hidden" });
    });

    test("bytes go as bytes, and come back as bytes", async () => {
      await suggested(1);
      await shows("socket-status", "Open");
      await page.getByTestId("socket-form").selectOption("binary");
      await page.getByTestId("socket-text").fill("68 69 f");
      await page.getByTestId("socket-send").click();
      await shows("socket-problem", /pairs of hexadecimal digits/);
      await page.getByTestId("socket-text").fill("68 69 ff");
      await page.getByTestId("socket-send").click();
      await page.locator(".live-row:not(.sent)", { hasText: "68 69 ff" }).waitFor();
      await page.getByTestId("socket-form").selectOption("text");
      await page.getByTestId("cancel").click();
      await page.getByTestId("cancel").waitFor({ state: "hidden" });
    });

    test("a handshake that is refused says with which status", async () => {
      await suggested(2);
      await shows("socket-note", /403/);
      assert.equal((await statuses())[0], "failed");
    });
  });
}

describe("server-sent events", { timeout: 90_000 }, () => {
  test("each is shown as it comes, and the source beside", async () => {
    await run("events");
    await suggested(0);
    await shows("events", /tick.*from process \d+/s);
    assert.doesNotMatch(await page.getByTestId("events").innerText(), /that was all/);
    await page.getByTestId("preview").click();
    await shows("response-body", /event: tick/);
    await page.getByTestId("preview").click();
    await shows("events", /that was all/);
    await shows("response-facts", "11 events");
    await screenshot("events");
  });

  test("on an event loop all who listen hear at once", async () => {
    await suggested(1);
    await page.waitForFunction(
      () => document.querySelectorAll("[data-testid=result] .status-2").length >= 4,
    );
    await page.getByTestId("cancel").click();
    await page.getByTestId("cancel").waitFor({ state: "hidden" });
  });

  test("on a sync worker one is answered, and the others wait", async () => {
    await run("events", "gunicorn wsgi:app");
    await suggested(1);
    await shows("events", /tick/);
    assert.deepEqual((await statuses()).slice(0, 3).sort(), ["200", "…", "…"]);
    await page.getByTestId("cancel").click();
  });
});

describe("long polling", { timeout: 90_000 }, () => {
  test("requests are held until somebody posts", async () => {
    await run("polling");
    await suggested(0);
    await shows("response-status", "Waiting…");
    assert.deepEqual(await statuses(), ["…", "…", "…"]);
    await suggested(1);
    await shows("response-body", "3 heard it");
    await page.getByTestId("cancel").waitFor({ state: "hidden" });
    assert.deepEqual(await statuses(), ["200", "200", "200", "200"]);
  });
});
