/**
 * Fault × moment, each cell a call to the binary. `docs/reliability.md` shows the same table; `deno
 * task reliability --write` makes it.
 *
 * @module
 */

import { before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { sharedTicker } from "../../cli/phone/ticker.ts";
import { within } from "../../runtime/within.ts";
import { LINK_ROWS, MOMENTS, problemsOf, UPGRADE_ROWS } from "./cells.ts";
import { type Cell, runMatrix } from "./matrix.ts";

const LIMIT_MS = 180_000;
/** `docs/reliability.md` has the figures: here a shared machine may be slow, and only a wrong way is one. */
const SLACK_MS = 500;

describe("a brain that fails: fault by moment", () => {
  let cells: Cell[] = [], lateMs = 0;
  before(async () => {
    cells = await within(LIMIT_MS, runMatrix("binary"), () => {
      throw new Error(`The matrix took longer than ${LIMIT_MS} ms`);
    });
    lateMs = sharedTicker.lateness().p99Ms;
  });

  for (const fault of [...LINK_ROWS, ...UPGRADE_ROWS]) {
    for (const moment of MOMENTS) {
      it(`${fault.name}, while ${moment}`, () => {
        const cell = cells.find((one) => one.fault === fault && one.moment === moment);
        assert(cell, "the call was not made");
        if (cell.outcome instanceof Error) throw cell.outcome;
        assertEquals(problemsOf(cell.outcome, lateMs + SLACK_MS), []);
      });
    }
  }
});
