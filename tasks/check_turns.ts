/**
 * Explores the turn machine: every order of events up to a depth, long orders by chance, and from
 * each state what becomes of a caller who falls silent there.
 *
 * Run: `deno task check:turns`; `--seconds 120 --walks 20000`, `--record` to have each
 * violation as a recording for `call/recording.ts`
 *
 * @module
 */

import { parseArgs } from "node:util";
import { recordLine } from "../call/recording.ts";
import { emptyFound, exploreAll, type Found, walk } from "../tests/turns/explorer.ts";
import { recordPath, shrink, type Violation } from "../tests/turns/paths.ts";
import { FEW, manyFor, PLAIN, PROFILES, WALKED } from "../tests/turns/profiles.ts";
import { SITUATIONS } from "../tests/turns/situations.ts";
import { machine } from "../tests/turns/subject.ts";
import type { WorldSettings } from "../tests/turns/world.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "100" },
    depth: { type: "string", default: "14" },
    walks: { type: "string", default: "20000" },
    record: { type: "boolean", default: false },
    turns: { type: "string", default: "server,local" },
  },
});

/** In what the call differs from a plain one. */
function traits(settings: WorldSettings): string {
  const differ = Object.entries(settings).filter(([name, value]) =>
    value !== PLAIN[name as keyof WorldSettings]
  );
  const text = (value: unknown) => typeof value === "object" ? JSON.stringify(value) : value;
  return differ.map(([name, value]) => `${name}: ${text(value)}`).join(", ") || "plain";
}

function report(
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
    console.log(`\n  ${what} (${traits(settings)})`);
    path.forEach((move, i) => console.log(`    ${String(i + 1).padStart(3)}  ${move}`));
    if (recorded) console.log("", ...recorded({ what, path, settings }));
  }
}

if (import.meta.main) {
  let good = true;
  const kinds = values.turns.split(",");
  const eachMs = Number(values.seconds) * 1000 / kinds.length;
  const ofKind = (turns: string) => (settings: WorldSettings) => settings.turns === turns;
  for (const turns of kinds) {
    const found = emptyFound();
    const startMs = performance.now();
    const profiles = PROFILES.filter(ofKind(turns));
    for (const settings of profiles) {
      exploreAll(machine, settings, FEW, {
        depth: Number(values.depth),
        untilMs: performance.now() + eachMs * 0.5 / profiles.length,
        maxStates: 3_000_000,
      }, found);
    }
    const { depth } = found;
    const situations = SITUATIONS.map((s) => ({ ...s, settings: { ...PLAIN, ...s.settings } }))
      .filter(({ settings }) => ofKind(turns)(settings));
    for (const { settings, path } of situations) {
      exploreAll(machine, settings, { says: 1, faults: 1, tools: 1 }, {
        after: path.split("; "),
        depth: Number(values.depth),
        untilMs: performance.now() + eachMs * 0.2 / situations.length,
        maxStates: 3_000_000,
      }, found);
    }
    // The depth that counts is that from the beginning.
    found.depth = depth;
    const untilMs = startMs + eachMs;
    const walked = WALKED.filter(ofKind(turns));
    for (let seed = 1; seed <= Number(values.walks) && performance.now() < untilMs; seed++) {
      const settings = walked[seed % walked.length]!;
      walk(machine, settings, manyFor(settings), 120, seed, found);
    }
    const recorded = (violation: Violation) => [
      recordLine({ ...violation.settings, startedAtMs: 0 }),
      ...recordPath(machine, violation).map(recordLine),
    ];
    const seconds = (performance.now() - startMs) / 1000;
    report(
      turns,
      found,
      seconds,
      values.record ? recorded : undefined,
      (violation) => shrink(machine, violation),
    );
    good &&= found.violations.size === 0;
  }
  Deno.exit(good ? 0 : 1);
}
