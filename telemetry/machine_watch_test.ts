import test from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CpuStealMonitor, parseProcStat, stealShare } from "./cpu_steal.ts";
import { LoopDelayMonitor } from "./loop_delay.ts";

const STAT = (steal: number, idle: number) =>
  `cpu  100 0 50 ${idle} 5 1 4 ${steal} 30 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2 3\n`;

test("parseProcStat sums eight states and leaves guest time, which user time holds, out", () => {
  assertEquals(parseProcStat(STAT(40, 800)), { steal: 40, total: 1000 });
});

test("parseProcStat answers null for text that has no steal field", () => {
  assertEquals(parseProcStat("cpu  1 2 3 4\n"), null);
  assertEquals(parseProcStat("cpu0 1 2 3 4 5 6 7 8\n"), null);
  assertEquals(parseProcStat("cpu  1 2 3 4 5 6 7 x\n"), null);
  assertEquals(parseProcStat(""), null);
});

test("stealShare is the stolen part of the time between two looks", () => {
  assertEquals(stealShare({ steal: 10, total: 1000 }, { steal: 30, total: 1100 }), 0.2);
  assertEquals(stealShare({ steal: 10, total: 1000 }, { steal: 10, total: 1000 }), null);
  // A machine that was moved may count backwards.
  assertEquals(stealShare({ steal: 10, total: 1000 }, { steal: 5, total: 1100 }), 0);
});

test("CpuStealMonitor answers for the stretch that its looks span, and forgets the oldest", async () => {
  const texts = [STAT(0, 840), STAT(50, 890), STAT(50, 990)];
  const monitor = new CpuStealMonitor(2, () => Promise.resolve(texts.shift()!));
  await monitor.look();
  assertEquals(monitor.share, null);
  await monitor.look();
  assertEquals(monitor.share, 0.5);
  await monitor.look();
  assertEquals(monitor.share, 0);
});

test("CpuStealMonitor: where there is no /proc/stat the share is null and nothing throws", async () => {
  const monitor = new CpuStealMonitor(2, () => Promise.reject(new Error("ENOENT")));
  await monitor.look();
  await monitor.look();
  assertEquals(monitor.share, null);
  assertThrows(() => new CpuStealMonitor(1), RangeError, "maxLooks is 1");
});

test("LoopDelayMonitor sees a loop that was blocked, and a quiet one", async () => {
  const told: number[] = [];
  const monitor = new LoopDelayMonitor(60_000, (delayMs) => told.push(delayMs));
  monitor.start();
  monitor.start();
  await new Promise((resolve) => setTimeout(resolve, 150));
  const endMs = performance.now() + 120;
  while (performance.now() < endMs);
  await new Promise((resolve) => setTimeout(resolve, 60));
  monitor.stop();
  const { p50, p99, max } = monitor.summary();
  assert(max !== null && max >= 95 && max < 1000, `max ${max}`);
  assert(p50 !== null && p50 < 20, `p50 ${p50}`);
  assert(p99 !== null && p99 <= max);
  assert(told.some((delayMs) => delayMs >= 95));
  const ticks = told.length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(told.length, ticks, "no tick after stop()");
});

test("LoopDelayMonitor measures from when each tick was due, start-up left out", () => {
  let now = 0;
  const told: number[] = [];
  const monitor = new LoopDelayMonitor(60_000, (delayMs) => told.push(delayMs), () => now);
  monitor.start();
  for (now of [500, 520, 541, 600, 605]) monitor.tick();
  monitor.stop();
  assertEquals(told, [0, 1, 39, 0]);
  assertEquals(monitor.summary().max, 39);
});
