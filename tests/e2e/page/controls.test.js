// What visitors set and press on the front page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FrontPage, run, state, type } from "./front-page.js";

const front = new FrontPage();

test("the field for how many at once shows four digits beside a browser's arrows", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("times").fill("1000");
  const [room, needed] = await page.getByTestId("times").evaluate((element) => {
    const input = /** @type {HTMLInputElement} */ (element);
    const style = getComputedStyle(input);
    const context = document.createElement("canvas").getContext("2d");
    if (!context) throw new Error("no canvas");
    context.font = style.font;
    const arrows = 18;
    const padding = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight);
    return [input.clientWidth - padding - arrows, context.measureText(input.value).width];
  });
  assert.ok(needed <= room, `${needed} px of text in ${room}`);
});

for (const width of [360, 700, 1280, 2560]) {
  test(`the state line is whole at ${width} px`, async (t) => {
    const page = await front.visit(t, { viewport: { width, height: 900 } });
    await run(page, "gunicorn app:app");
    await state(page, /^Listening/);
    await type(page, "app = None");
    await state(page, /with the code from before your changes$/);
    const line = page.getByTestId("state");
    const [content, box] = await line.evaluate((element) => {
      const { scrollWidth, scrollHeight, clientWidth, clientHeight } = element;
      return [
        [scrollWidth, scrollHeight],
        [clientWidth, clientHeight],
      ];
    });
    assert.ok(content[0] <= box[0] && content[1] <= box[1] + 1, `${content} in ${box}`);
  });
}

test("what the code on the screen no longer mentions is not suggested", async (t) => {
  const page = await front.visit(t);
  await page.getByTestId("example").selectOption("wsgi");
  const chips = page.getByTestId("suggestion");
  await chips.filter({ hasText: "/sleep" }).waitFor();
  await type(page, "def app(environ, start_response): ...");
  await chips.filter({ hasText: "/sleep" }).waitFor({ state: "detached" });
  assert.deepEqual(await chips.allTextContents(), ["/"]);
  await page.getByTestId("reset").click();
  await chips.filter({ hasText: "/sleep" }).waitFor();
});

const STUCK = `
def app(environ, start_response):
    start_response("200 OK", [])
    while True:
        pass
`;

test("a restart that waits for a stuck handler says so, and Kill goes on with it", async (t) => {
  const page = await front.visit(t);
  await type(page, STUCK);
  await run(page, "gunicorn app:app");
  await state(page, /^Listening/);
  await page.getByTestId("send").click();
  await page.getByTestId("timeline-summary").filter({ hasText: "1 running" }).waitFor();
  await page.getByTestId("run").click();
  await state(page, /^Restarting: .* Kill ends it at once\.$/);
  assert.equal(await page.getByTestId("stop").textContent(), "Kill");
  await page.getByTestId("stop").click();
  await state(page, /^Listening/);
  assert.equal(await page.getByTestId("log").getByText("Starting gunicorn").count(), 2);
});

test("the drawing with threads is as wide as its place from its first frame", async (t) => {
  const page = await front.visit(t);
  await run(page, "gunicorn --threads 40 app:app");
  await state(page, /^Listening/);
  await page.getByTestId("path").fill("/sleep");
  await page.getByTestId("times").fill("40");
  await page.getByTestId("send").click();
  await page
    .getByTestId("timeline-summary")
    .filter({ hasText: /^40 requests · [\d.]+ (s|ms)$/ })
    .waitFor();
  const widths = await page.getByTestId("timeline-threads").evaluate(async (button) => {
    /** @type {HTMLElement} */ (button).click();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const [canvas, plot] = ["canvas.timeline-bars", ".timeline-plot"].map((selector) =>
      document.querySelector(selector)?.getBoundingClientRect(),
    );
    return [canvas?.width, plot?.width];
  });
  const [drawn, place] = widths.map(Number);
  assert.ok(Math.abs(drawn - place) < 1, `${drawn} px in ${place}`);
});

test("a module that is not there is answered with what is", async (t) => {
  const page = await front.visit(t);
  await type(page, "import numpy\n");
  await run(page, "gunicorn app:app");
  await state(page, /^Exited/);
  await page.getByTestId("log").getByText('There is no module "numpy" here.').waitFor();
  assert.equal(await page.getByTestId("log").getByText("There is no module").count(), 1);
});

test("more workers than there is room for are refused in words", async (t) => {
  const page = await front.visit(t);
  await run(page, "gunicorn -w 1000 app:app");
  await state(page, /^Exited with code 1$/);
  await page
    .getByTestId("log")
    .getByText(/there is room for \d+: ask for fewer/)
    .waitFor();
});

test("what scrolls can be reached by keyboard", async (t) => {
  const page = await front.visit(t);
  const unreachable = await page.evaluate(() =>
    [...document.querySelectorAll("wasgi-playground *")]
      .filter((element) => {
        const { overflowY, overflowX, display } = getComputedStyle(element);
        const scrolls = [overflowX, overflowY].some((value) => /auto|scroll/.test(value));
        return scrolls && display !== "none";
      })
      .filter((element) => {
        const reached = "a[href], button, input, select, textarea, summary, [tabindex]";
        const all = [element, ...element.querySelectorAll(reached)];
        return !all.some((each) => /** @type {HTMLElement} */ (each).tabIndex >= 0);
      })
      .map((element) => element.className),
  );
  assert.deepEqual(unreachable, []);
});
