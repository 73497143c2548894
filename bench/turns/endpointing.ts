/**
 * Cut-off rate against delay: fixed silences and the adaptive one, over callers of different habits,
 * by the very ears and endpointing of a call, without a network and without a clock.
 *
 * Run: `deno run -A bench/turns/endpointing.ts --callers 10 --turns 12 --seed 1`; it writes
 * `bench/turns/endpointing.json`, which `draw.ts` draws.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Ears } from "../../call/ears.ts";
import {
  Endpointing,
  ENDPOINTING_DEFAULTS,
  type EndpointingSettings,
} from "../../call/endpointing.ts";
import { PCMU } from "../../media/format.ts";
import { pcm16ToMulaw } from "../../media/mulaw.ts";
import { Random } from "../vad/random.ts";
import { type Caller, HABITS, makeCaller } from "./callers.ts";
import { percentile } from "./figures.ts";

const FRAME = 160;

/** How one setting did with some callers. */
export interface Score {
  /** Turns that were ended in one of their pauses, %. */
  readonly cutPercent: number;
  /** From the true end of speech to the decision, ms. */
  readonly meanDelayMs: number;
  readonly p50DelayMs: number;
  readonly p95DelayMs: number;
}

export interface Point extends Score {
  /** The setting that is swept, ms. */
  readonly ms: number;
  readonly habits: Readonly<Record<string, Score>>;
}

interface Outcome {
  cut: number;
  turns: number;
  readonly delaysMs: number[];
}

/** Listens to one caller as a call does. */
function listen(caller: Caller, settings: Partial<EndpointingSettings>): Outcome {
  const endpointing = new Endpointing(settings);
  const ends: { decidedMs: number }[] = [];
  let nowMs = 0, voiceEndMs = -Infinity;
  const ears = new Ears(PCMU, {
    started: (onsetMs) => endpointing.paused(onsetMs - voiceEndMs),
    paused: () => {},
    resumed: (pauseMs) => endpointing.paused(pauseMs),
    maybeDone: () => {},
    stopped: (endMs) => {
      voiceEndMs = endMs;
      ends.push({ decidedMs: nowMs });
    },
    silenceMs: () => endpointing.silenceMs(),
  }, { silenceMs: settings.silenceMs ?? ENDPOINTING_DEFAULTS.silenceMs });
  const frame = new Uint8Array(FRAME);
  for (let at = 0; at + FRAME <= caller.pcm.length; at += FRAME) {
    for (let i = 0; i < FRAME; i++) frame[i] = pcm16ToMulaw(caller.pcm[at + i]!);
    nowMs += 20;
    ears.hear(frame, nowMs, -Infinity);
  }
  const outcome: Outcome = { cut: 0, turns: caller.turns.length, delaysMs: [] };
  caller.turns.forEach(({ fromMs, toMs }, n) => {
    const untilMs = caller.turns[n + 1]?.fromMs ?? Infinity;
    const within = ends.filter(({ decidedMs }) => decidedMs > fromMs && decidedMs < untilMs);
    if (within.some(({ decidedMs }) => decidedMs < toMs)) outcome.cut++;
    const last = within.at(-1);
    if (last && last.decidedMs >= toMs) outcome.delaysMs.push(last.decidedMs - toMs);
  });
  return outcome;
}

function score(outcomes: readonly Outcome[]): Score {
  const delays = outcomes.flatMap(({ delaysMs }) => delaysMs);
  const turns = outcomes.reduce((sum, outcome) => sum + outcome.turns, 0);
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return {
    cutPercent: tenth(100 * outcomes.reduce((sum, { cut }) => sum + cut, 0) / turns),
    meanDelayMs: tenth(delays.reduce((sum, ms) => sum + ms, 0) / delays.length),
    p50DelayMs: tenth(percentile(delays, 50)),
    p95DelayMs: tenth(percentile(delays, 95)),
  };
}

/** All callers with one setting. */
function point(
  callers: readonly Caller[],
  ms: number,
  settings: Partial<EndpointingSettings>,
): Point {
  const outcomes = callers.map((caller) => listen(caller, settings));
  const habits: Record<string, Score> = {};
  for (const { name } of HABITS) {
    habits[name] = score(outcomes.filter((_, i) => callers[i]!.habit === name));
  }
  return { ms, ...score(outcomes), habits };
}

/** The callers of a seed: as many of each habit. */
function makeCallers(each: number, turns: number, seed: string): Caller[] {
  return HABITS.flatMap((habit) =>
    Array.from(
      { length: each },
      (_, n) => makeCaller(habit, turns, new Random(`${seed} ${habit.name} ${n}`)),
    )
  );
}

const FIXED_MS = [100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 900, 1000];
const ADAPTIVE_MAX_MS = [300, 400, 500, 600, 700, 800, 900, 1000, 1200];
const BEGIN_MS = [150, 200, 300, 400, 500, 600];

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      callers: { type: "string", default: "10" },
      turns: { type: "string", default: "12" },
      seed: { type: "string", default: "1" },
      "no-write": { type: "boolean", default: false },
    },
  });
  const callers = makeCallers(Number(values.callers), Number(values.turns), values.seed);
  const fixed = FIXED_MS.map((ms) => point(callers, ms, { mode: "fixed", silenceMs: ms }));
  const adaptive = ADAPTIVE_MAX_MS.map((ms) =>
    point(callers, ms, { mode: "adaptive", maxSilenceMs: ms })
  );
  const begun = BEGIN_MS.map((ms) => point(callers, ms, { mode: "adaptive", silenceMs: ms }));
  const show = (name: string, points: readonly Point[]) => {
    console.log(
      `\n${name.padEnd(22)} cut %  mean  p50  p95 ms   ${
        HABITS.map((habit) => `${habit.name}: cut %, mean ms`).join("   ")
      }`,
    );
    for (const p of points) {
      const habits = HABITS.map(({ name }) => {
        const own = p.habits[name]!;
        return `${own.cutPercent.toFixed(1).padStart(5)} ${own.meanDelayMs.toFixed(0).padStart(5)}`
          .padEnd(name.length + 20);
      });
      console.log(
        `  ${String(p.ms).padEnd(18)} ${p.cutPercent.toFixed(1).padStart(7)} ${
          [p.meanDelayMs, p.p50DelayMs, p.p95DelayMs].map((ms) => ms.toFixed(0).padStart(5)).join(
            "",
          )
        }      ${habits.join("")}`,
      );
    }
  };
  show("fixed, silence ms", fixed);
  show("adaptive, longest ms", adaptive);
  show("adaptive, begins at", begun);
  if (!values["no-write"]) {
    const about = { callers: callers.length, turns: Number(values.turns), seed: values.seed };
    const path = fileURLToPath(new URL("./endpointing.json", import.meta.url).href);
    writeFileSync(path, JSON.stringify({ about, fixed, adaptive, begun }, null, 1) + "\n");
  }
}
