import assert from "node:assert/strict";
import { test } from "node:test";

import { FromPage } from "../../www/api/kinds.js";
import { Taken } from "../../www/api/taken.js";
import { readNumber } from "../../www/wire/frames.js";

/** What the machine is told. */
function taking() {
  /** @type {number[]} */
  const told = [];
  const outgoing = /** @type {import("../../www/wire/frames.js").Outgoing} */ (
    /** @type {unknown} */ ({
      /** @param {number} kind @param {number} id @param {Uint8Array} body */
      push(kind, id, body) {
        assert.deepEqual([kind, id], [FromPage.Credit, 0]);
        told.push(readNumber(body));
      },
    })
  );
  return { taken: new Taken(outgoing), told };
}

test("many lines are told of together, and all are", () => {
  const { taken, told } = taking();
  for (let line = 0; line < 1000; line++) taken.add(10);
  assert.deepEqual(told, [256, 256, 256]);
});

test("long ones are told of at once", () => {
  const { taken, told } = taking();
  taken.add(1 << 20);
  taken.add(10);
  assert.deepEqual(told, [1]);
});
