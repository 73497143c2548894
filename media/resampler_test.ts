import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { SAMPLE_RATES_HZ, type SampleRateHz } from "./format.ts";
import { Resampler } from "./resampler.ts";
import { seeded } from "../tests/random.ts";
import { asPcm16, sine, sweep } from "./test_signals.ts";

const RATIOS = SAMPLE_RATES_HZ.flatMap((fromHz) =>
  SAMPLE_RATES_HZ.map((toHz) => ({ fromHz, toHz }))
);
const ratio = fc.constantFrom(...RATIOS);

/** A whole stream in parts of the given sizes, the last one repeated, then flushed. */
function inParts(resampler: Resampler, input: Int16Array, sizes: number[]): Int16Array {
  const out = new Int16Array(Math.ceil((input.length * resampler.toHz) / resampler.fromHz) + 600);
  let written = 0;
  for (let from = 0, part = 0; from < input.length; part++) {
    const size = sizes[Math.min(part, sizes.length - 1)]!;
    written += resampler.process(input.subarray(from, from + size), out.subarray(written));
    from += size;
  }
  written += resampler.flush(out.subarray(written));
  return out.subarray(0, written);
}

describe("Resampler", () => {
  it("gives the same samples frame by frame as in one piece: sweep and sine, every ratio", () => {
    for (const { fromHz, toHz } of RATIOS) {
      const samples = fromHz / 4;
      for (const signal of [sweep(samples, 0.9), sine(samples, 997, fromHz, 0.9)]) {
        const pcm = asPcm16(signal);
        const wholePcm = inParts(new Resampler({ fromHz, toHz }), pcm, [samples]);
        assertEquals(inParts(new Resampler({ fromHz, toHz }), pcm, [fromHz / 50]), wholePcm);
      }
    }
  });

  it("gives the same samples for any frame sizes, empty and odd ones too", () => {
    const random = seeded(3);
    const noise = Int16Array.from({ length: 3000 }, () => random() * 65536 - 32768);
    const sizes = fc.array(fc.nat(1100), { maxLength: 12 }).map((list) => [...list, 161]);
    fc.assert(
      fc.property(ratio, sizes, fc.nat(3000), ({ fromHz, toHz }, list, samples) => {
        const input = noise.subarray(0, samples);
        const whole = inParts(new Resampler({ fromHz, toHz }), input, [3000]);
        assertEquals(inParts(new Resampler({ fromHz, toHz }), input, list), whole);
        assertEquals(whole.length, Math.ceil((samples * toHz) / fromHz));
      }),
      { numRuns: 150 },
    );
  });

  it("writes exactly the ratio once the filter is full, and delayMs less before", () => {
    for (const { fromHz, toHz } of RATIOS) {
      const resampler = new Resampler({ fromHz, toHz });
      const frame = new Int16Array(fromHz / 50);
      const out = new Int16Array(resampler.outputCapacity(frame.length));
      const first = resampler.process(frame, out);
      const lateSamples = (resampler.delayMs * toHz) / 1000;
      assert(Math.abs(toHz / 50 - first - lateSamples) < 1, `${fromHz} to ${toHz}: ${first}`);
      for (let i = 0; i < 5; i++) assertEquals(resampler.process(frame, out), toHz / 50);
    }
  });

  it("keeps time: a pulse comes out at the instant it went in, at its height", () => {
    for (const { fromHz, toHz } of RATIOS) {
      // A raised cosine 2 ms wide whose top is at 50 ms.
      const at = (seconds: number) =>
        Math.abs(seconds - 0.05) < 0.001
          ? 0.5 + 0.5 * Math.cos((seconds - 0.05) * 1000 * Math.PI)
          : 0;
      const input = Float32Array.from({ length: fromHz / 10 }, (_, i) => at(i / fromHz));
      const output = inParts(new Resampler({ fromHz, toHz }), asPcm16(input), [160]);
      for (const [i, sample] of output.entries()) {
        assertAlmostEquals(sample / 32767, at(i / toHz), 0.01);
      }
    }
  });

  it("holds a constant without a tone at the ratio's period", () => {
    for (const { fromHz, toHz } of RATIOS) {
      const out = inParts(new Resampler({ fromHz, toHz }), new Int16Array(1600).fill(12345), [160]);
      const middle = out.subarray(out.length / 2 - 50, out.length / 2 + 50);
      assertEquals([...new Set(middle)], [12345]);
    }
  });

  it("starts anew after flush and after reset", () => {
    const signal = asPcm16(sweep(800, 0.9));
    for (const { fromHz, toHz } of RATIOS) {
      const fresh = inParts(new Resampler({ fromHz, toHz }), signal, [160]);
      const used = new Resampler({ fromHz, toHz });
      inParts(used, asPcm16(sine(777, 440, 8000, 0.9)), [160]);
      assertEquals(inParts(used, signal, [160]), fresh);
      used.process(signal.subarray(0, 501), new Int16Array(4000));
      used.reset();
      assertEquals(inParts(used, signal, [160]), fresh);
      assertEquals(used.flush(new Int16Array(0)), 0);
    }
  });

  it("keeps interleaved streams apart, though they share one scratch memory", () => {
    const signal = asPcm16(sweep(1600, 0.9));
    const expected = RATIOS.map((rates) => inParts(new Resampler(rates), signal, [160]));
    const streams = RATIOS.map((rates) => ({
      resampler: new Resampler(rates),
      made: [] as number[],
    }));
    const out = new Int16Array(2000);
    for (let from = 0; from < signal.length; from += 160) {
      for (const { resampler, made } of streams) {
        const written = resampler.process(signal.subarray(from, from + 160), out);
        made.push(...out.subarray(0, written));
      }
    }
    for (const [i, { resampler, made }] of streams.entries()) {
      made.push(...out.subarray(0, resampler.flush(out)));
      assertEquals(made, [...expected[i]!]);
    }
  });

  it("clips at full scale instead of wrapping around", () => {
    const square = Int16Array.from({ length: 1600 }, (_, i) => i % 16 < 8 ? 32767 : -32768);
    for (const { fromHz, toHz } of RATIOS) {
      const out = inParts(new Resampler({ fromHz, toHz }), square, [160]);
      const quarter = square.map((sample) => sample >> 2);
      const unclipped = inParts(new Resampler({ fromHz, toHz }), quarter, [160]);
      for (let i = 0; i < out.length; i++) {
        const wanted = Math.max(-32768, Math.min(32767, unclipped[i]! * 4));
        // A quarter is cut by up to 3 of 32768, and rounded.
        assert(Math.abs(out[i]! - wanted) <= 8, `${fromHz} to ${toHz} at ${i}`);
      }
    }
  });

  it("refuses an out that is too short and keeps the stream as it was", () => {
    const signal = asPcm16(sweep(480, 0.9));
    const untouched = new Resampler({ fromHz: 8000, toHz: 24000 });
    const tried = new Resampler({ fromHz: 8000, toHz: 24000 });
    const out = [new Int16Array(480), new Int16Array(480)] as const;
    untouched.process(signal.subarray(0, 160), out[0]);
    tried.process(signal.subarray(0, 160), out[1]);
    const short = () => tried.process(signal.subarray(160, 320), new Int16Array(479));
    assertThrows(short, RangeError, "out holds 479 samples, needs 480");
    assertThrows(
      () => tried.flush(new Int16Array(58)),
      RangeError,
      "out holds 58 samples, needs 59",
    );
    untouched.process(signal.subarray(160), new Int16Array(960));
    tried.process(signal.subarray(160), new Int16Array(960));
    assertEquals([tried.flush(out[1]), untouched.flush(out[0])], [59, 59]);
    assertEquals(out[1].subarray(0, 59), out[0].subarray(0, 59));
    const copy = new Resampler({ fromHz: 8000, toHz: 8000 });
    assertThrows(() => copy.process(new Int16Array(2), new Int16Array(1)), RangeError, "needs 2");
  });

  it("refuses rates it does not know and inputs above maxInputSamples", () => {
    const make = (fromHz: number, toHz: number, maxInputSamples?: number) => () =>
      new Resampler({
        fromHz: fromHz as SampleRateHz,
        toHz: toHz as SampleRateHz,
        ...(maxInputSamples === undefined ? {} : { maxInputSamples }),
      });
    assertThrows(make(44100, 8000), RangeError, "fromHz is 44100");
    assertThrows(make(8000, NaN), RangeError, "toHz is NaN");
    assertThrows(make(8000, 24000, 0), RangeError, "maxInputSamples is 0");
    assertThrows(make(8000, 24000, NaN), RangeError, "maxInputSamples is NaN");
    const bounded = make(8000, 24000, 160)();
    assertEquals(bounded.process(new Int16Array(160), new Int16Array(480)), 421);
    const long = () => bounded.process(new Int16Array(161), new Int16Array(960));
    assertThrows(long, RangeError, "input has 161 samples, may have 160");
  });
});
