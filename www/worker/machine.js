// The machine role: its Rust is src/browser/devices/, its links are JavaScript.

import { initSync, MachineWorker } from "#wasgi_core";
import { Claims } from "./claims.js";
import { MachineLinks } from "./machine-links.js";

/** @param {import("#wasgi_core").MachineInit} init */
export async function runMachine({ core, base, line, bell }) {
  initSync({ module: core });
  // Who checks the tests' types takes this for a page.
  const port = /** @type {import("../link/link.js").Port} */ (/** @type {unknown} */ (self));
  const links = new MachineLinks(port, line, bell);
  const words = Claims.shared();
  const machine = new MachineWorker(core, base, links, words && new Claims(words));
  links.serve(machine);
  self.onmessage = ({ data }) => {
    links.page.accept(data);
    machine.work();
  };
  // From here on it sleeps, and can be woken.
  machine.work();
  /** @type {import("#wasgi_core").FromMachine} */
  const ready = { ready: {} };
  self.postMessage(ready);
}
