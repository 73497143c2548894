import test from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RollingHistogram } from "./rolling_histogram.ts";

const OPTIONS = { windowMs: 60_000, slots: 6, highestMs: 10_000 };

test("RollingHistogram: an empty window has a count of 0 and no values", () => {
  const empty = new RollingHistogram(OPTIONS).summary(5);
  assertEquals(empty, {
    count: 0,
    avg: null,
    min: null,
    max: null,
    p50: null,
    p95: null,
    p99: null,
  });
});

test("RollingHistogram agrees with sorting all values: exact ends and average, percentiles to 0.1 %", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.nat(59_000),
      (values, spreadMs) => {
        const histogram = new RollingHistogram(OPTIONS);
        const startMs = 600_000;
        values.forEach((v, i) =>
          histogram.record(v, startMs + Math.floor(i * Math.min(spreadMs, 40_000) / values.length))
        );
        const got = histogram.summary(startMs + 40_000);
        const sorted = [...values].sort((a, b) => a - b);
        assertEquals(got.count, values.length);
        assertEquals(got.min, sorted[0]!);
        assertEquals(got.max, sorted.at(-1)!);
        assertAlmostEquals(got.avg!, values.reduce((a, b) => a + b) / values.length, 1e-6);
        for (const [percent, value] of [[50, got.p50!], [95, got.p95!], [99, got.p99!]] as const) {
          // The nearest rank, and one to either side for ties at a fraction's edge.
          const rank = Math.ceil(percent / 100 * sorted.length) - 1;
          const exact = sorted[rank]!;
          assertAlmostEquals(value, exact, exact * 0.001 + 0.15);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("RollingHistogram forgets values older than its window, one slot at a time", () => {
  const histogram = new RollingHistogram(OPTIONS);
  histogram.record(100, 0);
  histogram.record(200, 10_000);
  assertEquals(histogram.summary(59_999).count, 2);
  assertEquals(histogram.summary(60_000).count, 1);
  assertEquals(histogram.summary(60_000).min, 200);
  assertEquals(histogram.summary(70_000).count, 0);
});

test("RollingHistogram starts afresh after an idle time of many windows", () => {
  const histogram = new RollingHistogram(OPTIONS);
  histogram.record(100, 0);
  histogram.record(300, 60_000 * 1000);
  const got = histogram.summary(60_000 * 1000);
  assertEquals([got.count, got.min], [1, 300]);
});

test("RollingHistogram counts negative as 0, too large as the largest, and leaves NaN out", () => {
  const histogram = new RollingHistogram(OPTIONS);
  histogram.record(-5, 0);
  histogram.record(1e9, 0);
  histogram.record(Infinity, 0);
  histogram.record(NaN, 0);
  const got = histogram.summary(0);
  assertEquals([got.count, got.min, got.max], [3, 0, 10_000]);
  assert(got.p99! <= 10_000);
});

test("RollingHistogram refuses settings that cannot roll", () => {
  assertThrows(() => new RollingHistogram({ ...OPTIONS, slots: 1 }), RangeError, "slots is 1");
  assertThrows(
    () => new RollingHistogram({ ...OPTIONS, windowMs: 0 }),
    RangeError,
    "windowMs is 0",
  );
  assertThrows(() => new RollingHistogram({ ...OPTIONS, highestMs: 0 }), RangeError, "highestMs");
});
