/**
 * The resampler written as plain typed-array loops: what `Resampler` was weighed against, kept so
 * that docs/decisions/resampler.md can be checked again. Same filter, steady state, 20 ms frames.
 *
 * @module
 */

import { polyphaseFilter } from "../media/resampler_filter.ts";

/** Takes one frame, writes one frame, keeps its past. */
export type FrameResampler = (input: Int16Array, out: Int16Array) => void;

function store(out: Int16Array, at: number, sum: number): void {
  const raised = sum * 32768 + 32768.5;
  out[at] = ((raised < 0 ? 0 : raised > 65535 ? 65535 : raised) | 0) - 32768;
}

/** Moves the past to the front of the window and sets the new samples behind it. */
function fillWindow(window: Float64Array, past: number, input: Int16Array): void {
  window.copyWithin(0, input.length, input.length + past);
  for (let i = 0; i < input.length; i++) window[past + i] = input[i]! / 32768;
}

/**
 * One loop that all ratios share. Four sums, because an addition must wait for the one before it in
 * the same sum: with one sum it takes half as long again.
 */
export function sharedLoopResampler(fromHz: number, toHz: number): FrameResampler {
  const up = toHz > fromHz ? toHz / fromHz : 1;
  const down = fromHz > toHz ? fromHz / toHz : 1;
  const { taps, rows, centre } = polyphaseFilter(up, down, 4);
  const frameSamples = fromHz / 50;
  const window = new Float64Array(taps - 1 + frameSamples);
  // Where the first output of every frame but the first stands, in inputs and phases.
  const outputsBefore = Math.ceil((frameSamples * up - centre) / down);
  const start = centre + outputsBefore * down - frameSamples * up;
  return (input, out) => {
    fillWindow(window, taps - 1, input);
    let ahead = Math.floor(start / up);
    let phase = start % up;
    for (let n = 0; ahead < frameSamples; n++) {
      const row = rows[phase]!;
      let a = 0, b = 0, c = 0, d = 0;
      for (let i = 0, at = ahead; i < taps; i += 4, at += 4) {
        a += window[at]! * row[i]!;
        b += window[at + 1]! * row[i + 1]!;
        c += window[at + 2]! * row[i + 2]!;
        d += window[at + 3]! * row[i + 3]!;
      }
      store(out, n, a + b + c + d);
      for (phase += down; phase >= up; phase -= up) ahead++;
    }
  };
}

/**
 * 8 to 24 kHz by a function of its own. Rows 0 and 1 are each other's mirror image, so their sum and
 * difference are made from 20 taps each; row 2 is its own mirror image, so 20 taps make it too.
 */
export function foldedUp3(): FrameResampler {
  const { rows, taps } = polyphaseFilter(3, 1);
  const half = taps / 2;
  const even = Float64Array.from({ length: half }, (_, i) => (rows[0]![i]! + rows[1]![i]!) / 2);
  const odd = Float64Array.from({ length: half }, (_, i) => (rows[0]![i]! - rows[1]![i]!) / 2);
  const own = Float64Array.from({ length: half }, (_, i) => rows[2]![i + 1]!);
  own[half - 1]! /= 2; // the middle tap, met from both sides
  const window = new Float64Array(taps - 1 + 160);
  return (input, out) => {
    fillWindow(window, taps - 1, input);
    for (let n = 0, at = 0; n < 160; n++, at += 3) {
      let sum = 0, difference = 0, middle = 0;
      for (let i = 0, left = n, right = n + taps - 1; i < half; i++, left++, right--) {
        const a = window[left]!;
        const b = window[right]!;
        sum += (a + b) * even[i]!;
        difference += (a - b) * odd[i]!;
        middle += (window[left + 1]! + b) * own[i]!;
      }
      store(out, at, sum + difference);
      store(out, at + 1, sum - difference);
      store(out, at + 2, middle);
    }
  };
}

/** 24 to 8 kHz by a function of its own: the row is symmetric, and two outputs share its taps. */
export function foldedDown3(): FrameResampler {
  const { rows, taps } = polyphaseFilter(1, 3);
  const half = (taps + 1) / 2;
  const row = rows[0]!.slice(0, half);
  row[half - 1]! /= 2; // the middle tap, met from both sides
  const window = new Float64Array(taps - 1 + 480);
  return (input, out) => {
    fillWindow(window, taps - 1, input);
    // As in a Resampler that has had one frame, the first output needs two new samples.
    for (let n = 2, at = 0; at < 160; n += 6, at += 2) {
      let first = 0, second = 0;
      for (let i = 0, left = n, right = n + taps - 1; i < half; i++, left++, right--) {
        const tap = row[i]!;
        first += (window[left]! + window[right]!) * tap;
        second += (window[left + 3]! + window[right + 3]!) * tap;
      }
      store(out, at, first);
      store(out, at + 1, second);
    }
  };
}
