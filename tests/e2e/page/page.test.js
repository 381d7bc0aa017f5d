import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { FrontPage, state, type } from "./front-page.js";

/** @typedef {import("playwright-core").Page} Page */

const front = new FrontPage();

test("Ctrl+Enter runs wherever the focus is, nowhere too", async (t) => {
  const page = await front.visit(t);
  const runs = page.getByTestId("log").getByText("Starting gunicorn");
  await page.getByTestId("command").fill("gunicorn app:app");
  for (const [index, place] of [null, "command", "example", "path", "send"].entries()) {
    if (place) await page.getByTestId(place).focus();
    else await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
    await page.keyboard.press("ControlOrMeta+Enter");
    await runs.nth(index).waitFor();
    await state(page, /^Listening at/);
  }
  assert.equal(await page.getByTestId("result").count(), 0, "no request is sent");
});

test("a visitor runs an example, sends requests at once and sees who served them", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("example").selectOption("wsgi");
  await page.getByTestId("command").fill("gunicorn -w 2 app:app");
  await page.getByTestId("run").click();
  await state(page, /^Listening at http:\/\/127\.0\.0\.1:8000$/);
  await page.getByTestId("path").fill("/sleep");
  await page.getByTestId("times").fill("4");
  await page.getByTestId("send").click();
  await page
    .getByTestId("timeline-summary")
    .filter({ hasText: /^4 requests .* 2 processes: 2 \+ 2$/ })
    .waitFor();
  const statuses = page.getByTestId("result").locator(".status");
  await statuses.filter({ hasText: /^200$/ }).nth(3).waitFor();
  assert.equal(await statuses.count(), 4);
  await page.getByTestId("timeline-table").click();
  const rows = page.getByTestId("timeline").locator("tbody tr");
  await rows.nth(3).waitFor();
  assert.equal(await rows.count(), 4);
  await page.getByTestId("stop").click();
  await state(page, /^Exited with code 0$/);
});

test("a body arrives on the screen part by part", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
  await page.getByTestId("path").fill("/stream");
  await page.getByTestId("send").click();
  await page.getByTestId("response-body").filter({ hasText: "part 0" }).waitFor();
  assert.doesNotMatch((await page.getByTestId("response-body").textContent()) ?? "", /part 4/);
  await page.getByTestId("response-body").filter({ hasText: "part 4" }).waitFor();
});

test("what the application sends is text on the page, and a preview runs no script", async (t) => {
  const page = await front.visit(t);
  const html = "<img src=x onerror=window.broken=1><script>parent.broken=1</script><b>bold</b>";
  const head = `start_response("200 OK", [("Content-Type", "text/html")])`;
  await type(page, `def app(environ, start_response):\n    ${head}\n    return [b"${html}"]\n`);
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
  await page.getByTestId("path").fill("/");
  await page.getByTestId("send").click();
  await page.getByTestId("preview").click();
  await page.frameLocator("iframe").locator("b").waitFor();
  assert.equal(await page.getByTestId("response-body").textContent(), html);
  assert.equal(await page.evaluate(() => "broken" in window), false);
});

test("a preview asks no server for anything", async (t) => {
  /** @type {string[]} */
  const asked = [];
  const foreign = createServer((request, response) => {
    asked.push(String(request.url));
    response.setHeader("cross-origin-resource-policy", "cross-origin").end();
  });
  await new Promise((resolve) => foreign.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => foreign.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (foreign.address());
  const url = (/** @type {string} */ path) => `http://127.0.0.1:${port}/${path}`;
  const html = [
    `<base href='${url("")}'><meta http-equiv=refresh content='0;url=${url("refresh")}'>`,
    `<link rel=stylesheet href='${url("style")}'><link rel=prefetch href='${url("prefetch")}'>`,
    `<body background='${url("background")}'><img src='${url("image")}'><img src=relative>`,
    `<div style='background: url(${url("inline")})'>.</div><iframe src='${url("frame")}'></iframe>`,
    `<video src='${url("video")}' autoplay></video><object data='${url("object")}'></object>`,
    `<b>bold</b>`,
  ].join("");
  const page = await front.visit(t);
  const head = `start_response("200 OK", [("Content-Type", "text/html")])`;
  await type(page, `def app(environ, start_response):\n    ${head}\n    return [b"${html}"]\n`);
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
  await page.getByTestId("path").fill("/");
  await page.getByTestId("send").click();
  await page.getByTestId("preview").click();
  const body = page.frameLocator("iframe").locator("body");
  await body.locator("b").waitFor();
  // What was asked for before is there when this answers.
  await page.evaluate((path) => fetch(path, { mode: "no-cors" }), url("last"));
  assert.deepEqual(asked, ["/last"]);
});

test("a command that fails says so in the words and with the code of the real server", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("command").fill("gunicorn --nope app:app");
  await page.getByTestId("command").press("Enter");
  await state(page, /^Exited with code 2$/);
  await page.getByTestId("log").getByText("unrecognized arguments: --nope").waitFor();
});

