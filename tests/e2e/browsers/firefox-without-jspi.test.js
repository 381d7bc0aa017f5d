import { findFirefox, firefox, MISSING } from "./browsers.js";
import { inBrowser } from "./suite.js";

const path = await findFirefox();
const open = firefox(path, { "javascript.options.wasm_js_promise_integration": false });
inBrowser("in Firefox without JSPI", { jspi: false }, open, { skip: path ? false : MISSING });
