import test from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Endpointing, ENDPOINTING_DEFAULTS } from "./endpointing.ts";

fc.configureGlobal({ seed: 20 });

const adaptive = (settings = {}) => new Endpointing({ mode: "adaptive", ...settings });

test("fixed is one number, whatever the caller's pauses", () => {
  const endpointing = new Endpointing({ mode: "fixed", silenceMs: 150 });
  for (let i = 0; i < 20; i++) endpointing.paused(900);
  assertEquals(endpointing.silenceMs(), 150);
});

test("adaptive begins with silenceMs", () => {
  for (const silenceMs of [150, 200, 400, 1200]) {
    assert(Math.abs(adaptive({ silenceMs }).silenceMs() - silenceMs) < 1e-9);
  }
});

test("one long pause is enough to be waited for the next time", () => {
  const endpointing = adaptive();
  endpointing.paused(700);
  assertGreater(endpointing.silenceMs(), 700);
});

test("a caller who pauses briefly is answered sooner and sooner", () => {
  const endpointing = adaptive({ silenceMs: 600 });
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    endpointing.paused(100 + 10 * (i % 3));
    waits.push(endpointing.silenceMs());
  }
  assertLess(waits.at(-1)!, 250);
  assertLess(waits[11]!, waits[5]!);
});

test("a caller whose pauses are all alike is waited for hardly longer than they last", () => {
  const endpointing = adaptive();
  for (let i = 0; i < 40; i++) endpointing.paused(400);
  assert(endpointing.silenceMs() >= 400 && endpointing.silenceMs() < 440);
});

test("one whose pauses differ is waited for longer than one whose pauses don't, of the same mean", () => {
  const even = adaptive(), uneven = adaptive();
  for (let i = 0; i < 20; i++) {
    even.paused(400);
    uneven.paused(i % 2 === 0 ? 200 : 600);
  }
  assertGreater(uneven.silenceMs(), even.silenceMs() + 300);
});

test("closures inside words teach nothing, nor does the time between two turns", () => {
  const { minPauseMs, maxPauseMs } = ENDPOINTING_DEFAULTS;
  const endpointing = adaptive();
  const before = endpointing.silenceMs();
  for (const ms of [0, minPauseMs - 1, maxPauseMs + 1, 5000, Infinity, NaN, -3]) {
    endpointing.paused(ms);
  }
  assertEquals(endpointing.silenceMs(), before);
});

test("property: whatever the pauses, the bounds hold", () => {
  const pauses = fc.array(fc.double({ min: -100, max: 3000, noNaN: false }), { maxLength: 60 });
  fc.assert(
    fc.property(pauses, (pauses) => {
      const endpointing = adaptive({ minSilenceMs: 180, silenceMs: 200, maxSilenceMs: 900 });
      for (const ms of pauses) {
        endpointing.paused(ms);
        const silenceMs = endpointing.silenceMs();
        assert(silenceMs >= 180 && silenceMs <= 900, `${silenceMs}`);
      }
    }),
    { numRuns: 300 },
  );
});

test("bounds that don't hold the beginning are refused, for adaptive alone", () => {
  assertThrows(() => adaptive({ silenceMs: 100 }), RangeError, "silenceMs is 100");
  assertThrows(() => adaptive({ silenceMs: 1300 }), RangeError, "wanted 150 to 1200");
  assertEquals(new Endpointing({ mode: "fixed", silenceMs: 100 }).silenceMs(), 100);
});
