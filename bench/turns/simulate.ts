/**
 * Ordinary life in simulated time: callers with their habits in whole calls through the real `Call`,
 * as fast as the machine can, and what became of each thing that they said.
 *
 * Run: `node_modules/bun/bin/bun.exe bench/turns/simulate.ts --conversations 1000 --turns server`.
 * `--from` and `--conversations` choose the seeds, so that several processes can share the work;
 * `--seed "server calm 17"` runs one conversation alone, `--only "mm-hm"` one behaviour.
 *
 * @module
 */

import type { TurnMode } from "../../brain/session.ts";
import { at, BRAINS, report, rounds, score, values } from "./life/options.ts";
import { simulate } from "./life/simulated.ts";
import { Tally } from "./life/table.ts";

for (const { turns, mood, from, count } of rounds()) {
  const tally = new Tally();
  const startedMs = performance.now();
  for (let n = from; n < from + count; n++) {
    const settings = { turns: turns as TurnMode, brain: BRAINS[mood]!, only: values.only ?? null };
    score(simulate(at(n, turns, mood), settings), mood, tally);
  }
  const ms = performance.now() - startedMs;
  report(
    `${count} conversations in simulated time, ${turns} turns, ${mood} brain: ` +
      `${(ms / 1000).toFixed(1)} s, ${(ms / count).toFixed(1)} ms each`,
    tally,
  );
}
