import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import {
  floatFromPcm16Into,
  pcm16FromBytesInto,
  pcm16FromFloatInto,
  pcm16ToBytesInto,
  pcm16View,
} from "./pcm.ts";

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
      assertEquals([...pcm16View(even)], [...pcm]);
    });
    fc.assert(run, { numRuns: 100 });
  });

  it("views even offsets without a copy and copies odd ones", () => {
    const memory = new Uint8Array(10);
    const view = pcm16View(memory.subarray(2, 6));
    assertEquals(view.buffer === memory.buffer, true);
    assertEquals(view.length, 2);
    assertEquals(pcm16View(memory.subarray(1, 5)).buffer === memory.buffer, false);
  });

  it("refuses an odd number of bytes and an out that is too short", () => {
    const odd = () => pcm16FromBytesInto(new Uint8Array(3), new Int16Array(9));
    assertThrows(odd, RangeError, "3 bytes, needs an even number");
    assertThrows(() => pcm16View(new Uint8Array(5)), RangeError, "5 bytes");
    const read = () => pcm16FromBytesInto(new Uint8Array(8), new Int16Array(3));
    assertThrows(read, RangeError, "out holds 3 samples, needs 4");
    const write = () => pcm16ToBytesInto(new Int16Array(4), new Uint8Array(7));
    assertThrows(write, RangeError, "out holds 7 bytes, needs 8");
    const toFloat = () => floatFromPcm16Into(new Int16Array(4), new Float32Array(3));
    assertThrows(toFloat, RangeError, "out holds 3 floats, needs 4");
    const toPcm = () => pcm16FromFloatInto(new Float32Array(4), new Int16Array(3));
    assertThrows(toPcm, RangeError, "out holds 3 samples, needs 4");
  });

  it("takes empty frames", () => {
    assertEquals(pcm16FromBytesInto(new Uint8Array(0), new Int16Array(0)), 0);
    assertEquals(pcm16ToBytesInto(new Int16Array(0), new Uint8Array(0)), 0);
    assertEquals(pcm16View(new Uint8Array(0)).length, 0);
    assertEquals(pcm16FromFloatInto(new Float32Array(0), new Int16Array(0)), 0);
  });

  it("gives back all 65,536 samples through floats", () => {
    const floats = new Float32Array(65536);
    const back = new Int16Array(65536);
    assertEquals(floatFromPcm16Into(EVERY_SAMPLE, floats), 65536);
    assertEquals([floats[0], floats[32768], floats[65535]], [-1, 0, 32767 / 32768]);
    assertEquals(pcm16FromFloatInto(floats, back), 65536);
    assertEquals(back, EVERY_SAMPLE);
  });

  it("clips beyond full scale, rounds to the nearest, and makes NaN silent", () => {
    const step = 1 / 32768;
    const cases = [
      [1, 32767],
      [-1, -32768],
      [1.5, 32767],
      [-7, -32768],
      [Infinity, 32767],
      [-Infinity, -32768],
      [3e38, 32767],
      [NaN, 0],
      [-0, 0],
      [1e-40, 0],
      [-1e-40, 0],
      [0.49 * step, 0],
      [0.5 * step, 1],
      [-0.5 * step, 0],
      [-0.51 * step, -1],
    ] as const;
    const out = new Int16Array(1);
    for (const [float, sample] of cases) {
      pcm16FromFloatInto(Float32Array.of(float), out);
      assertEquals(out[0], sample, `${float}`);
    }
  });
});
