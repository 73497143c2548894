/**
 * Ordinary life in simulated time: callers with their habits in whole calls through the real `Call`,
 * as fast as the machine can, and what became of each thing that they said.
 *
 * Run: `node_modules/bun/bin/bun.exe bench/turns/simulate.ts --count 1000 --turns server,local`.
 * `--from` and `--count` choose the seeds, so that several processes can share the work;
 * `--seed "server calm 17"` runs one conversation alone; `--only "mm-hm"` one behaviour.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { TurnMode } from "../../brain/session.ts";
import { CALM, MOODY } from "./brain_settings.ts";
import { CallScore } from "./life/score.ts";
import { simulate } from "./life/simulated.ts";
import { printTally, Tally } from "./life/table.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "0" },
    count: { type: "string", default: "200" },
    turns: { type: "string", default: "server,semantic,local" },
    mood: { type: "string", default: "calm,moody" },
    only: { type: "string" },
    seed: { type: "string" },
    list: { type: "string", default: "12" },
    json: { type: "boolean", default: false },
  },
});

/** Who waits longer has to be told why. */
const LATE_MS: Record<string, number> = { calm: 3000, moody: 8000 };
const BRAINS: Record<string, typeof CALM> = { calm: CALM, moody: MOODY };
const only = values.only ?? null;

function one(turns: string, mood: string, seed: string, tally: Tally): void {
  const log = simulate(seed, { turns: turns as TurnMode, brain: BRAINS[mood]!, only });
  const score = new CallScore(log, LATE_MS[mood]!);
  tally.add(score, log.ended, log.refusals);
  if (!values.seed) return;
  for (const verdict of score.verdicts) {
    console.log({ ...verdict, faults: [...verdict.faults] });
  }
}

function report(title: string, tally: Tally): void {
  if (!values.json) return printTally(title, tally, Number(values.list));
  const { rows, greetings, ended, refusals, failures } = tally;
  const plain = [...rows.values()].map(({ delaysMs: _, stoppedMs: __, ...row }) => row);
  const counts = [greetings, ended, refusals].map((map) => Object.fromEntries(map));
  console.log(JSON.stringify({ title, rows: plain, counts, failures }));
}

if (values.seed) {
  const [turns, mood] = values.seed.split(" ") as [string, string];
  const tally = new Tally();
  one(turns, mood, values.seed, tally);
  report(values.seed, tally);
} else {
  for (const turns of values.turns.split(",")) {
    for (const mood of values.mood.split(",")) {
      const tally = new Tally();
      const startedMs = performance.now();
      const from = Number(values.from), count = Number(values.count);
      for (let n = from; n < from + count; n++) one(turns, mood, `${turns} ${mood} ${n}`, tally);
      const seconds = (performance.now() - startedMs) / 1000;
      report(
        `${count} conversations, ${turns} turns, ${mood} brain: ${seconds.toFixed(1)} s, ` +
          `${(1000 * seconds / count).toFixed(1)} ms each`,
        tally,
      );
    }
  }
}
