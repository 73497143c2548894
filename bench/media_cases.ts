/**
 * What media_bench.ts measures: every hot loop of media/ next to other ways of doing the same, on one
 * 20 ms frame.
 *
 * @module
 */

import * as alawmulawModule from "alawmulaw";
import { Buffer } from "node:buffer";
import * as speexModule from "speex-resampler";
import { decodeAlawInto, encodeAlawInto } from "../media/alaw.ts";
import { decodeBase64Into, encodeBase64 } from "../media/base64.ts";
import { SAMPLE_RATES_HZ, type SampleRateHz } from "../media/format.ts";
import { levelDbfsOfMulaw, levelDbfsOfPcm16, levelDbfsOfPcm16Bytes } from "../media/level.ts";
import { decodeMulawInto, encodeMulawInto } from "../media/mulaw.ts";
import { pcm16FromBytesInto } from "../media/pcm.ts";
import { Resampler } from "../media/resampler.ts";
import { foldedDown3, foldedUp3, sharedLoopResampler } from "./media_candidates.ts";

/** One way of doing one thing to one frame. */
export interface MediaCase {
  readonly group: string;
  readonly name: string;
  /** Whether it is earshot's own way, as shipped. */
  readonly ours: boolean;
  readonly run: () => unknown;
}

/** A 20 ms frame of two sines, which visit many codes. */
function frameOf(sampleRateHz: number): Int16Array {
  return Int16Array.from({ length: sampleRateHz / 50 }, (_, i) => {
    const t = i / sampleRateHz;
    return 6000 * Math.sin(2 * Math.PI * 230 * t) + 5000 * Math.sin(2 * Math.PI * 1730 * t);
  });
}

/**
 * What a CommonJS package exports: runtimes and bundlers disagree on how many `default`s lie around it.
 */
function exportsOf<T>(module: unknown, name: string): T {
  let found = module as Record<string, unknown>;
  while (!(name in found)) {
    if (!found.default) throw new Error(`The package has no ${name}`);
    found = found.default as Record<string, unknown>;
  }
  return found as T;
}
interface SpeexClass {
  readonly initPromise: Promise<unknown>;
  new (channels: number, inRate: number, outRate: number, quality: number): {
    processChunk(chunk: Buffer): Buffer;
  };
}
const alawmulaw = exportsOf<typeof alawmulawModule>(alawmulawModule, "mulaw");
const SpeexResampler = exportsOf<SpeexClass>(speexModule, "initPromise");

const cases: MediaCase[] = [];
const ours = (group: string, name: string, run: () => unknown) =>
  cases.push({ group, name, ours: true, run });
const other = (group: string, name: string, run: () => unknown) =>
  cases.push({ group, name, ours: false, run });

const pcm = frameOf(8000);
const mulaw = new Uint8Array(160);
encodeMulawInto(pcm, mulaw);
const alaw = new Uint8Array(160);
encodeAlawInto(pcm, alaw);
const decoded = new Int16Array(160);
const pcmOut = new Int16Array(960);
const byteOut = new Uint8Array(2048);

ours("µ-law decode, 160", "decodeMulawInto", () => decodeMulawInto(mulaw, pcmOut));
other("µ-law decode, 160", "alawmulaw", () => alawmulaw.mulaw.decode(mulaw));
ours("µ-law encode, 160", "encodeMulawInto", () => encodeMulawInto(pcm, byteOut));
other("µ-law encode, 160", "alawmulaw", () => alawmulaw.mulaw.encode(pcm));
ours("A-law decode, 160", "decodeAlawInto", () => decodeAlawInto(alaw, pcmOut));
other("A-law decode, 160", "alawmulaw", () => alawmulaw.alaw.decode(alaw));
ours("A-law encode, 160", "encodeAlawInto", () => encodeAlawInto(pcm, byteOut));
// alawmulaw's A-law encoder replaces −32768 in the input it is given; ours holds none.
other("A-law encode, 160", "alawmulaw", () => alawmulaw.alaw.encode(pcm));

ours("level of 160 µ-law bytes", "levelDbfsOfMulaw", () => levelDbfsOfMulaw(mulaw));
other("level of 160 µ-law bytes", "decode, then levelDbfsOfPcm16", () => {
  decodeMulawInto(mulaw, decoded);
  return levelDbfsOfPcm16(decoded);
});

