import { test } from "node:test";
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { PCM_24K } from "../media/format.ts";
import { PlayoutQueue } from "./playout_queue.ts";

/** PCM whose samples count up, so that each pair of bytes tells whether it is a whole sample. */
const counted = (samples: number) =>
  new Uint8Array(Int16Array.from({ length: samples }, (_, i) => i).buffer);

test("after a hold at any time, what is sent again begins with a whole sample", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 4801 }), { minLength: 1, maxLength: 12 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (sizes, share) => {
      const queue = new PlayoutQueue(PCM_24K, 40);
      const bytes = counted(40_000);
      let at = 0;
      for (const size of sizes) {
        const payload = bytes.subarray(at, at + size).toBase64();
        at += size;
        queue.add("item", payload, queue.durationMs(payload), false);
      }
      const positionMs = queue.receivedMs * share;
      while (queue.waiting > 0) queue.take();
      queue.goBackTo(positionMs);
      const sent: number[] = [];
      let fromMs = positionMs;
      while (queue.waiting > 0) {
        const chunk = queue.take();
        sent.push(...Uint8Array.fromBase64(queue.cut(chunk, fromMs - chunk.startMs)));
        fromMs = chunk.endMs;
      }
      const samples = new Int16Array(new Uint8Array(sent.slice(0, sent.length & ~1)).buffer);
      // Every sample is the next one, and at most 0.3 ms are missing or heard twice.
      for (let i = 1; i < samples.length; i++) assertEquals(samples[i], samples[i - 1]! + 1);
      if (samples.length === 0) return;
      const seamSamples = Math.abs(samples[0]! - positionMs * 24);
      assertEquals(seamSamples <= 7, true, `${samples[0]} at ${positionMs * 24}`);
    },
  ));
});
