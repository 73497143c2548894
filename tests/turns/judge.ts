/**
 * A short look at the machine: enough to tell a broken one, in seconds, and the same each time. Ends
 * with 1 and the first violation when there is one.
 *
 * Run: `deno run --no-check tests/turns/judge.ts`
 *
 * @module
 */

import { emptyFound, exploreAll, TURN_SETTINGS, walk } from "./explorer.ts";
import { machine } from "./subject.ts";

const found = emptyFound();

function ended(): void {
  const [violation] = found.violations.values();
  if (!violation) return;
  console.log(`${violation.what} (${violation.settings.turns}): ${violation.path.join(", ")}`);
  Deno.exit(1);
}

for (const turns of ["server", "local"] as const) {
  for (const greets of [true, false]) {
    const settings = { ...TURN_SETTINGS, turns, greets };
    const limits = { depth: 6, untilMs: Infinity, maxStates: 30_000, stopAtFirst: true };
    exploreAll(machine, settings, { says: 2, faults: 1 }, limits, found);
    ended();
  }
}
for (let seed = 1; seed <= 600; seed++) {
  const turns = seed % 2 === 0 ? "local" : "server";
  const settings = { ...TURN_SETTINGS, turns, greets: seed % 4 < 2 } as const;
  walk(machine, settings, { says: 8, faults: 4 }, 120, seed, found);
  ended();
}
console.log(`${found.states} states, nothing broken`);
