/**
 * Explores the turn machine: every order of events up to a depth, long orders by chance, and from
 * each state what becomes of a caller who falls silent there.
 *
 * Run: `deno task check:turns`; `--seconds 120 --walks 20000`
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { TurnMode } from "../brain/session.ts";
import { recordLine } from "../call/recording.ts";
import {
  emptyFound,
  exploreAll,
  type Found,
  recordPath,
  shrink,
  TURN_SETTINGS,
  type Violation,
  walk,
} from "../tests/turns/explorer.ts";
import { machine } from "../tests/turns/subject.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "100" },
    depth: { type: "string", default: "14" },
    walks: { type: "string", default: "20000" },
    turns: { type: "string", default: "server,local" },
  },
});

export function report(
  title: string,
  found: Found,
  seconds: number,
  recorded?: (violation: Violation) => string[],
  shorten = (violation: Violation) => violation,
): void {
  console.log(
    `${title}: ${found.states} states, every order to depth ${found.depth}, ` +
      `${found.walks} walks, ${seconds.toFixed(1)} s, ${found.violations.size} kinds of violation`,
  );
  for (const violation of found.violations.values()) {
    const { what, path, settings } = shorten(violation);
    console.log(`\n  ${what} (${settings.turns}${settings.greets ? ", greets" : ""})`);
    path.forEach((move, i) => console.log(`    ${String(i + 1).padStart(3)}  ${move}`));
    if (recorded) console.log("", ...recorded({ what, path, settings }));
  }
}

if (import.meta.main) {
  let good = true;
  const modes = values.turns.split(",") as TurnMode[];
  const eachMs = Number(values.seconds) * 1000 / modes.length;
  for (const turns of modes) {
    const found = emptyFound();
    const startMs = performance.now();
    for (const greets of [true, false]) {
      const settings = { ...TURN_SETTINGS, turns, greets };
      exploreAll(machine, settings, { says: 2, faults: 1 }, {
        depth: Number(values.depth),
        untilMs: performance.now() + eachMs * 0.35,
        maxStates: 3_000_000,
      }, found);
    }
    const untilMs = startMs + eachMs;
    for (let seed = 1; seed <= Number(values.walks) && performance.now() < untilMs; seed++) {
      const settings = { ...TURN_SETTINGS, turns, greets: seed % 2 === 0 };
      walk(machine, settings, { says: 8, faults: 4 }, 120, seed, found);
    }
    const recorded = (violation: Violation) => [
      recordLine({ ...violation.settings, startedAtMs: 0 }),
      ...recordPath(machine, violation).map(recordLine),
    ];
    report(
      turns,
      found,
      (performance.now() - startMs) / 1000,
      recorded,
      (violation) => shrink(machine, violation),
    );
    good &&= found.violations.size === 0;
  }
  Deno.exit(good ? 0 : 1);
}
