// The entry of the Web Workers that processes run in. It is no script of the machine's: a host can
// send it with a Content-Security-Policy of its own (SECURITY.md).

import { MachinePort } from "./worker/machine-port.js";
import { runProcess } from "./worker/process.js";

const port = new MachinePort();

port.receive((data) => {
  const role = /** @type {import("#wasgi_core").Role} */ (data);
  if (!("process" in role)) return;
  runProcess(role.process, port).catch((/** @type {unknown} */ error) => {
    port.postMessage({ failed: String(error) });
  });
});
