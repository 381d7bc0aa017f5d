// Usage: node picture.js [FILE]
//
// Takes the README's picture of the built site: four requests at once to two workers, where each
// waited. FILE is docs/picture.png by default, which is committed, so that a fresh clone shows it.
// WASGI_SITE is the address of a site that is served already.

import process from "node:process";

import { launchBrowser, serveSite } from "../../tests/e2e/support.js";

const file = process.argv[2] ?? "docs/picture.png";
const REQUESTS = 4;

const site = await serveSite();
const browser = await launchBrowser();
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
  });
  await page.goto(site.url);
  await page.getByTestId("example").selectOption("flask");
  await page.getByTestId("run").click();
  await page.getByTestId("state").getByText("Listening").waitFor({ timeout: 120_000 });
  await page.getByTestId("path").fill("/sleep");
  await page.getByTestId("times").fill(String(REQUESTS));
  await page.getByTestId("send").click();
  const answered = page.getByTestId("result").getByText("200", { exact: true });
  await answered.nth(REQUESTS - 1).waitFor();
  // The last spans come just after the last byte: they tell who served every request.
  await page
    .getByTestId("result")
    .getByText(/^pid/)
    .nth(REQUESTS - 1)
    .waitFor();
  await page.screenshot({ path: file });
} finally {
  await browser.close();
  await site.close();
}
