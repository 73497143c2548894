/**
 * A minute of `deno task soak`: calls that come and go, with barge-ins and a few faults.
 *
 * @module
 */

import test from "node:test";
import { assertEquals, assertGreater } from "@std/assert";
import { soak, soakProblems } from "../bench/faults/soak.ts";
import { within } from "../runtime/within.ts";

const LIMIT_MS = 120_000;
/** A minute is too short for memory to settle: this finds what grows with each call. */
const MOST_GROWTH = 1.3;

test("calls that come and go leave nothing behind, and none that is healthy fails", async () => {
  const run = soak({ minutes: 1, calls: 24, callMs: 12_000, faults: 0.1, seed: "a minute" });
  const result = await within(LIMIT_MS, run, () => {
    throw new Error(`The soak took longer than ${LIMIT_MS} ms`);
  });
  assertEquals(soakProblems(result, MOST_GROWTH), []);
  assertGreater(result.calls.length, 60);
  assertGreater(result.calls.filter(({ faulty }) => faulty).length, 2);
});
