import { findFirefox, firefox, MISSING } from "./browsers.js";
import { inBrowser } from "./suite.js";

const path = await findFirefox();
inBrowser("in Firefox", {}, firefox(path), { skip: path ? false : MISSING });
