/**
 * The detector's hot loop: ns for a 20 ms frame, and bytes allocated by it.
 *
 *     deno run -A bench/vad_bench.ts
 *     bun bench/vad_bench.ts
 *
 * @module
 */

import { bench, do_not_optimize, group, run } from "mitata";
import { concat, mix, noise, pcm16, speech } from "../vad/test_signals.ts";
import { Vad, type VadSampleRateHz } from "../vad/vad.ts";
import { allocatedBytes } from "./media_heap.ts";

/** Twenty seconds, speech half of the time, over line noise; cut into 20 ms frames. */
function frames(rateHz: VadSampleRateHz): Int16Array[] {
  const parts: Float64Array[] = [];
  for (let i = 0; i < 10; i++) {
    parts.push(speech(1000, { rateHz, seed: i + 1 }), new Float64Array(rateHz));
  }
  const pcm = pcm16(mix(concat(...parts), noise(20_000, -50, 3, rateHz)));
  const length = rateHz / 50;
  return Array.from({ length: 1000 }, (_, i) => pcm.subarray(i * length, (i + 1) * length));
}

/** The loop most samples have, to compare with. */
function rootMeanSquare(frame: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < frame.length; i++) sum += frame[i]! * frame[i]!;
  return Math.sqrt(sum / frame.length);
}

/** One frame a call, round and round. */
function turning(list: readonly Int16Array[], use: (frame: Int16Array) => unknown): () => unknown {
  let i = 0;
  return () => {
    i = i === list.length - 1 ? 0 : i + 1;
    return use(list[i]!);
  };
}

const at8 = frames(8000);
const steps: [string, () => unknown][] = [];
for (const rateHz of [8000, 16000, 24000, 48000] as const) {
  const vad = new Vad({ sampleRateHz: rateHz }, () => {});
  const list = rateHz === 8000 ? at8 : frames(rateHz);
  steps.push([`Vad.push, ${rateHz / 1000} kHz`, turning(list, (frame) => vad.push(frame))]);
}
const silent = new Vad({}, () => {});
steps.push([
  "Vad.push, digital silence",
  turning([at8[0]!.slice().fill(0)], (f) => silent.push(f)),
]);
const lineNoise = pcm16(noise(20_000, -50));
const noisy = new Vad({}, () => {});
steps.push([
  "Vad.push, line noise",
  turning(at8.map((_, i) => lineNoise.subarray(i * 160, i * 160 + 160)), (f) => noisy.push(f)),
]);
const absent = new Vad({}, () => {});
steps.push(["Vad.pushSilence(20)", () => absent.pushSilence(20)]);
steps.push(["root mean square alone", turning(at8, rootMeanSquare)]);

// Compiled before the first is timed, or it pays for all.
for (const [, step] of steps) for (let i = 0; i < 20_000; i++) do_not_optimize(step());

group("20 ms frame", () => {
  for (const [name, step] of steps) bench(name, () => do_not_optimize(step()));
});
await run();

console.log("\nbytes allocated a frame; the two events a second of audio are part of it:");
for (const [name, step] of steps) {
  console.log(`  ${name.padEnd(28)} ${allocatedBytes(step).toFixed(1)}`);
}
// Shows that the measurement sees what is there to be seen.
const control = allocatedBytes(turning(at8, (frame) => [frame[0], frame[1], frame[2]]));
console.log(`  ${"control: an array of three".padEnd(28)} ${control.toFixed(1)}`);
