/**
 * A caller's line that fails: fault × moment, each cell a call to the binary.
 *
 * @module
 */

import { before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { within } from "../../runtime/within.ts";
import { LEG_FAULTS, LEG_MOMENTS, type LegCell, legProblems, runLegMatrix } from "./leg_cells.ts";

const LIMIT_MS = 180_000;

describe("a caller's line that fails: fault by moment", () => {
  let cells: LegCell[] = [];
  before(async () => {
    cells = await within(LIMIT_MS, runLegMatrix("binary"), () => {
      throw new Error(`The matrix took longer than ${LIMIT_MS} ms`);
    });
  });

  for (const fault of LEG_FAULTS) {
    for (const moment of LEG_MOMENTS) {
      it(`${fault.name}, while ${moment}`, () => {
        const cell = cells.find((one) => one.fault === fault && one.moment === moment);
        assert(cell, "the call was not made");
        if (cell.outcome instanceof Error) throw cell.outcome;
        assertEquals(legProblems(cell.outcome), []);
      });
    }
  }
});
