import test from "node:test";
import { assertEquals } from "@std/assert";
import { RollingCounts } from "./rolling_counts.ts";

test("RollingCounts counts what happened within the window, by name", () => {
  const counts = new RollingCounts<"a" | "b">(1000);
  for (let ms = 0; ms < 1000; ms += 100) counts.add("a", ms);
  counts.add("b", 950);
  assertEquals([counts.of("a", 999), counts.of("b", 999)], [10, 1]);
});

test("RollingCounts forgets, a tenth of the window at a time, whether or not more comes", () => {
  const counts = new RollingCounts<"a">(1000);
  for (let ms = 0; ms < 1000; ms += 100) counts.add("a", ms);
  assertEquals([1000, 1500, 1899, 1900, 9e9].map((ms) => counts.of("a", ms)), [9, 4, 1, 0, 0]);
  counts.add("a", 9e9);
  assertEquals(counts.of("a", 9e9), 1);
});
