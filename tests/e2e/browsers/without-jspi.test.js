import { chromium } from "./browsers.js";
import { examplesWork, inBrowser } from "./suite.js";

inBrowser("without JSPI", { jspi: false }, chromium);
// A sleep spins where memory cannot be shared.
inBrowser("without JSPI and cross-origin isolation", { isolated: false, jspi: false }, chromium, {
  test: (remote) => examplesWork(remote, ["wsgi", "asgi"]),
});
