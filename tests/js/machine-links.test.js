import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Bell } from "../../www/link/bell.js";
import { Link } from "../../www/link/link.js";
import { MachineLinks } from "../../www/worker/machine-links.js";

/** @typedef {import("#wasgi_core").MachineWorker} MachineWorker */

beforeEach(() => {
  Object.assign(globalThis, { crossOriginIsolated: true });
});

/** A port on which nothing is posted. */
const PORT = { postMessage() {} };

/** The machine's links, the page's end, and what the machine was given. */
function machine() {
  const bells = [Bell.shared(), Bell.shared()];
  const [pages, line] = Link.lines(bells[0], bells[1]);
  const links = new MachineLinks(PORT, line, bells[1]);
  /** @type {unknown[]} */
  const given = [];
  links.serve(
    /** @type {MachineWorker} */ (
      /** @type {unknown} */ ({
        work() {},
        framesFromPage: (/** @type {Uint8Array} */ bytes) => given.push(["page", ...bytes]),
        fromPage: (/** @type {object} */ message) => given.push(["page", message]),
        framesFromProcess: (/** @type {number} */ pid, /** @type {Uint8Array} */ bytes) =>
          given.push([pid, ...bytes]),
        fromProcess: (/** @type {number} */ pid, /** @type {object} */ message) =>
          given.push([pid, message]),
      })
    ),
  );
  return { links, page: new Link(PORT, pages), given };
}

/** @param {MachineLinks} links @param {number} pid */
function process(links, pid) {
  return new Link(PORT, links.connect(pid, PORT).line);
}

test("the machine gets messages of page and processes in the order of their sending", () => {
  const { links, page, given } = machine();
  const [first, second] = [11, 12].map((pid) => process(links, pid));
  second.send(Uint8Array.of(1));
  page.send(Uint8Array.of(2));
  first.send(Uint8Array.of(3));
  second.sendJson({ exit: 0 });
  page.sendJson({ signal: { server: 1, name: null } });
  assert.equal(links.isCalled(), true);
  while (links.receiveNext());
  assert.deepEqual(given, [
    [12, 1],
    ["page", 2],
    [11, 3],
    [12, { exit: 0 }],
    ["page", { signal: { server: 1, name: null } }],
  ]);
  assert.equal(links.isReady(), false);
});

test("a process that is no more says nothing", () => {
  const { links, given } = machine();
  const ended = process(links, 11);
  ended.send(Uint8Array.of(1));
  links.disconnect(11);
  assert.equal(links.isReady(), false);
  assert.equal(links.receiveNext(), false);
  assert.deepEqual(given, []);
});

test("what is posted, because it is too large for a ring, is known to be on its way", () => {
  const { links } = machine();
  const large = process(links, 11);
  large.send(new Uint8Array(300_000));
  assert.deepEqual([links.isReady(), links.isPosted(), links.isCalled()], [false, true, true]);
});
