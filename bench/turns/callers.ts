/**
 * Callers of different habits, built by seed from the repository's speech: who speaks in one breath,
 * who pauses between phrases, and who thinks aloud in the middle of one. Each has turns with a known
 * end, on a line with its own noise.
 *
 * @module
 */

import { mulawToPcm16 } from "../../media/mulaw.ts";
import { loadSpeech, speechFacts, type SpeechName } from "../../tests/speech/speech.ts";
import type { Random } from "../vad/random.ts";

const PER_MS = 8;

export interface Habit {
  readonly name: string;
  /** How many phrases a turn has, at least and at most. */
  readonly phrases: readonly [number, number];
  /** The pause between two phrases, and inside one: its median in ms; 0 for none. */
  readonly betweenMs: number;
  readonly insideMs: number;
  /** How often a phrase is broken inside. */
  readonly insideShare: number;
  /** Pauses spread by this factor about their median, one deviation up and down. */
  readonly spread: number;
}

/**
 * Medians of silent pauses in conversation lie around 200 to 500 ms by the phonetics of many
 * languages, and hesitations reach a second; these three stand for callers, not for a population.
 */
export const HABITS: readonly Habit[] = [
  { name: "brisk", phrases: [1, 2], betweenMs: 130, insideMs: 0, insideShare: 0, spread: 1.3 },
  {
    name: "ordinary",
    phrases: [1, 3],
    betweenMs: 280,
    insideMs: 200,
    insideShare: 0.15,
    spread: 1.4,
  },
  {
    name: "thinking aloud",
    phrases: [1, 4],
    betweenMs: 600,
    insideMs: 450,
    insideShare: 0.35,
    spread: 1.45,
  },
];

/** One turn: the true moments, in ms of the caller's audio. */
export interface SaidTurn {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Caller {
  readonly habit: string;
  readonly pcm: Int16Array;
  readonly turns: readonly SaidTurn[];
}

const PHRASES: readonly SpeechName[] = [
  "question_open",
  "question_hear",
  "question_order",
  "stop_wait",
];
/** Time that the agent has for its answer, and the caller to begin again. */
const BETWEEN_TURNS_MS = 2600;

/** The speech of a fixture, without the silence around it. */
function phrase(name: SpeechName): Int16Array {
  const { startMs, endMs, pauses } = speechFacts(name);
  const pcm = Int16Array.from(loadSpeech(name), mulawToPcm16);
  if (name !== "booking_pause") return pcm.slice(startMs * PER_MS, endMs * PER_MS);
  return pcm.slice(startMs * PER_MS, pauses[0]!.startMs * PER_MS);
}

/** Where a phrase is broken: its quietest 10 ms in the middle half, where the lips close. */
function breakOf(pcm: Int16Array): number {
  const hop = 10 * PER_MS;
  let best = Math.floor(pcm.length / 2), least = Infinity;
  for (let at = Math.floor(pcm.length / 4); at + hop < pcm.length * 0.75; at += hop) {
    let power = 0;
    for (let i = 0; i < hop; i++) power += pcm[at + i]! ** 2;
    if (power < least) {
      least = power;
      best = at + hop / 2;
    }
  }
  return best;
}

function pauseMs(medianMs: number, spread: number, random: Random): number {
  return Math.max(40, Math.min(1500, medianMs * Math.exp(Math.log(spread) * random.normal())));
}

/** A call of `turns` turns. */
export function makeCaller(habit: Habit, turns: number, random: Random): Caller {
  const pieces: { atMs: number; pcm: Int16Array }[] = [];
  const said: SaidTurn[] = [];
  const gain = 10 ** (random.between(-9, 3) / 20);
  let atMs = 1500;
  const say = (pcm: Int16Array) => {
    pieces.push({ atMs, pcm });
    atMs += pcm.length / PER_MS;
  };
  for (let n = 0; n < turns; n++) {
    const fromMs = atMs;
    const count = habit.phrases[0] + random.index(habit.phrases[1] - habit.phrases[0] + 1);
    for (let k = 0; k < count; k++) {
      if (k > 0) atMs += pauseMs(habit.betweenMs, habit.spread, random);
      const last = k === count - 1;
      const pcm = !last && random.next() < 0.4
        ? phrase("booking_pause")
        : phrase(random.pick(PHRASES));
      if (random.next() < habit.insideShare) {
        const at = breakOf(pcm);
        say(pcm.subarray(0, at));
        atMs += pauseMs(habit.insideMs, habit.spread, random);
        say(pcm.subarray(at));
      } else say(pcm);
    }
    said.push({ fromMs, toMs: atMs });
    atMs += BETWEEN_TURNS_MS + random.between(0, 800);
  }
  const noise = 32768 * 10 ** (random.between(-65, -48) / 20);
  const out = new Int16Array(Math.ceil(atMs / 20) * 20 * PER_MS);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(noise * random.normal());
  for (const { atMs, pcm } of pieces) {
    const from = Math.round(atMs * PER_MS);
    for (let i = 0; i < pcm.length; i++) {
      const sample = out[from + i]! + pcm[i]! * gain;
      out[from + i] = Math.max(-32768, Math.min(32767, Math.round(sample)));
    }
  }
  return { habit: habit.name, pcm: out, turns: said };
}
