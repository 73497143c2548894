/**
 * Many calls without a network: how often a sound over the agent ends the answer, how soon words
 * silence it, and whether it ever silences itself, for each echo of the line.
 *
 * Run: `deno run -A bench/turns/rehearse.ts --trials 20 --turns server,local`
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { SpeechName } from "../../tests/speech/speech.ts";
import type { TurnMode } from "../../brain/openai/session.ts";
import { Random } from "../vad/random.ts";
import { percentile } from "./figures.ts";
import { runsOf, seamsOf } from "./heard.ts";
import { click, type Clip, fixture, Line } from "./line.ts";
import { Rehearsal, REHEARSAL_SETTINGS } from "./rehearsal.ts";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "20" },
    turns: { type: "string", default: "server,local" },
    seed: { type: "string", default: "1" },
    "noise-dbfs": { type: "string", default: "-60" },
    "barge-in-ms": { type: "string", default: String(REHEARSAL_SETTINGS.bargeInMs) },
    "gate-ms": { type: "string", default: String(REHEARSAL_SETTINGS.gateMs) },
    "gate-db": { type: "string", default: String(REHEARSAL_SETTINGS.gateDb) },
    verbose: { type: "boolean", default: false },
  },
});

/** dB by which the agent's voice comes back weaker; `Infinity` for not at all. */
const ECHOES = [Infinity, 30, 20, 12];
const ALARMS = ["nothing", "cough", "mm-hm", "click", "bang"] as const;
const WORDS: readonly SpeechName[] = [
  "question_open",
  "question_hear",
  "question_order",
  "stop_wait",
];

for (const turns of values.turns.split(",") as TurnMode[]) {
  console.log(`\nturns: ${turns}`);
  for (const lossDb of ECHOES) {
    const rows: string[] = [];
    for (const alarm of ALARMS) rows.push(alarms(turns, lossDb, alarm));
    for (const gainDb of [0, -10]) rows.push(interruptions(turns, lossDb, gainDb));
    console.log(`echo ${lossDb === Infinity ? "none" : `−${lossDb} dB`}`);
    for (const row of rows) console.log(`  ${row}`);
  }
}

function rehearsal(
  turns: TurnMode,
  lossDb: number,
  random: Random,
  gainDb = 0,
): { call: Rehearsal; line: Line } {
  const line = new Line({
    seed: String(random.next()),
    noiseDbfs: Number(values["noise-dbfs"]),
    ...(lossDb < Infinity && { echo: { lossDb, delayMs: Math.round(random.between(60, 180)) } }),
  });
  const call = new Rehearsal({
    voice: line,
    settings: {
      turns,
      bargeInMs: Number(values["barge-in-ms"]),
      gateMs: Number(values["gate-ms"]),
      gateDb: Number(values["gate-db"]),
    },
    brain: { seed: String(random.next()), gainDb },
    wayMs: random.between(5, 60),
  });
  return { call, line };
}

function sound(kind: typeof ALARMS[number], random: Random): Clip | null {
  if (kind === "cough") return fixture("cough");
  if (kind === "mm-hm") return fixture("mm_hm");
  if (kind === "click") return click(random.between(1, 5), random.between(-20, -3), random);
  if (kind === "bang") return click(random.between(15, 40), random.between(-20, -3), random);
  return null;
}

function alarms(turns: TurnMode, lossDb: number, kind: typeof ALARMS[number]): string {
  let kept = 0, holds = 0, answers = 0;
  const seams: number[] = [];
  const pausesMs: number[] = [];
  const trials = Number(values.trials);
  for (let n = 0; n < trials; n++) {
    const random = new Random(`${values.seed} ${kind} ${lossDb} ${turns} ${n}`);
    const { call, line } = rehearsal(turns, lossDb, random);
    call.runUntil(() => call.playout.lastHeard(call.nowMs) !== null, 5000);
    const startMs = call.nowMs;
    call.run(random.between(1000, 5000));
    const clip = sound(kind, random);
    if (clip) void line.say(clip, 0, random.index(160));
    call.run(4000);
    const cut = call.conversation.cuts.length > 0;
    if (!cut) kept++;
    holds += call.clears.length;
    answers += call.conversation.responses.length;
    if (cut) continue;
    const runs = runsOf(call.conversation.audio, call.heard(startMs - 100));
    seams.push(...seamsOf(runs));
    for (let i = 1; i < runs.length; i++) {
      pausesMs.push(
        runs[i]!.heardMs - runs[i - 1]!.heardMs - runs[i - 1]!.toMs + runs[i - 1]!.fromMs,
      );
    }
    call.hangUp();
  }
  const worst = seams.length === 0 ? 0 : Math.max(...seams.map(Math.abs));
  return `${kind.padEnd(9)} ${String(kept).padStart(3)}/${trials} went on  ` +
    `holds ${String(holds).padStart(3)}  answers ${String(answers).padStart(3)}  ` +
    `worst seam ${worst.toFixed(1).padStart(5)} ms  ` +
    `pause p50 ${percentile(pausesMs, 50).toFixed(0).padStart(4)} max ${
      percentile(pausesMs, 100).toFixed(0).padStart(4)
    } ms`;
}

function interruptions(turns: TurnMode, lossDb: number, gainDb: number): string {
  const trials = Number(values.trials);
  let heard = 0, early = 0, answered = 0;
  const clearsMs: number[] = [];
  const lost: string[] = [];
  for (let n = 0; n < trials; n++) {
    const random = new Random(`${values.seed} words ${gainDb} ${lossDb} ${turns} ${n}`);
    const { call, line } = rehearsal(turns, lossDb, random);
    call.runUntil(() => call.playout.lastHeard(call.nowMs) !== null, 5000);
    call.run(random.between(1000, 5000));
    early += call.clears.length;
    const words = random.pick(WORDS);
    const { startMs, endMs } = fixture(words);
    const offset = random.index(160);
    // The first frame of it is filled at the next multiple of 20 ms, and ends there.
    const onsetMs = Math.floor(call.nowMs / 20) * 20 + offset / 8 + startMs;
    const before = call.clears.length;
    const responses = call.conversation.responses.length;
    void line.say(fixture(words), gainDb, offset);
    call.run(endMs + 900);
    const cut = call.conversation.cuts.length > 0;
    const clearMs = call.clears[before] ?? NaN;
    if (cut) heard++;
    else lost.push(words);
    if (call.conversation.responses.length > responses) answered++;
    if (!Number.isNaN(clearMs)) clearsMs.push(clearMs - onsetMs);
    call.hangUp();
  }
  return `words ${String(gainDb).padStart(3)} dB ${String(heard).padStart(3)}/${trials} heard, ` +
    `${answered} answered  onset → clear p50 ${percentile(clearsMs, 50).toFixed(0)} ` +
    `p95 ${percentile(clearsMs, 95).toFixed(0)} max ${percentile(clearsMs, 100).toFixed(0)} ms  ` +
    `holds before ${early}` + (values.verbose ? `  lost: ${lost.join(" ")}` : "");
}
