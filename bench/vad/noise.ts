/**
 * Background noise by seed, 8 kHz, scaled to a root mean square of 1.
 *
 * @module
 */

import type { Clip } from "./corpus.ts";
import type { Random } from "./random.ts";
import { RATE_HZ } from "./truth.ts";

export const NOISES = ["white", "pink", "babble", "hum and clicks", "street"] as const;
export type Noise = (typeof NOISES)[number];

/** @param voices What babble is made of. */
export function makeNoise(
  kind: Noise,
  length: number,
  random: Random,
  voices: readonly Clip[],
): Float32Array {
  const out = new Float32Array(length);
  if (kind === "white") { for (let i = 0; i < length; i++) out[i] = random.normal(); }
  else if (kind === "pink") pink(out, random);
  else if (kind === "babble") babble(out, random, voices);
  else if (kind === "hum and clicks") humAndClicks(out, random);
  else street(out, random);
  return scaled(out);
}

/** Minus 3 dB an octave: five leaky integrators an octave and a half apart. */
function pink(out: Float32Array, random: Random): void {
  const corners = [20, 70, 230, 800, 2600].map((hz) => Math.exp((-2 * Math.PI * hz) / RATE_HZ));
  const state = corners.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    const white = random.normal();
    let sum = 0;
    for (let k = 0; k < corners.length; k++) {
      const pole = corners[k]!;
      state[k] = pole * state[k]! + Math.sqrt(1 - pole * pole) * white;
      sum += state[k]! * Math.sqrt(1 - pole) * 4;
    }
    out[i] = sum + 0.1 * white;
  }
}

/** Seven people at a table: each says one clip after another, without looking at the others. */
function babble(out: Float32Array, random: Random, voices: readonly Clip[]): void {
  for (let person = 0; person < 7; person++) {
    const gain = 10 ** (random.between(-4, 4) / 20);
    let at = -random.index(RATE_HZ);
    while (at < out.length) {
      const { samples } = random.pick(voices);
      for (let i = Math.max(0, -at); i < samples.length && at + i < out.length; i++) {
        out[at + i] = out[at + i]! + gain * samples[i]!;
      }
      at += samples.length + random.index(RATE_HZ / 3);
    }
  }
}

/** Mains hum with its harmonics, and on average three clicks a second of 1–4 ms. */
function humAndClicks(out: Float32Array, random: Random): void {
  const mainsHz = random.pick([50, 60]);
  for (let harmonic = 1; harmonic <= 14; harmonic++) {
    const amplitude = random.between(0.4, 1) / harmonic ** 0.9;
    const phase = random.between(0, 2 * Math.PI);
    const step = (2 * Math.PI * mainsHz * harmonic) / RATE_HZ;
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + amplitude * Math.sin(phase + step * i);
  }
  for (let at = 0; at < out.length; at += Math.ceil(random.between(0.05, 0.62) * RATE_HZ)) {
    const length = Math.round(random.between(0.001, 0.004) * RATE_HZ);
    const loud = random.between(2, 8);
    for (let i = 0; i < 4 * length && at + i < out.length; i++) {
      out[at + i] = out[at + i]! + loud * random.normal() * Math.exp(-i / length);
    }
  }
}

/** A rumble that swells and fades as cars go by, with a hiss of tyres on top. */
function street(out: Float32Array, random: Random): void {
  let rumble = 0, hiss = 0, previous = 0, levelDb = 0, targetDb = 0;
  for (let i = 0; i < out.length; i++) {
    if (i % (RATE_HZ / 2) === 0 && random.next() < 0.3) targetDb = random.between(-6, 7);
    levelDb += (targetDb - levelDb) / (0.7 * RATE_HZ);
    const white = random.normal();
    rumble += 0.12 * (white - rumble);
    hiss += 0.5 * (white - hiss);
    out[i] = (rumble * 3 + (hiss - previous) * 0.8) * 10 ** (levelDb / 20);
    previous = hiss;
  }
}

function scaled(samples: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  const gain = 1 / Math.sqrt(sum / samples.length);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * gain;
  return samples;
}
