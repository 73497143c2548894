import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { byteRing, pcm16Ring, Ring, type RingWhenFull } from "./ring.ts";

/** What the ring should do, told with an ordinary array. */
class ArrayRing {
  items: number[] = [];
  lost = 0;
  constructor(readonly capacity: number, readonly whenFull: RingWhenFull) {}
  write(input: readonly number[]): number {
    let taken = 0;
    for (const item of input) {
      if (this.items.length === this.capacity) {
        this.lost++;
        if (this.whenFull === "refuse") continue;
        this.items.shift();
      }
      this.items.push(item);
      taken++;
    }
    return taken;
  }
}

const frame = fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 20 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), frame }),
  fc.record({ kind: fc.constant("read" as const), count: fc.nat(20) }),
  fc.record({ kind: fc.constant("peek" as const), count: fc.nat(20) }),
  fc.record({ kind: fc.constant("skip" as const), count: fc.integer({ min: -2, max: 20 }) }),
  fc.record({ kind: fc.constant("clear" as const) }),
);

describe("Ring", () => {
  for (const whenFull of ["overwrite-oldest", "refuse"] as const) {
    it(`does what an ordinary array would, in any order of calls: ${whenFull}`, () => {
      const run = fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(step),
        (capacity, steps) => {
          const ring = pcm16Ring(capacity, whenFull);
          const model = new ArrayRing(capacity, whenFull);
          for (const at of steps) {
            if (at.kind === "write") {
              assertEquals(ring.write(Int16Array.from(at.frame)), model.write(at.frame));
            } else if (at.kind === "read") {
              const out = new Int16Array(at.count);
              const read = ring.read(out);
              assertEquals([...out.subarray(0, read)], model.items.splice(0, at.count));
            } else if (at.kind === "peek") {
              const out = new Int16Array(at.count);
              const seen = ring.peekNewest(out);
              const newest = at.count === 0 ? [] : model.items.slice(-at.count);
              assertEquals([...out.subarray(0, seen)], newest);
            } else if (at.kind === "skip") {
              const gone = model.items.splice(0, Math.max(0, at.count));
              assertEquals(ring.skip(at.count), gone.length);
            } else {
              ring.clear();
              model.items = [];
              model.lost = 0;
            }
            assertEquals([ring.length, ring.lost], [model.items.length, model.lost]);
          }
        },
      );
      fc.assert(run, { numRuns: 150 });
    });
  }

  it("keeps the last 100 ms of 20 ms frames", () => {
    const ring = byteRing(800, "overwrite-oldest");
    for (let frame = 0; frame < 12; frame++) ring.write(new Uint8Array(160).fill(frame));
    const out = new Uint8Array(800);
    assertEquals(ring.peekNewest(out), 800);
    for (let i = 0; i < 800; i++) assertEquals(out[i], 7 + Math.floor(i / 160));
    assertEquals([ring.length, ring.lost], [800, 7 * 160]);
  });

  it("refuses a capacity of 0", () => {
    assertThrows(() => new Ring(new Uint8Array(0), "refuse"), RangeError, "capacity 0");
  });
});
