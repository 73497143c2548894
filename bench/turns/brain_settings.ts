/**
 * How a stand-in for the Realtime API behaves: how fast, how long-winded, in which mood.
 *
 * @module
 */

import type { Random } from "../vad/random.ts";
import { fluentSpeech } from "./answers.ts";
import { drawMood, type Mood, MOODY_RATE } from "./moods.ts";

export interface BrainSettings {
  readonly seed: string;
  /** The number of its first call: the n-th call draws the same whoever else calls. */
  readonly firstCall: number;
  /** From the request to the first audio: fixed, or uniform between two bounds. */
  readonly thinkMs: number | readonly [number, number];
  /** Until the session stands. */
  readonly sessionMs: number | readonly [number, number];
  /** One way, for everything that it says; drawn for each call. */
  readonly networkMs: number | readonly [number, number];
  /** Length of the items of one answer; a number for each item. */
  readonly itemsMs: (random: Random) => readonly number[];
  /** Times faster than real time. */
  readonly streamRate: number;
  readonly deltaMs: number;
  readonly gainDb: number;
  /** The sound of the `n`-th item of the call, counted from 0; µ-law. */
  readonly voice: (
    n: number,
    ms: number,
    random: Random,
    gainDb: number,
  ) => Uint8Array<ArrayBuffer>;
  readonly hears: "vad" | "level";
  /** Silence that ends a turn for `semantic_vad`; `server_vad` takes the session's. */
  readonly semanticSilenceMs: number;
  /** What happens to the `n`-th request of the call, counted from 0. */
  readonly mood: (random: Random, n: number) => Mood | null;
}

export const STRICT_BRAIN_DEFAULTS: BrainSettings = {
  seed: "brain",
  firstCall: 0,
  thinkMs: 150,
  sessionMs: 0,
  networkMs: 15,
  itemsMs: (random) => {
    // A third of the answers come in several items.
    const count = random.next() < 0.33 ? 2 + random.index(2) : 1;
    return Array.from({ length: count }, () => Math.round(random.between(11_000, 16_000) / count));
  },
  streamRate: 6,
  deltaMs: 200,
  gainDb: 0,
  voice: (_n, ms, random, gainDb) => fluentSpeech(ms, random, gainDb),
  hears: "vad",
  semanticSilenceMs: 600,
  mood: () => null,
};

/** As slow as the real one, answers as long as ours should be, and nothing goes wrong. */
export const CALM: Partial<BrainSettings> = {
  thinkMs: [250, 1500],
  sessionMs: [50, 700],
  networkMs: [3, 60],
  itemsMs: (random) => {
    // One in four is long enough to cough into its middle.
    const [least, most] = random.next() < 0.25 ? [600, 900] : [120, 380];
    const ms = Math.round(random.between(least!, most!)) * 10;
    return random.next() < 0.15 ? [ms, Math.round(random.between(60, 120)) * 10] : [ms];
  },
  hears: "level",
};

export const MOODY: Partial<BrainSettings> = {
  ...CALM,
  mood: (random) => drawMood(random, MOODY_RATE),
};

/** A number, or one drawn between two bounds. */
export function drawn(given: number | readonly [number, number], random: Random): number {
  return typeof given === "number" ? given : random.between(given[0], given[1]);
}
