// The entry of the machine's Web Worker; processes have one of their own (process.js).

import { runMachine } from "./worker/machine.js";

self.onmessage = ({ data }) => {
  /** @type {import("#wasgi_core").Role} */
  const role = data;
  if (!("machine" in role)) return;
  self.onmessage = null;
  runMachine(role.machine).catch((/** @type {unknown} */ error) => {
    self.postMessage({ failed: String(error) });
  });
};