const text = encodeBase64(mulaw);
const buffer = Buffer.from(byteOut.buffer);
const mulawBuffer = Buffer.from(mulaw.buffer);
ours("base64 decode, 160 bytes", "decodeBase64Into", () => decodeBase64Into(text, byteOut));
other(
  "base64 decode, 160 bytes",
  "setFromBase64, strict",
  () => byteOut.setFromBase64(text, { lastChunkHandling: "strict" }),
);
other("base64 decode, 160 bytes", "Buffer.write (lenient)", () => buffer.write(text, 0, "base64"));
other("base64 decode, 160 bytes", "Buffer.from (lenient)", () => Buffer.from(text, "base64"));
other("base64 decode, 160 bytes", "atob and a loop", () => {
  const binary = atob(text);
  for (let i = 0; i < binary.length; i++) byteOut[i] = binary.charCodeAt(i);
});
ours("base64 encode, 160 bytes", "encodeBase64", () => encodeBase64(mulaw));
other("base64 encode, 160 bytes", "Buffer.toString", () => mulawBuffer.toString("base64"));
other("base64 encode, 160 bytes", "btoa", () => btoa(String.fromCharCode(...mulaw)));

const wide = frameOf(24000);
const wideBytes = new Uint8Array(wide.buffer);
const wideOut = new Int16Array(480);
const wideView = new DataView(wide.buffer);
ours("PCM16 from bytes, 480", "pcm16FromBytesInto", () => pcm16FromBytesInto(wideBytes, pcmOut));
ours("level of 480 PCM16 samples", "levelDbfsOfPcm16Bytes", () => levelDbfsOfPcm16Bytes(wideBytes));
other("level of 480 PCM16 samples", "read, then levelDbfsOfPcm16", () => {
  pcm16FromBytesInto(wideBytes, wideOut);
  return levelDbfsOfPcm16(wideOut);
});
other("PCM16 from bytes, 480", "DataView", () => {
  for (let i = 0; i < 480; i++) pcmOut[i] = wideView.getInt16(i * 2, true);
});

await SpeexResampler.initPromise;

// The shared loop meets several ratios first, as it would in a server that talks to browsers.
const met = SAMPLE_RATES_HZ.flatMap((from) =>
  SAMPLE_RATES_HZ.filter((to) => to > from && to % from === 0).flatMap((to) => [
    { from, to },
    { from: to, to: from },
  ])
);
for (const { from, to } of met) {
  const resample = sharedLoopResampler(from, to);
  const frame = frameOf(from);
  for (let i = 0; i < 2000; i++) resample(frame, pcmOut);
}

/** Two frames through a candidate must be two frames through `Resampler`, later by the filter. */
function checkCandidate(name: string, from: SampleRateHz, to: SampleRateHz): void {
  const frame = frameOf(from);
  const candidate = candidates[name]!(from);
  const resampler = new Resampler({ fromHz: from, toHz: to });
  const expected = new Int16Array(to / 25);
  const ready = resampler.process(frame, expected);
  resampler.process(frame, expected.subarray(ready));
  const made = new Int16Array(to / 25);
  candidate(frame, made);
  candidate(frame, made.subarray(to / 50));
  const later = to / 50 - ready;
  for (let i = later; i < made.length; i++) {
    if (Math.abs(made[i]! - expected[i - later]!) > 1) {
      throw new Error(
        `${name}, ${from} to ${to} Hz: ${made[i]} at ${i}, not ${expected[i - later]}`,
      );
    }
  }
}
const candidates: Record<string, (from: number) => ReturnType<typeof foldedUp3>> = {
  "plain loop, shared by all ratios": (from) =>
    sharedLoopResampler(from, from === 8000 ? 24000 : 8000),
  "plain loop of its own, folded": (from) => from === 8000 ? foldedUp3() : foldedDown3(),
};

for (const [from, to] of [[8000, 24000], [24000, 8000]] as const) {
  const group = `resample ${from / 1000} to ${to / 1000} kHz, 20 ms`;
  const frame = frameOf(from);
  const resampler = new Resampler({ fromHz: from, toHz: to });
  ours(group, "Resampler, Int16", () => resampler.process(frame, pcmOut));
  for (const name of Object.keys(candidates)) {
    checkCandidate(name, from, to);
    const candidate = candidates[name]!(from);
    other(group, name, () => candidate(frame, pcmOut));
  }
  const bytes = Buffer.from(frame.buffer);
  for (const quality of [5, 10]) {
    const peer = new SpeexResampler(1, from, to, quality);
    other(group, `speex-resampler, quality ${quality}`, () => peer.processChunk(bytes));
  }
}

for (const from of SAMPLE_RATES_HZ) {
  for (const to of SAMPLE_RATES_HZ) {
    if (from === to || (from + to === 32000 && from !== 16000)) continue;
    const resampler = new Resampler({ fromHz: from, toHz: to });
    const frame = frameOf(from);
    ours(
      "resample, other ratios, 20 ms",
      `${from / 1000} to ${to / 1000} kHz`,
      () => resampler.process(frame, pcmOut),
    );
  }
}

/** In the order in which they are shown. */
export const MEDIA_CASES: readonly MediaCase[] = cases;
