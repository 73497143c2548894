import { assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import {
  convolve,
  OUTPUT_AT,
  ROW_HEADER_BYTES,
  scratchFloats,
  scratchInts,
  TAPS_MULTIPLE,
  WINDOW_AT,
} from "./resampler_kernel.ts";
import { resamplerRows } from "./resampler_rows.ts";
import { seeded } from "../tests/random.ts";

/** The module's text, run as TypeScript. */
function plainConvolve(window: number, row: number, count: number, rowBytes: number): number[] {
  const outputs = [];
  for (let n = 0; n < count; n++) {
    let sum = 0;
    for (let i = 0; i < rowBytes; i += 4) {
      sum += scratchFloats[(window + i) / 4]! * scratchFloats[(row + ROW_HEADER_BYTES + i) / 4]!;
    }
    outputs.push(sum);
    window += scratchInts[row / 4]!;
    row = scratchInts[row / 4 + 1]!;
  }
  return outputs;
}

describe("resampler kernel", () => {
  const ratios = [[8, 16], [8, 24], [8, 48], [16, 24], [16, 8], [24, 8], [48, 8], [
    24,
    16,
  ]] as const;

  it("computes what its text says, for every ratio, phase and a count that ends mid-period", () => {
    const random = seeded(1);
    for (const [from, to] of ratios) {
      const { up, taps, address, rowStrideBytes } = resamplerRows(from, to);
      assertEquals(taps % TAPS_MULTIPLE, 0);
      for (let i = 0; i < 400; i++) scratchFloats[WINDOW_AT / 4 + i] = random() * 2 - 1;
      for (let phase = 0; phase < up; phase++) {
        const row = address + phase * rowStrideBytes;
        const count = 3 * up + 1;
        scratchFloats[OUTPUT_AT / 4 + count] = 77;
        convolve(WINDOW_AT, row, OUTPUT_AT, OUTPUT_AT + count * 4, taps * 4);
        for (const [n, expected] of plainConvolve(WINDOW_AT, row, count, taps * 4).entries()) {
          // Float32 sums of a few hundred products of at most 1 × 1.
          assertAlmostEquals(scratchFloats[OUTPUT_AT / 4 + n]!, expected, 1e-6);
        }
        assertEquals(scratchFloats[OUTPUT_AT / 4 + count], 77, "wrote past the end");
      }
    }
  });

  it("shares rows between equal ratios and keeps them clear of the window", () => {
    assertEquals(resamplerRows(8, 16).address, resamplerRows(24000, 48000).address);
    for (const [from, to] of ratios) {
      const { up, address, rowStrideBytes } = resamplerRows(from, to);
      assertEquals(address + up * rowStrideBytes <= WINDOW_AT, true);
    }
  });
});
