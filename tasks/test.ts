/**
 * Everything: the quick gate, the same unit tests on Bun, and whole calls on Deno, Bun and the
 * compiled binary.
 *
 * @module
 */

import { BUN } from "./build.ts";
import { QUICK, ROOMS } from "./ok.ts";
import { close, newTally, run, type Step } from "./steps.ts";

const deno = Deno.execPath();
const test = (name: string, files: string[], group?: string): Step => ({
  name,
  command: [deno, "test", "-A", "--no-check", ...files],
  group,
});

/** What stands in `tests/` itself; its folders have steps of their own. */
function wholeTests(): string[] {
  return [...Deno.readDirSync("tests")]
    .filter(({ name }) => name.endsWith("_test.ts") && name !== "soak_test.ts")
    .map((entry) => `tests/${entry.name}`)
    .sort();
}

const STEPS: Step[] = [
  ...QUICK,
  {
    name: "unit tests on Bun",
    command: [BUN, "test", "--timeout", "30000", ...ROOMS.map((room) => `./${room}`)],
  },
  { name: "build the binary", command: [deno, "run", "-A", "tasks/build.ts"] },
  test("whole calls: the binary", ["tests/calls/binary_test.ts"], "calls"),
  test("whole calls: Deno from source", ["tests/calls/deno_test.ts"], "calls"),
  test("whole calls: Bun from source", ["tests/calls/bun_test.ts"], "calls"),
  test("attacks", ["tests/attacks"]),
  test("fuzz", ["tests/fuzz"]),
  test("a minute of calls that come and go", ["tests/soak_test.ts"], "calls"),
  test("faults by moment: the binary", ["tests/faults"]),
  test("clients, page, settings, deployment", wholeTests()),
];

const tally = newTally();
close(await run(STEPS, tally), tally);
