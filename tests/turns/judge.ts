/**
 * A short look at the machine: enough to tell a broken one, in seconds, and the same each time. Ends
 * with 1 and the first violation when there is one.
 *
 * Run: `deno run --no-check tests/turns/judge.ts`
 *
 * @module
 */

import { emptyFound, exploreAll, walk } from "./explorer.ts";
import { KNOWN_PATHS } from "./known_paths.ts";
import { LOST_PATHS } from "./lost_paths.ts";
import { retrace } from "./paths.ts";
import { FEW, manyFor, PLAIN, PROFILES, WALKED } from "./profiles.ts";
import { LAST_WORDS } from "./last_words.ts";
import { ODDITIES } from "./oddities.ts";
import { PROMISES } from "./promises.ts";
import { SESSIONS } from "./sessions.ts";
import { SITUATIONS } from "./situations.ts";
import { machine } from "./subject.ts";

for (const [promise, isKept] of [...PROMISES, ...ODDITIES, ...LAST_WORDS, ...SESSIONS]) {
  if (isKept()) continue;
  console.log(`not kept: ${promise}`);
  Deno.exit(1);
}

for (const { was, settings, path } of [...KNOWN_PATHS, ...LOST_PATHS]) {
  const world = retrace(machine, { ...PLAIN, ...settings }, path.split("; "));
  if (world?.broken.length === 0) continue;
  console.log(`again: ${was}`);
  Deno.exit(1);
}

const found = emptyFound();

function ended(): void {
  const [violation] = found.violations.values();
  if (!violation) return;
  console.log(`${violation.what} (${violation.settings.turns}): ${violation.path.join(", ")}`);
  Deno.exit(1);
}

for (const { settings, path } of SITUATIONS) {
  const after = path.split("; ");
  const limits = { depth: 3, untilMs: Infinity, maxStates: 4000, stopAtFirst: true, after };
  const budget = { says: 1, faults: 1, tools: 1 };
  exploreAll(machine, { ...PLAIN, ...settings }, budget, limits, found);
  ended();
}
for (const settings of PROFILES) {
  const limits = { depth: 6, untilMs: Infinity, maxStates: 20_000, stopAtFirst: true };
  exploreAll(machine, settings, FEW, limits, found);
  ended();
}
for (let seed = 1; seed <= 2500; seed++) {
  const settings = WALKED[seed % WALKED.length]!;
  walk(machine, settings, manyFor(settings), 120, seed, found);
  ended();
}
console.log(`${found.states} states, nothing broken`);
