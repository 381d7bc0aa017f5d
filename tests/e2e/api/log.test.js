// A server's log, however much an app prints.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { openPage } from "./page.js";

const APP = `
LONG = "x" * 32_000_000

def app(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/lines":
        for number in range(100_000):
            print("line", number)
    elif environ["PATH_INFO"] == "/long":
        print(LONG)
    print("END", flush=True)
    return [b"printed"]
`;

const page = await openPage({ "app.py": APP });

describe("a log", { timeout: 120_000 }, async () => {
  const server = await page.start("gunicorn app:app");
  after(() => server.run(({ server }) => server.stop()));

  /**
   * The lines that come with a request, up to END, and how often the page had its turn meanwhile.
   * @param {string} path
   */
  const printedAt = (path) =>
    server.run(async ({ server }, path) => {
      /** @type {string[]} */
      const lines = [];
      let turns = 0;
      const turn = () => {
        turns += 1;
        if (lines.at(-1) !== "END") setTimeout(turn);
      };
      const ended = new Promise((resolve) => {
        server.addEventListener("log", (event) => {
          const { line } = /** @type {CustomEvent<{ line: string }>} */ (event).detail;
          lines.push(line);
          if (line === "END") resolve(undefined);
        });
      });
      turn();
      await server.fetch(path);
      await ended;
      return { lines, turns };
    }, path);

  test("100,000 lines come in order, and the page has its turns between them", async () => {
    const { lines, turns } = await printedAt("/lines");
    assert.equal(lines.length, 100_001);
    assert.ok(lines.slice(0, -1).every((line, number) => line === `line ${number}`));
    assert.ok(turns > 10, `${turns} turns`);
  });

  test("of a line of 32 MB the beginning comes, and how much more there was", async () => {
    const { lines } = await printedAt("/long");
    const [line, end] = lines;
    assert.equal(end, "END");
    assert.equal(line, `${"x".repeat(65_536)} … (${32_000_000 - 65_536} bytes more)`);
  });
});
