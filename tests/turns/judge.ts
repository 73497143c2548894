/**
 * A short look at the machine: enough to tell a broken one, in seconds, and the same each time. Ends
 * with 1 and the first violation when there is one.
 *
 * Run: `deno run --no-check tests/turns/judge.ts`
 *
 * @module
 */

import { emptyFound, exploreAll, walk } from "./explorer.ts";
import { PROFILES, WALKED } from "./profiles.ts";
import { machine } from "./subject.ts";

const found = emptyFound();

function ended(): void {
  const [violation] = found.violations.values();
  if (!violation) return;
  console.log(`${violation.what} (${violation.settings.turns}): ${violation.path.join(", ")}`);
  Deno.exit(1);
}

for (const settings of PROFILES) {
  const limits = { depth: 6, untilMs: Infinity, maxStates: 20_000, stopAtFirst: true };
  exploreAll(machine, settings, { says: 2, faults: 1, tools: 1 }, limits, found);
  ended();
}
for (let seed = 1; seed <= 2500; seed++) {
  const settings = WALKED[seed % WALKED.length]!;
  walk(machine, settings, { says: 8, faults: 5, tools: 2 }, 120, seed, found);
  ended();
}
console.log(`${found.states} states, nothing broken`);
