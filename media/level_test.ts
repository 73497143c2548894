import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { ALAW_SILENCE, decodeAlawInto } from "./alaw.ts";
import {
  dbfsOfMeanSquare,
  LEVEL_FLOOR_DBFS,
  levelDbfsOfAlaw,
  levelDbfsOfMulaw,
  levelDbfsOfPcm16,
} from "./level.ts";
import { decodeMulawInto, MULAW_SILENCE } from "./mulaw.ts";
import { seeded } from "../tests/random.ts";
import { asPcm16, sine } from "./test_signals.ts";

describe("level", () => {
  it("reads a square wave at full scale as 0 dBFS and a sine as -3.01", () => {
    const square = Int16Array.from({ length: 160 }, () => -32768);
    assertEquals(levelDbfsOfPcm16(square), 0);
    const full = asPcm16(sine(8000, 1000, 8000, 1));
    assertAlmostEquals(levelDbfsOfPcm16(full), -3.01, 0.01);
    assertAlmostEquals(levelDbfsOfPcm16(full.map((s) => s / 10)), -23.01, 0.02);
  });

  it("floors digital silence and empty frames at LEVEL_FLOOR_DBFS", () => {
    assertEquals(levelDbfsOfPcm16(new Int16Array(160)), LEVEL_FLOOR_DBFS);
    assertEquals(levelDbfsOfPcm16(new Int16Array(0)), LEVEL_FLOOR_DBFS);
    assertEquals(levelDbfsOfMulaw(new Uint8Array(160).fill(MULAW_SILENCE)), LEVEL_FLOOR_DBFS);
    assertEquals(levelDbfsOfMulaw(new Uint8Array(0)), LEVEL_FLOOR_DBFS);
    assertEquals(levelDbfsOfAlaw(new Uint8Array(0)), LEVEL_FLOOR_DBFS);
    assertEquals(dbfsOfMeanSquare(NaN), LEVEL_FLOOR_DBFS);
    assertAlmostEquals(levelDbfsOfAlaw(new Uint8Array(160).fill(ALAW_SILENCE)), -72.25, 0.01);
  });

  it("reads the loudest codes near full scale", () => {
    assertAlmostEquals(levelDbfsOfMulaw(new Uint8Array(160).fill(0x80)), -0.17, 0.01);
    assertAlmostEquals(levelDbfsOfAlaw(new Uint8Array(160).fill(0xaa)), -0.14, 0.01);
  });

  it("measures G.711 bytes as it measures the samples they decode to", () => {
    const random = seeded(7);
    const pcm = new Int16Array(160);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: 1 + (round % 160) }, () => random() * 256);
      const samples = pcm.subarray(0, bytes.length);
      decodeMulawInto(bytes, samples);
      assert(Math.abs(levelDbfsOfMulaw(bytes) - levelDbfsOfPcm16(samples)) < 1e-9);
      decodeAlawInto(bytes, samples);
      assert(Math.abs(levelDbfsOfAlaw(bytes) - levelDbfsOfPcm16(samples)) < 1e-9);
    }
  });
});
