// The entry of every Web Worker of ours: the first message says which role it plays.

import { runMachine } from "./worker/machine.js";
import { runProcess } from "./worker/process.js";
import { pyodideScripts } from "./worker/python.js";

self.onmessage = ({ data }) => {
  /** @type {import("#wasgi_core").Role} */
  const role = data;
  if ("scripts" in role) {
    // What fails here fails again where it matters.
    pyodideScripts(role.scripts).catch(() => {});
    return;
  }
  self.onmessage = null;
  const running = "machine" in role ? runMachine(role.machine) : runProcess(role.process);
  running.catch((/** @type {unknown} */ error) => {
    self.postMessage({ failed: String(error) });
  });
};
