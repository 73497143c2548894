import test from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { FrameWatch } from "./frame_watch.ts";

function watched(options: { warnEveryMs?: number } = {}) {
  const clock = { nowMs: 0 };
  const warnings: [string, Record<string, number>][] = [];
  const watch = new FrameWatch((sentence, fields) => warnings.push([sentence, fields]), {
    ...options,
    now: () => clock.nowMs,
  });
  const frame = (tookMs: number) => {
    watch.began();
    clock.nowMs += tookMs;
    watch.ended();
  };
  return { clock, warnings, watch, frame };
}

test("FrameWatch is silent about frames of 5 ms and less", () => {
  const { watch, warnings, frame } = watched();
  for (const tookMs of [0, 0.01, 4.9, 5]) frame(tookMs);
  assertEquals([watch.slowFrames, warnings.length], [0, 0]);
});

test("FrameWatch warns of the first slow frame at once", () => {
  const { watch, warnings, frame } = watched();
  frame(7.25);
  assertEquals(watch.slowFrames, 1);
  assertEquals(warnings, [["Handling a frame took too long", {
    worstMs: 7.3,
    count: 1,
    limitMs: 5,
  }]]);
});

test("FrameWatch takes the time of the caller's own look at the clock", () => {
  const { clock, watch } = watched();
  clock.nowMs = 100;
  watch.began(94);
  watch.ended();
  watch.began(95);
  watch.ended();
  assertEquals(watch.slowFrames, 1);
});

test("FrameWatch counts all slow frames but warns once in a while, with the worst and the number", () => {
  const { clock, watch, warnings, frame } = watched({ warnEveryMs: 10_000 });
  frame(6);
  for (let i = 0; i < 100; i++) frame(i === 50 ? 30 : 6);
  assertEquals(warnings.length, 1);
  clock.nowMs = 20_000;
  frame(8);
  assertEquals(watch.slowFrames, 102);
  assertEquals(warnings.length, 2);
  assertEquals(warnings[1]![1], { worstMs: 30, count: 101, limitMs: 5 });
});

test("FrameWatch: a storm of ten minutes makes at most 61 warnings", () => {
  const { clock, warnings, frame } = watched({ warnEveryMs: 10_000 });
  while (clock.nowMs < 600_000) frame(20);
  assertEquals(warnings.length <= 61, true);
});

test("FrameWatch tells of a late loop apart from slow frames", () => {
  const { watch, warnings } = watched();
  watch.ticked(60, 100);
  watch.ticked(61, 200);
  assertEquals([watch.lateTicks, watch.slowFrames], [1, 0]);
  assertEquals(warnings, [["The event loop is late", { worstMs: 61, count: 1, limitMs: 60 }]]);
});

test("FrameWatch refuses limits that are not positive", () => {
  assertThrows(() => new FrameWatch(() => {}, { slowFrameMs: 0 }), RangeError, "slowFrameMs is 0");
  assertThrows(() => new FrameWatch(() => {}, { warnEveryMs: NaN }), RangeError, "warnEveryMs");
});
