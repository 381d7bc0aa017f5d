import { chromium } from "./browsers.js";
import { inBrowser } from "./suite.js";

inBrowser("without cross-origin isolation", { isolated: false }, chromium);
