import { it } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readStamp, STAMP_BYTES, writeStamp } from "./stamp.ts";

it("readStamp gives back what writeStamp wrote, to 10 µs, at any offset", () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(time, fc.nat(100), (nowMs, offset) => {
      const bytes = new Uint8Array(offset + 160).fill(0xff);
      writeStamp(bytes.subarray(offset), nowMs);
      assertAlmostEquals(readStamp(bytes, offset), nowMs, 0.006);
      assert(bytes.every((byte) => byte >= 0xf0), "louder than the quietest codes");
    }),
    { numRuns: 300 },
  );
});

it("readStamp finds none in silence, in other audio, or in a stamp that was cut or changed", () => {
  assertEquals(readStamp(new Uint8Array(160).fill(0xff)), NaN);
  assertEquals(readStamp(Uint8Array.from({ length: 160 }, (_, i) => i)), NaN);
  const frame = new Uint8Array(160);
  writeStamp(frame, 1234.5);
  assertEquals(readStamp(frame.subarray(0, STAMP_BYTES - 1)), NaN);
  frame[5] = frame[5]! ^ 1;
  assertEquals(readStamp(frame), NaN);
});
