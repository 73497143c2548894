import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import {
  decodeMulawInto,
  encodeMulawInto,
  MULAW_SILENCE,
  mulawToPcm16,
  pcm16ToMulaw,
} from "./mulaw.ts";

// ITU-T G.711, tables 2a and 2b, as printed: for each segment how many intervals, how wide, and the
// decision value at its end. The first interval is 1 wide, so that zero has a level of its own.
const SEGMENTS = [
  { intervals: 1, width: 1, endsAt: 1 },
  { intervals: 15, width: 2, endsAt: 31 },
  { intervals: 16, width: 4, endsAt: 95 },
  { intervals: 16, width: 8, endsAt: 223 },
  { intervals: 16, width: 16, endsAt: 479 },
  { intervals: 16, width: 32, endsAt: 991 },
  { intervals: 16, width: 64, endsAt: 2015 },
  { intervals: 16, width: 128, endsAt: 4063 },
  { intervals: 16, width: 256, endsAt: 8159 },
];
const DECISIONS = [0];
for (const { intervals, width, endsAt } of SEGMENTS) {
  for (let i = 0; i < intervals; i++) DECISIONS.push(DECISIONS.at(-1)! + width);
  assertEquals(DECISIONS.at(-1), endsAt);
}
/** Steps of the standard's 14-bit scale in the 16-bit one. */
const SCALE = 4;

/** Interval n of table 2a is sent as 255 − n when positive, as 127 − n when negative (table 2b). */
const intervalOf = (code: number) => (code >= 128 ? 255 - code : 127 - code);

describe("mulaw", () => {
  it("encodes all 65,536 samples within the decision interval of their code", () => {
    assertEquals(DECISIONS.length, 129);
    for (let sample = -32768; sample <= 32767; sample++) {
      const code = pcm16ToMulaw(sample);
      const interval = intervalOf(code);
      const magnitude = Math.abs(sample) / SCALE;
      assertEquals(code < 128, sample < 0, `sign of ${sample}`);
      assert(magnitude >= DECISIONS[interval]!, `${sample} is below interval ${interval}`);
      // The last interval takes what lies beyond the virtual decision value 8159.
      assert(interval === 127 || magnitude < DECISIONS[interval + 1]!, `${sample} is above`);
    }
  });

  it("decodes all 256 codes to the middle of their interval", () => {
    for (let code = 0; code < 256; code++) {
      const n = intervalOf(code);
      const middle = n === 0 ? 0 : ((DECISIONS[n]! + DECISIONS[n + 1]!) / 2) * SCALE;
      assertEquals(mulawToPcm16(code), code >= 128 || n === 0 ? middle : -middle, `code ${code}`);
    }
    assertEquals([mulawToPcm16(0x80), mulawToPcm16(0x00)], [32124, -32124]);
  });

  it("gives back all 256 codes, both zeros as the positive one", () => {
    for (let code = 0; code < 256; code++) {
      assertEquals(pcm16ToMulaw(mulawToPcm16(code)), code === 0x7f ? 0xff : code);
    }
    assertEquals(mulawToPcm16(MULAW_SILENCE), 0);
  });

  it("converts whole buffers as it does single values, leaving the rest of out alone", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const pcm = new Int16Array(300).fill(7);
    assertEquals(decodeMulawInto(bytes, pcm), 256);
    for (let code = 0; code < 256; code++) assertEquals(pcm[code], mulawToPcm16(code));
    assertEquals(pcm[256], 7);

    const every = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const encoded = new Uint8Array(65536);
    assertEquals(encodeMulawInto(every, encoded), 65536);
    for (let i = 0; i < 65536; i++) assert(encoded[i] === pcm16ToMulaw(i - 32768));
    assertEquals(encodeMulawInto(new Int16Array(0), new Uint8Array(0)), 0);
  });

  it("refuses an out that is too short, naming both lengths", () => {
    const decode = () => decodeMulawInto(new Uint8Array(160), new Int16Array(159));
    assertThrows(decode, RangeError, "out holds 159 samples, needs 160");
    const encode = () => encodeMulawInto(new Int16Array(160), new Uint8Array(80));
    assertThrows(encode, RangeError, "out holds 80 bytes, needs 160");
  });
});
