/**
 * Finds what got lost on the way through an echo: each 20 ms of speech that was said is looked for
 * in what was heard. Where the echo is the same bytes, that is a search for bytes; where it was
 * decoded and encoded again, the wave forms are compared.
 *
 * @module
 */

import { decodeMulawInto } from "../../media/mulaw.ts";
import { firstAudible } from "../phone/audible.ts";

const FRAME = 160;
/** How far the echo of one frame may lie from where the frame before puts it, in samples (60 ms). */
const DRIFT = 480;
/** The first frame is looked for this far from where speech should begin (600 ms). */
const FIRST_DRIFT = 4800;
/** Two pieces of wave form with this correlation are the same sound. */
const SAME = 0.9;

/** What came back. */
export interface EchoResult {
  /** Frames of speech that were said. */
  readonly frames: number;
  readonly lost: number;
}

/**
 * @param said µ-law, from the first to the last frame with speech.
 * @param heard µ-law of the answer.
 * @param expectedAt Where in `heard` the first frame should be, if nothing was added before it.
 */
export function compareEcho(said: Uint8Array, heard: Uint8Array, expectedAt: number): EchoResult {
  const frames: number[] = [];
  for (let at = 0; at + FRAME <= said.length; at += FRAME) {
    if (firstAudible(said.subarray(at, at + FRAME)) >= 0) frames.push(at);
  }
  const byBytes = lostByBytes(said, heard, frames);
  if (byBytes === 0 || byBytes < frames.length / 2) return { frames: frames.length, lost: byBytes };
  const byWave = lostByWave(said, heard, frames, expectedAt);
  return { frames: frames.length, lost: Math.min(byBytes, byWave) };
}

function lostByBytes(said: Uint8Array, heard: Uint8Array, frames: readonly number[]): number {
  const haystack = Buffer.from(heard.buffer, heard.byteOffset, heard.byteLength);
  let from = 0;
  let lost = 0;
  for (const at of frames) {
    const found = haystack.indexOf(said.subarray(at, at + FRAME), from);
    if (found < 0) lost++;
    else from = found + FRAME;
  }
  return lost;
}

function lostByWave(
  said: Uint8Array,
  heard: Uint8Array,
  frames: readonly number[],
  expectedAt: number,
): number {
  const saidPcm = new Int16Array(said.length);
  const heardPcm = new Int16Array(heard.length);
  decodeMulawInto(said, saidPcm);
  decodeMulawInto(heard, heardPcm);
  // Alignment starts from the loudest frame: soft ones look alike.
  const loudest = frames.reduce(
    (best, at) => energy(saidPcm, at) > energy(saidPcm, best) ? at : best,
    frames[0]!,
  );
  const shift = bestShift(saidPcm, heardPcm, loudest, expectedAt, FIRST_DRIFT);
  if (shift === null) return frames.length;
  let lost = 0;
  for (const direction of [1, -1]) {
    let nearby = shift;
    const start = frames.indexOf(loudest);
    for (let i = direction > 0 ? start : start - 1; i >= 0 && i < frames.length; i += direction) {
      const at = frames[i]!;
      const found = correlation(saidPcm, at, heardPcm, at + nearby) >= SAME
        ? nearby
        : bestShift(saidPcm, heardPcm, at, nearby, DRIFT);
      if (found === null) lost++;
      else nearby = found;
    }
  }
  return lost;
}

/** The shift near `around` at which the frame at `at` is heard, or null. */
function bestShift(
  said: Int16Array,
  heard: Int16Array,
  at: number,
  around: number,
  drift: number,
): number | null {
  let best = 0;
  let bestAt: number | null = null;
  for (let shift = around - drift; shift <= around + drift; shift++) {
    const value = correlation(said, at, heard, at + shift);
    if (value > best) {
      best = value;
      bestAt = shift;
    }
  }
  return best >= SAME ? bestAt : null;
}

/** Normalised: 1 for the same shape whatever the level, 0 outside of `heard`. */
function correlation(said: Int16Array, at: number, heard: Int16Array, there: number): number {
  if (there < 0 || there + FRAME > heard.length) return 0;
  let both = 0;
  let one = 1;
  let other = 1;
  for (let i = 0; i < FRAME; i++) {
    const a = said[at + i]!;
    const b = heard[there + i]!;
    both += a * b;
    one += a * a;
    other += b * b;
  }
  return both / Math.sqrt(one * other);
}

function energy(pcm: Int16Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + FRAME; i++) sum += pcm[i]! * pcm[i]!;
  return sum;
}
