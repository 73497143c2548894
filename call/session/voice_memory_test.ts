import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PCM_24K, PCMU } from "../../media/format.ts";
import { VoiceMemory } from "./voice_memory.ts";

/** Frames of 20 ms at 8 bytes a ms, whose bytes count the 20 ms that have passed. */
function fed(frames: number, keepFromMs = Infinity): VoiceMemory {
  const memory = new VoiceMemory(PCMU);
  memory.keepFromMs = keepFromMs;
  for (let n = 1; n <= frames; n++) memory.push(new Uint8Array(160).fill(n), n * 20);
  return memory;
}

test("gives back what was heard between two times", () => {
  const heard = fed(50).between(200, 260);
  assertEquals([...new Set(heard)], [11, 12, 13]);
  assertEquals(heard.length, 60 * 8);
});

test("keeps what nobody has answered, however long ago it began, up to 30 s", () => {
  assertEquals(fed(1400, 0).between(0).length, 1400 * 160);
  const long = fed(3000, 0).between(0).length / 8;
  assert(long > 20_000 && long <= 30_000, `${long} ms`);
});

test("of a caller who says nothing the last moments are kept, and what was kept once is let go of", () => {
  const memory = fed(1400, 0);
  memory.keepFromMs = Infinity;
  for (let n = 1401; n <= 3000; n++) memory.push(new Uint8Array(160), n * 20);
  const ms = memory.between(0).length / 8;
  assert(ms >= 600 && ms <= 2000, `${ms} ms`);
});

test("never cuts a sample, wherever frames and times fall", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 300 }),
    fc.integer({ min: 0, max: 9000 }),
    fc.integer({ min: 0, max: 9000 }),
    (lengths, fromMs, toMs) => {
      const memory = new VoiceMemory(PCM_24K);
      let nowMs = 0, value = 0;
      for (const length of lengths) {
        const samples = Int16Array.from({ length }, () => value++);
        nowMs += length / 24;
        memory.push(new Uint8Array(samples.buffer), nowMs);
      }
      const bytes = memory.between(fromMs, toMs);
      assertEquals(bytes.length % 2, 0);
      const samples = new Int16Array(bytes.buffer, 0, bytes.length / 2);
      for (let i = 1; i < samples.length; i++) {
        assertEquals((samples[i]! - samples[i - 1]!) & 0xffff, 1);
      }
    },
  ));
});
