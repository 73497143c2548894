import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { ALAW_SILENCE, alawToPcm16, decodeAlawInto, encodeAlawInto } from "./alaw.ts";

/** Encodes one sample. */
function pcm16ToAlaw(sample: number): number {
  const byte = new Uint8Array(1);
  encodeAlawInto(Int16Array.of(sample), byte);
  return byte[0]!;
}

// ITU-T G.711, tables 1a and 1b, as printed: for each segment how many intervals, how wide, and the
// decision value at its end.
const SEGMENTS = [
  { intervals: 32, width: 2, endsAt: 64 },
  { intervals: 16, width: 4, endsAt: 128 },
  { intervals: 16, width: 8, endsAt: 256 },
  { intervals: 16, width: 16, endsAt: 512 },
  { intervals: 16, width: 32, endsAt: 1024 },
  { intervals: 16, width: 64, endsAt: 2048 },
  { intervals: 16, width: 128, endsAt: 4096 },
];
const DECISIONS = [0];
for (const { intervals, width, endsAt } of SEGMENTS) {
  for (let i = 0; i < intervals; i++) DECISIONS.push(DECISIONS.at(-1)! + width);
  assertEquals(DECISIONS.at(-1), endsAt);
}
/** Steps of the standard's 13-bit scale in the 16-bit one. */
const SCALE = 8;

/** The character signal counts intervals from 0; what is sent has its even bits inverted. */
const characterOf = (code: number) => code ^ 0b01010101;
const intervalOf = (code: number) => characterOf(code) & 127;
const isPositive = (code: number) => characterOf(code) >= 128;

describe("alaw", () => {
  it("encodes all 65,536 samples within the decision interval of their code", () => {
    assertEquals(DECISIONS.length, 129);
    for (let sample = -32768; sample <= 32767; sample++) {
      const code = pcm16ToAlaw(sample);
      const interval = intervalOf(code);
      const magnitude = Math.abs(sample) / SCALE;
      assertEquals(isPositive(code), sample >= 0, `sign of ${sample}`);
      assert(magnitude >= DECISIONS[interval]!, `${sample} is below interval ${interval}`);
      // -32768 is exactly the virtual decision value 4096, and belongs to the last interval.
      assert(interval === 127 || magnitude < DECISIONS[interval + 1]!, `${sample} is above`);
    }
  });

  it("decodes all 256 codes to the middle of their interval", () => {
    for (let code = 0; code < 256; code++) {
      const n = intervalOf(code);
      const middle = ((DECISIONS[n]! + DECISIONS[n + 1]!) / 2) * SCALE;
      assertEquals(alawToPcm16(code), isPositive(code) ? middle : -middle, `code ${code}`);
    }
    assertEquals([alawToPcm16(0xaa), alawToPcm16(0x2a)], [32256, -32256]);
  });

  it("gives back all 256 codes, and silence for zero", () => {
    for (let code = 0; code < 256; code++) assertEquals(pcm16ToAlaw(alawToPcm16(code)), code);
    assertEquals(pcm16ToAlaw(0), ALAW_SILENCE);
    assertEquals(alawToPcm16(ALAW_SILENCE), 8);
  });

  it("converts whole buffers as it does single values, leaving the rest of out alone", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const pcm = new Int16Array(300).fill(7);
    assertEquals(decodeAlawInto(bytes, pcm), 256);
    for (let code = 0; code < 256; code++) assertEquals(pcm[code], alawToPcm16(code));
    assertEquals(pcm[256], 7);

    const every = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const encoded = new Uint8Array(65536);
    assertEquals(encodeAlawInto(every, encoded), 65536);
    for (let i = 0; i < 65536; i++) assert(encoded[i] === pcm16ToAlaw(i - 32768));
    assertEquals(encodeAlawInto(new Int16Array(0), new Uint8Array(0)), 0);
  });

  it("refuses an out that is too short, naming both lengths", () => {
    const decode = () => decodeAlawInto(new Uint8Array(160), new Int16Array(159));
    assertThrows(decode, RangeError, "out holds 159 samples, needs 160");
    const encode = () => encodeAlawInto(new Int16Array(160), new Uint8Array(80));
    assertThrows(encode, RangeError, "out holds 80 bytes, needs 160");
  });
});
