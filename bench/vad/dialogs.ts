/**
 * Sets utterances into calls: gaps, levels, noise, and the telephone's µ-law.
 *
 * @module
 */

import { decodeMulawInto, encodeMulawInto } from "../../media/mulaw.ts";
import type { Clip } from "./corpus.ts";
import { makeNoise, type Noise, NOISES } from "./noise.ts";
import { Random } from "./random.ts";
import type { Part } from "./sentences.ts";
import { RATE_HZ, type Span } from "./truth.ts";

/** One caller's side of a call, as the detector gets it. */
export interface Dialog {
  readonly pcm: Int16Array;
  /** Speech in the clean source, pauses under 200 ms bridged. */
  readonly spans: readonly Span[];
  readonly source: Clip["source"];
  readonly speaker: string;
  readonly noise: Noise | "clean";
  /** Infinity when clean. */
  readonly snrDb: number;
  readonly levelDbov: number;
}

const SNRS_DB = [20, 10, 5] as const;
const LEVELS_DBOV = [-14, -20, -26, -32, -37] as const;
const UTTERANCES = 9;

/** How the utterances of a call differ in level. */
export type Jumps = "even" | "jumps";

/**
 * Builds a part's calls: every noise at every SNR, and as many clean calls as noisy ones of an
 * SNR. Half the calls are prompts when there are any.
 *
 * @param callsEach Calls for each pair of noise and SNR, and each source.
 */
export function buildDialogs(
  part: Part,
  clips: readonly Clip[],
  callsEach: number,
  jumps: Jumps,
): Dialog[] {
  const dialogs: Dialog[] = [];
  for (const source of ["prompts", "espeak"] as const) {
    const own = clips.filter((clip) => clip.source === source);
    if (own.length === 0) continue;
    const speakers = [...new Set(own.map((clip) => clip.speaker))];
    let turn = 0;
    const build = (noise: Noise | "clean", snrDb: number, call: number) => {
      const random = new Random(`${part}/${source}/${jumps}/${noise}/${snrDb}/${call}`);
      const speaker = speakers[turn++ % speakers.length]!;
      const lines = own.filter((clip) => clip.speaker === speaker);
      dialogs.push(buildDialog(lines, clips, random, noise, snrDb, jumps));
    };
    for (let call = 0; call < callsEach * NOISES.length; call++) build("clean", Infinity, call);
    for (const noise of NOISES) {
      for (const snrDb of SNRS_DB) {
        for (let call = 0; call < callsEach; call++) build(noise, snrDb, call);
      }
    }
  }
  return dialogs;
}

function buildDialog(
  lines: readonly Clip[],
  voices: readonly Clip[],
  random: Random,
  noise: Noise | "clean",
  snrDb: number,
  jumps: Jumps,
): Dialog {
  const clips: Clip[] = [];
  while (clips.length < UTTERANCES) clips.push(...random.shuffled(lines));
  clips.length = UTTERANCES;
  const levelDbov = random.pick(LEVELS_DBOV);
  const scale = 10 ** (levelDbov / 20);

  const gapsMs = clips.map((_, i) => i === 0 ? random.between(300, 1500) : gapMs(random));
  const tailMs = 1500;
  let totalMs = tailMs;
  clips.forEach((clip, i) => totalMs += gapsMs[i]! + Math.ceil(clip.samples.length / 8));
  const mix = new Float32Array(totalMs * 8);
  const spans: Span[] = [];
  let atMs = 0;
  clips.forEach((clip, i) => {
    atMs = Math.round(atMs + gapsMs[i]!);
    const gain = scale * (jumps === "jumps" ? 10 ** (random.between(-9, 9) / 20) : 1);
    for (let k = 0; k < clip.samples.length; k++) mix[atMs * 8 + k] = gain * clip.samples[k]!;
    for (const s of clip.spans) spans.push({ startMs: s.startMs + atMs, endMs: s.endMs + atMs });
    atMs += Math.ceil(clip.samples.length / 8);
  });

  if (noise !== "clean") {
    const background = makeNoise(noise, mix.length, random, voices);
    const gain = scale * 10 ** (-snrDb / 20);
    for (let i = 0; i < mix.length; i++) mix[i] = mix[i]! + gain * background[i]!;
  }
  return {
    pcm: throughMulaw(mix),
    spans,
    source: lines[0]!.source,
    speaker: lines[0]!.speaker,
    noise,
    snrDb,
    levelDbov,
  };
}

/** Mostly the pauses of talk, sometimes the length of an agent's answer. */
function gapMs(random: Random): number {
  return random.next() < 0.7 ? random.between(500, 1800) : random.between(2000, 5000);
}

/** Clips to 16 bits and passes through G.711, as a call does. */
function throughMulaw(mix: Float32Array): Int16Array {
  const pcm = new Int16Array(mix.length);
  for (let i = 0; i < mix.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(mix[i]! * 32768)));
  }
  const coded = new Uint8Array(pcm.length);
  encodeMulawInto(pcm, coded);
  decodeMulawInto(coded, pcm);
  return pcm;
}

/** Milliseconds of a call. */
export function lengthMs(dialog: Dialog): number {
  return (dialog.pcm.length * 1000) / RATE_HZ;
}
