/**
 * Signals for the tests of this room, from a seed: something like speech, noise, tones, music.
 *
 * @module
 */

import { seeded } from "../tests/random.ts";
import type { VadSampleRateHz } from "./options.ts";

/** Samples of `ms` at `rateHz`. */
export function samplesOf(ms: number, rateHz = 8000): number {
  return Math.round((ms * rateHz) / 1000);
}

/** Scales to a root mean square of `dbfs` (0 dBFS a full-scale square wave). */
export function atLevel(signal: Float64Array, dbfs: number): Float64Array {
  let sum = 0;
  for (const sample of signal) sum += sample * sample;
  const gain = (32768 * 10 ** (dbfs / 20)) / Math.sqrt(sum / Math.max(1, signal.length) || 1);
  return signal.map((sample) => sample * gain);
}

/**
 * Something like speech: a buzz at 90–150 Hz through two wandering formants, in syllables of
 * 120–250 ms with a hiss between some of them. `restMs` sets the dips between syllables.
 */
export function speech(
  ms: number,
  options: { seed?: number; rateHz?: VadSampleRateHz; dbfs?: number; restMs?: number } = {},
): Float64Array {
  const { seed = 1, rateHz = 8000, dbfs = -26, restMs = 40 } = options;
  const random = seeded(seed);
  const out = new Float64Array(samplesOf(ms, rateHz));
  let at = 0, phase = 0;
  while (at < out.length) {
    const length = samplesOf(120 + 130 * random(), rateHz);
    const hissing = random() < 0.3 ? samplesOf(60, rateHz) : 0;
    const first = 350 + 450 * random(), second = 1000 + 1200 * random();
    const pitch = 90 + 60 * random(), loud = 0.5 + 0.5 * random();
    for (let i = 0; i < length && at < out.length; i++, at++) {
      const envelope = loud * Math.sin((Math.PI * (i + 1)) / (length + 1)) ** 0.5;
      phase = (phase + pitch / rateHz) % 1;
      const t = phase / pitch;
      const buzz = Math.exp(-t * 300) * Math.sin(2 * Math.PI * first * t) +
        0.5 * Math.exp(-t * 500) * Math.sin(2 * Math.PI * second * t);
      const hiss = i < hissing ? 0.3 * (random() - random()) : 0;
      out[at] = envelope * (i < hissing ? hiss : buzz);
    }
    at += samplesOf(restMs * random(), rateHz);
  }
  return atLevel(out, dbfs);
}

/** White noise. */
export function noise(ms: number, dbfs: number, seed = 7, rateHz = 8000): Float64Array {
  const random = seeded(seed);
  return atLevel(Float64Array.from({ length: samplesOf(ms, rateHz) }, () => random() - 0.5), dbfs);
}

/** Sines of equal strength together. */
export function tones(ms: number, hz: readonly number[], dbfs: number, rateHz = 8000) {
  const out = Float64Array.from(
    { length: samplesOf(ms, rateHz) },
    (_, i) => hz.reduce((sum, f) => sum + Math.sin((2 * Math.PI * f * i) / rateHz), 0),
  );
  return atLevel(out, dbfs);
}

/** Music as exchanges play it: four-note chords that follow each other, each struck and fading. */
export function music(ms: number, dbfs: number, seed = 3): Float64Array {
  const random = seeded(seed);
  const out = new Float64Array(samplesOf(ms));
  const chordSamples = samplesOf(450);
  let notes: number[] = [];
  for (let i = 0; i < out.length; i++) {
    if (i % chordSamples === 0) {
      const root = 220 * 2 ** (Math.floor(random() * 12) / 12);
      notes = [1, 1.26, 1.5, 2.52].map((ratio) => root * ratio);
    }
    const fade = 0.35 + 0.65 * Math.exp(-((i % chordSamples) / 8000) * 6);
    for (const f of notes) {
      const turn = (2 * Math.PI * f * i) / 8000;
      out[i] = out[i]! +
        fade * (Math.sin(turn) + 0.3 * Math.sin(2 * turn) + 0.15 * Math.sin(4 * turn));
    }
  }
  return atLevel(out, dbfs);
}

/** Digital silence. */
export function nothing(ms: number, rateHz = 8000): Float64Array {
  return new Float64Array(samplesOf(ms, rateHz));
}

/** One after another. */
export function concat(...parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** On top of each other; as long as the longest. */
export function mix(...parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(Math.max(...parts.map((part) => part.length)));
  for (const part of parts) for (let i = 0; i < part.length; i++) out[i] = out[i]! + part[i]!;
  return out;
}

/** To 16 bits, clipped. */
export function pcm16(signal: Float64Array): Int16Array {
  const out = new Int16Array(signal.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.max(-32768, Math.min(32767, Math.round(signal[i]!)));
  }
  return out;
}
