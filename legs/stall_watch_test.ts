import test from "node:test";
import { assertEquals } from "@std/assert";
import { STALL_DEFAULTS, StallWatch } from "./stall_watch.ts";

const SETTINGS = { stallMs: 750, maxStallMs: 30_000 };

/** Looks every 100 ms from `fromMs` on, and says how much silence each look wanted. */
function looks(watch: StallWatch, fromMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => watch.look(fromMs + i * 100));
}

const sum = (all: number[]) => all.reduce((total, ms) => total + ms, 0);

test("a still stream is silent at once for what was missed, and then at real pace", () => {
  const watch = new StallWatch(SETTINGS);
  watch.look(0);
  watch.heard();
  assertEquals(looks(watch, 100, 12), [0, 0, 0, 0, 0, 0, 0, 0, 800, 100, 100, 100]);
});

test("silence stops as soon as audio is back, and the leg is told how much there was", () => {
  const watch = new StallWatch(SETTINGS);
  watch.look(0);
  assertEquals(watch.heard(), 0);
  const filledMs = sum(looks(watch, 100, 25));
  assertEquals(filledMs, 2400);
  assertEquals(watch.heard(), 2400);
  assertEquals(watch.heard(), 0);
  assertEquals(looks(watch, 2600, 8), [0, 0, 0, 0, 0, 0, 0, 0]);
  // And the next stall is one of its own.
  assertEquals(looks(watch, 3400, 2), [800, 100]);
});

test("one stall is filled up to its bound and no further", () => {
  const watch = new StallWatch(SETTINGS);
  watch.look(0);
  watch.heard();
  assertEquals(sum(looks(watch, 100, 1000)), 30_000);
  assertEquals(sum(looks(watch, 100_100, 1000)), 0);
  assertEquals(watch.heard(), 30_000);
});

test("nobody is missed who never spoke: a caller who only types has no stall", () => {
  const watch = new StallWatch(SETTINGS);
  assertEquals(sum(looks(watch, 0, 1000)), 0);
});

test("while audio comes nothing is filled, however the looks fall", () => {
  const watch = new StallWatch(SETTINGS);
  let filledMs = 0;
  for (let ms = 0; ms < 60_000; ms += 20) {
    watch.heard();
    if (ms % 100 === 60) filledMs += watch.look(ms);
  }
  assertEquals(filledMs, 0);
});

test("the silence never runs ahead of the stall, wherever the last frame fell", () => {
  for (let lastMs = 0; lastMs < 100; lastMs += 10) {
    const watch = new StallWatch(SETTINGS);
    watch.look(0);
    watch.heard(); // at `lastMs`, between two looks
    let filledMs = 0;
    for (let ms = 100; ms <= 5000; ms += 100) {
      filledMs += watch.look(ms);
      const behindMs = ms - lastMs - filledMs;
      assertEquals(behindMs >= 0, true, `${behindMs} ms behind at ${ms}`);
      if (filledMs > 0) assertEquals(behindMs <= 100, true, `${behindMs} ms behind at ${ms}`);
    }
  }
});

test("a process that stood still itself takes no caller for silent", () => {
  const watch = new StallWatch(SETTINGS);
  watch.look(0);
  watch.heard();
  watch.look(100);
  // Two seconds of something else. The frames of this time wait in the socket, behind the look.
  assertEquals(watch.look(2100), 0);
  watch.heard();
  assertEquals(looks(watch, 2200, 5), [0, 0, 0, 0, 0]);
});

test("silence comes in whole frames, and none is lost to the rounding", () => {
  const watch = new StallWatch(SETTINGS);
  watch.look(0);
  watch.heard();
  let filledMs = 0;
  let atMs = 0;
  while (atMs < 10_000) {
    atMs += 101.7;
    const ms = watch.look(atMs);
    assertEquals(ms % 20, 0);
    filledMs += ms;
  }
  assertEquals(atMs - filledMs < 101.7 + 20, true, `${filledMs} ms in ${atMs}`);
});

test("30 s of silence outlast the longest silence that a turn may want", () => {
  assertEquals(STALL_DEFAULTS, SETTINGS);
});
