// The entry of every Web Worker of ours: the first message says which role it plays.

import { runMachine } from "./worker/machine.js";
import { runProcess } from "./worker/process.js";

self.onmessage = ({ data }) => {
  self.onmessage = null;
  const role = data.role === "machine" ? runMachine(data) : runProcess(data);
  role.catch((/** @type {unknown} */ error) => {
    self.postMessage({ failed: String(error) });
  });
};