test("an application that never finishes its import can be stopped, and the next one runs", async (t) => {
  const page = await front.visit(t);
  await type(page, "while True: pass\n");
  await page.getByTestId("run").click();
  await page.getByTestId("log").getByText("Booting worker").waitFor({ timeout: 120_000 });
  await page.getByTestId("stop").click();
  await state(page, /^Stopped/);
  await page.getByTestId("reset").click();
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
});

test("edits and files are there at the next visit, and Reset brings the example back", async (t) => {
  const page = await front.visit(t);
  await type(page, "edited = True\n");
  await page.getByTestId("add-file").click();
  await page.getByTestId("file-name").fill("pkg/util.py");
  await page.getByTestId("file-name").press("Enter");
  await page.reload();
  assert.deepEqual(await page.getByRole("tab").allTextContents(), ["app.py", "pkg/util.py"]);
  await page.locator(".cm-content").filter({ hasText: "edited = True" }).waitFor();
  await page.getByTestId("reset").click();
  await page.locator(".cm-content").filter({ hasText: "PEP 3333" }).waitFor();
  assert.deepEqual(await page.getByRole("tab").allTextContents(), ["app.py"]);
});

test("the timeline is reached and read by keyboard", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
  await page.getByTestId("send").click();
  await page.getByTestId("timeline-summary").filter({ hasText: "1 request" }).waitFor();
  await page.getByRole("application", { name: /^Timeline/ }).press("ArrowRight");
  await page.getByTestId("tip").filter({ hasText: "GET /" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("tip").waitFor({ state: "hidden" });
});

test("on a narrow screen every pane is a tab away, and nothing sticks out", async (t) => {
  const page = await front.visit(t, { viewport: { width: 360, height: 740 } });
  for (const pane of ["code", "requests", "timeline", "log"]) {
    await page.getByTestId(`pane-${pane}`).click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  }
  assert.equal(await page.getByTestId("log").isVisible(), true);
  assert.equal(await page.getByTestId("editor").isVisible(), false);
});

test("as many requests at once as can be asked for are shown in full", async (t) => {
  const page = await front.visit(t, { viewport: { width: 1280, height: 800 } });
  const field = page.getByTestId("times");
  await field.fill("1000");
  const [seen, whole] = await field.evaluate((/** @type {HTMLInputElement} */ input) => {
    const arrows = 16;
    const { paddingLeft, paddingRight, font } = getComputedStyle(input);
    const context = /** @type {CanvasRenderingContext2D} */ (
      document.createElement("canvas").getContext("2d")
    );
    context.font = font;
    const room = input.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return [room, context.measureText(input.value).width + arrows];
  });
  assert.ok(seen >= whole, `${whole} px of digits and arrows in ${seen} px`);
});

test("the longest sentences about the server are read in full on a common screen", async (t) => {
  const page = await front.visit(t, { viewport: { width: 1280, height: 800 } });
  await page.getByTestId("run").click();
  await state(page, /^Listening/);
  await type(page, "edited = True\n");
  await state(page, /with the code from before your changes$/);
  const box = await page
    .getByTestId("state")
    .evaluate(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => ({
      scrollWidth,
      clientWidth,
      scrollHeight,
      clientHeight,
    }));
  assert.ok(box.scrollWidth <= box.clientWidth, JSON.stringify(box));
  assert.ok(box.scrollHeight <= box.clientHeight, JSON.stringify(box));
});

test("the element's playground is the public one", async (t) => {
  const page = await front.visit(t);
  const element = page.locator("wasgi-playground");
  await state(page, /^Ready/);
  const text = await element.evaluate(async (host) => {
    const { playground } = /** @type {any} */ (host);
    await playground.writeFiles({
      "hi.py": "def app(e, s):\n    s('200 OK', [])\n    return [b'hi']\n",
    });
    const server = await playground.start("gunicorn hi:app");
    return (await server.fetch("/")).text();
  });
  assert.equal(text, "hi");
});
