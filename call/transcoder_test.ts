import test from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AudioFormat, bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { decodeInto } from "../media/codec.ts";
import { mulawToPcm16 } from "../media/mulaw.ts";
import { Transcoder } from "./transcoder.ts";

fc.configureGlobal({ seed: 20 });

const pcm = (sampleRateHz: 8000 | 16000 | 24000 | 48000): AudioFormat => ({
  encoding: "pcm16",
  sampleRateHz,
});
const FORMATS = [PCMU, PCMA, pcm(8000), pcm(16000), PCM_24K, pcm(48000)];

/** A 440 Hz tone of `ms` in any format. */
function tone(format: AudioFormat, ms: number): Uint8Array {
  const samples = new Int16Array(format.sampleRateHz * ms / 1000);
  for (let i = 0; i < samples.length; i++) {
    samples[i] = 8000 * Math.sin(2 * Math.PI * 440 * i / format.sampleRateHz);
  }
  const bytes = new Uint8Array(samples.buffer);
  const from = pcm(format.sampleRateHz);
  return format.encoding === "pcm16"
    ? bytes
    : new Transcoder(from, format, ms).convert(bytes).slice();
}

/** Loudness of a tone in samples, so that formats can be compared. */
function rms(format: AudioFormat, bytes: Uint8Array): number {
  const samples = new Int16Array(bytes.length);
  const count = decodeInto(format, bytes, samples);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += samples[i]! ** 2;
  return Math.sqrt(sum / count);
}

/** `bytes` converted in pieces of the given lengths, over and over. */
function inPieces(
  transcoder: Transcoder,
  bytes: Uint8Array,
  lengths: readonly number[],
): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!;
    pieces.push(transcoder.convert(bytes.subarray(at, at + length)).slice());
    at += length;
  }
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

test("between every two formats a tone keeps its length and its loudness", () => {
  for (const from of FORMATS) {
    for (const to of FORMATS) {
      const name = `${from.encoding} ${from.sampleRateHz} to ${to.encoding} ${to.sampleRateHz}`;
      const out = new Transcoder(from, to, 500).convert(tone(from, 500));
      const ms = out.length / bytesPerMs(to);
      // A resampler keeps back its filter's delay.
      assert(ms > 495 && ms <= 500, `${name}: ${ms} ms`);
      // A-law and µ-law in tandem cost the most: 2.2 %.
      assertAlmostEquals(rms(to, out) / (8000 / Math.SQRT2), 1, 0.025, name);
    }
  }
});

test("idle tells that pieces may be passed by", () => {
  for (const from of FORMATS) {
    for (const to of FORMATS) {
      assertEquals(new Transcoder(from, to, 20).idle, from === to);
    }
  }
});

test("between equal formats bytes come out as they went in", () => {
  for (const format of [pcm(8000), PCM_24K, PCMU, PCMA]) {
    const bytes = tone(format, 20);
    assertEquals(new Transcoder(format, format, 20).convert(bytes), bytes);
  }
});

test("µ-law is decoded sample by sample", () => {
  const all = Uint8Array.from({ length: 256 }, (_, code) => code);
  const out = new Transcoder(PCMU, pcm(8000), 32).convert(all);
  const samples = new Int16Array(256);
  decodeInto(pcm(8000), out, samples);
  assertEquals([...samples], [...all].map(mulawToPcm16));
});

test("however the audio is cut, the seams are not heard", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 });
  const pair = fc.constantFrom(
    [PCMU, PCM_24K] as const,
    [pcm(48000), PCMU] as const,
    [pcm(16000), PCM_24K] as const,
  );
  fc.assert(
    fc.property(pair, lengths, ([from, to], cuts) => {
      const sampleBytes = from.encoding === "pcm16" ? 2 : 1;
      const bytes = tone(from, 100);
      const whole = new Transcoder(from, to, 100).convert(bytes).slice();
      const cut = inPieces(new Transcoder(from, to, 100), bytes, cuts.map((n) => n * sampleBytes));
      assertEquals(cut, whole);
    }),
    { numRuns: 40 },
  );
});

test("after reset nothing of the past is left", () => {
  const used = new Transcoder(PCMU, PCM_24K, 100);
  used.convert(tone(PCMU, 100));
  used.reset();
  const fresh = new Transcoder(PCMU, PCM_24K, 100);
  assertEquals(used.convert(tone(PCMU, 20)).slice(), fresh.convert(tone(PCMU, 20)).slice());
});

test("a piece that is longer than was agreed, or half a sample, is refused", () => {
  assertThrows(() => new Transcoder(PCMU, PCM_24K, 20).convert(new Uint8Array(161)), RangeError);
  assertThrows(() => new Transcoder(PCM_24K, PCMU, 20).convert(new Uint8Array(3)), RangeError);
  assertEquals(new Transcoder(PCMU, PCM_24K, 20).convert(new Uint8Array(0)).length, 0);
});

test("the answer is a view of the transcoder's own memory: nothing is allocated for it", () => {
  const transcoder = new Transcoder(PCMU, PCM_24K, 20);
  const first = transcoder.convert(tone(PCMU, 20));
  assert(first.buffer === transcoder.convert(tone(PCMU, 20)).buffer);
});
