/**
 * What both benches of ordinary life share: their options, their brains, and how they report.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BrainSettings, CALM, MOODY } from "../brain_settings.ts";
import type { CallLog } from "./log.ts";
import { CallScore, type Limits } from "./score.ts";
import { printTrace } from "./trace.ts";
import { printTally } from "./table.ts";
import type { Tally } from "./tally.ts";

const OPTIONS = {
  from: { type: "string", default: "0" },
  conversations: { type: "string", default: "200" },
  turns: { type: "string", default: "server,semantic,local" },
  mood: { type: "string", default: "calm,moody" },
  only: { type: "string" },
  seed: { type: "string" },
  list: { type: "string", default: "12" },
  "at-once": { type: "string", default: "30" },
  /** A file for all figures. */
  json: { type: "string" },
  processes: { type: "string", default: "1" },
  /** Given to children only. */
  serves: { type: "boolean", default: false },
} as const;

export const { values } = parseArgs({ options: OPTIONS });
export const at = (n: number, turns: string, mood: string) => `${turns} ${mood} ${n}`;

export const BRAINS: Readonly<Record<string, Partial<BrainSettings>>> = {
  calm: CALM,
  moody: MOODY,
};
/** With a brain that works, nobody has to be told to wait. */
const LIMITS: Readonly<Record<string, Limits>> = {
  calm: { lateMs: 3000, tellingExcuses: false },
  echo: { lateMs: 3000, tellingExcuses: false },
  moody: { lateMs: 8000, tellingExcuses: true },
};

/** Which conversations: all from `--from`, or the one of `--seed "server calm 17"`. */
export interface Round {
  readonly turns: string;
  readonly mood: string;
  readonly from: number;
  readonly count: number;
}

export function rounds(): Round[] {
  if (values.seed) {
    const [turns, mood, n] = values.seed.split(" ") as [string, string, string];
    return [{ turns, mood, from: Number(n), count: 1 }];
  }
  const from = Number(values.from), count = Number(values.conversations);
  return values.turns.split(",").flatMap((turns) =>
    values.mood.split(",").map((mood) => ({ turns, mood, from, count }))
  );
}

/** Scores a conversation into the tally; with `--seed`, verdict by verdict. */
export function score(log: CallLog, mood: string, tally: Tally): void {
  const scored = new CallScore(log, LIMITS[mood]!);
  tally.add(scored, log.ended, log.refusals);
  if (!values.seed) return;
  printTrace(log);
  for (const { behaviour, atMs, delayMs, toldMs, faults, excused } of scored.verdicts) {
    const how = faults.size > 0 ? [...faults].join(", ") : "well";
    const but = excused.size > 0 ? `, excused: ${[...excused].join(", ")}` : "";
    const told = Number.isNaN(toldMs) ? "" : `, told after ${toldMs.toFixed(0)} ms${but}`;
    const at = atMs.toFixed(0).padStart(8);
    console.log(`${at} ms  ${behaviour}: ${how} (${delayMs.toFixed(0)} ms${told})`);
  }
}

const reported: unknown[] = [];

/** @param parts What the tally is the sum of. */
export function report(title: string, tally: Tally, parts?: ReadonlyMap<string, Tally>): void {
  printTally(title, tally, Number(values.list), parts);
  if (!values.json) return;
  for (const [name, part] of parts ?? [[title, tally]]) reported.push({ name, ...part.toJSON() });
  writeFileSync(values.json, JSON.stringify(reported));
}
