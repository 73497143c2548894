import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import test from "node:test";
import { Tape } from "./tape.ts";

test("property: a tape gives back what a plain array would, whatever is appended and dropped", () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ drop: fc.integer({ min: 0, max: 6000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bound = 20_000;
      const tape = new Tape(bound);
      const all: number[] = [];
      let start = 0;
      for (const { append, drop } of steps as { append?: number; drop?: number }[]) {
        if (append !== undefined) {
          const bytes = Uint8Array.from({ length: append }, (_, i) => (all.length + i * 31) & 0xff);
          tape.append(bytes);
          all.push(...bytes);
          start = Math.max(start, all.length - bound);
        } else {
          start = Math.max(start, Math.min(start + drop!, all.length));
          tape.dropBefore(start);
        }
        assertEquals([tape.start, tape.end], [start, all.length]);
        const kept = tape.slice(0, Infinity);
        const wanted = all.slice(start);
        assert(kept.length === wanted.length && kept.every((byte, i) => byte === wanted[i]));
      }
    }),
    { numRuns: 100 },
  );
});

test("slice copies: it stays as it was when the tape goes on", () => {
  const tape = new Tape(100);
  tape.append(Uint8Array.of(1, 2, 3));
  const slice = tape.slice(1, 3);
  for (let i = 0; i < 50; i++) tape.append(new Uint8Array(10).fill(9));
  assertEquals([...slice], [2, 3]);
});
