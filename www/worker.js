// The entry of every Web Worker of ours: the first message says which role it plays.

import { runMachine } from "./worker/machine.js";
import { runProcess } from "./worker/process.js";
import { pyodideScripts } from "./worker/python.js";

self.onmessage = ({ data }) => {
  if (data.scripts) {
    // What fails here fails again where it matters.
    pyodideScripts(data.scripts).catch(() => {});
    return;
  }
  self.onmessage = null;
  const role = data.role === "machine" ? runMachine(data) : runProcess(data);
  role.catch((/** @type {unknown} */ error) => {
    self.postMessage({ failed: String(error) });
  });
};
