import { assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { decodeInto, encodeInto, levelDbfsOf, silenceByte } from "./codec.ts";
import { bytesPerSample, PCM_24K, PCMA, PCMU } from "./format.ts";
import { levelDbfsOfPcm16 } from "./level.ts";
import { asPcm16, sine } from "./test_signals.ts";

const FORMATS = [PCMU, PCMA, PCM_24K];

describe("codec", () => {
  it("gives back in each format what was put in, as near as its steps are", () => {
    const pcm = asPcm16(sine(480, 440, 8000, 0.5));
    for (const format of FORMATS) {
      const bytes = new Uint8Array(480 * bytesPerSample(format));
      const back = new Int16Array(480);
      assertEquals(encodeInto(format, pcm, bytes), bytes.length);
      assertEquals(decodeInto(format, bytes, back), 480);
      const steps = format.encoding === "pcm16" ? 0 : 512;
      for (let i = 0; i < 480; i++) assertAlmostEquals(back[i]!, pcm[i]!, steps);
    }
  });

  it("measures the level of bytes as that of the samples they decode to", () => {
    const bytes = Uint8Array.from({ length: 960 }, (_, i) => (i * 37) ^ (i >> 3));
    for (const format of FORMATS) {
      const pcm = new Int16Array(960);
      const samples = pcm.subarray(0, decodeInto(format, bytes, pcm));
      assertAlmostEquals(levelDbfsOf(format, bytes), levelDbfsOfPcm16(samples), 1e-9);
      assertEquals(levelDbfsOf(format, bytes.subarray(0, 0)), -96);
    }
    // Half a sample at the end is not heard yet.
    const odd = levelDbfsOf(PCM_24K, bytes.subarray(0, 101));
    assertEquals(odd, levelDbfsOf(PCM_24K, bytes.subarray(0, 100)));
  });

  it("knows silence: as quiet as the format can be", () => {
    const levels = FORMATS.map((format) =>
      Math.round(levelDbfsOf(format, new Uint8Array(160).fill(silenceByte(format))))
    );
    assertEquals(levels, [-96, -72, -96]);
  });
});
