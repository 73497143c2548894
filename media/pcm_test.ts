import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { pcm16FromBytesInto, pcm16ToBytesInto } from "./pcm.ts";

const EVERY_SAMPLE = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);

describe("pcm", () => {
  it("reads and writes the low byte first", () => {
    const bytes = Uint8Array.of(0x34, 0x12, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f);
    const pcm = new Int16Array(4);
    assertEquals(pcm16FromBytesInto(bytes, pcm), 4);
    assertEquals([...pcm], [0x1234, -1, -32768, 32767]);
    const back = new Uint8Array(9).fill(9);
    assertEquals(pcm16ToBytesInto(pcm, back), 8);
    assertEquals([...back], [...bytes, 9]);
  });

  it("agrees with DataView at any offset", () => {
    const run = fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (data, odd) => {
      const bytes = new Uint8Array(data.length + 1).subarray(odd ? 1 : 0).subarray(0, data.length);
      bytes.set(data);
      const even = bytes.subarray(0, bytes.length & ~1);
      const view = new DataView(even.buffer, even.byteOffset, even.length);
      const pcm = new Int16Array(even.length / 2);
      pcm16FromBytesInto(even, pcm);
      for (let i = 0; i < pcm.length; i++) assertEquals(pcm[i], view.getInt16(i * 2, true));
    });
    fc.assert(run, { numRuns: 100 });
  });

  it("refuses an odd number of bytes and an out that is too short", () => {
    const odd = () => pcm16FromBytesInto(new Uint8Array(3), new Int16Array(9));
    assertThrows(odd, RangeError, "3 bytes, needs an even number");
    const read = () => pcm16FromBytesInto(new Uint8Array(8), new Int16Array(3));
    assertThrows(read, RangeError, "out holds 3 samples, needs 4");
    const write = () => pcm16ToBytesInto(new Int16Array(4), new Uint8Array(7));
    assertThrows(write, RangeError, "out holds 7 bytes, needs 8");
  });

  it("takes empty frames", () => {
    assertEquals(pcm16FromBytesInto(new Uint8Array(0), new Int16Array(0)), 0);
    assertEquals(pcm16ToBytesInto(new Int16Array(0), new Uint8Array(0)), 0);
  });

  it("gives back all 65,536 samples through bytes", () => {
    const bytes = new Uint8Array(131072);
    const back = new Int16Array(65536);
    assertEquals(pcm16ToBytesInto(EVERY_SAMPLE, bytes), 131072);
    assertEquals(pcm16FromBytesInto(bytes, back), 65536);
    assertEquals(back, EVERY_SAMPLE);
  });
});
