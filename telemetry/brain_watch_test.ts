import test from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { BrainWatch } from "./brain_watch.ts";

const WINDOW_MS = 300_000;
const kinds = (watch: BrainWatch, live = 0, nowMs = 0) =>
  watch.troubles(live, null, nowMs).map(({ kind }) => kind);

test("BrainWatch: nothing happened, so nothing is wrong", () => {
  assertEquals(kinds(new BrainWatch(WINDOW_MS)), []);
});

test("BrainWatch: a brain that can't be reached is trouble before any call", () => {
  assertEquals(new BrainWatch(WINDOW_MS).troubles(0, "http_503", 0), [
    { kind: "unreachable", text: "The brain can't be reached (http_503)" },
  ]);
});

test("BrainWatch: twenty of twenty calls that lost their brain are trouble, with the figures", () => {
  const watch = new BrainWatch(WINDOW_MS);
  watch.error("insufficient_quota", "fatal", 0);
  watch.error("too_late", "harmless", 0);
  for (let i = 0; i < 20; i++) watch.callEnded("brain_failed", 0);
  assertEquals(watch.troubles(0, null, 0), [{
    kind: "calls_lost",
    text: "20 of the 20 calls that ended in the last 5 minutes lost their brain, the last one by " +
      "insufficient_quota",
  }]);
  assertEquals(kinds(watch, 0, WINDOW_MS), [], "and no longer when the window has passed");
});

test("BrainWatch: one lost call is none, two are from one in twenty on", () => {
  const watch = new BrainWatch(WINDOW_MS);
  watch.callEnded("brain_failed", 0);
  assertEquals(kinds(watch), []);
  watch.callEnded("brain_failed", 0);
  assertEquals(kinds(watch), ["calls_lost"]);
  for (let i = 0; i < 38; i++) watch.callEnded("caller_hung_up", 0);
  assertEquals(kinds(watch), ["calls_lost"]);
  watch.callEnded("caller_hung_up", 0);
  assertEquals(kinds(watch), []);
});

test("BrainWatch: attempts that fail, by their share; the last one is named", () => {
  const watch = new BrainWatch(WINDOW_MS);
  for (let i = 0; i < 2; i++) watch.connectFailed("openai", "http_503", 0);
  assertEquals(kinds(watch), []);
  watch.connectFailed("openai", "http_429", 0);
  assertMatch(
    watch.troubles(0, null, 0)[0]!.text,
    /^3 of 3 attempts .* the last one by http_429 \(openai\)$/,
  );
  for (let i = 0; i < 28; i++) watch.connected(0);
  assertEquals(kinds(watch), []);
});

test("BrainWatch: sessions that broke are borne up to one call in five; rotations count for none", () => {
  const watch = new BrainWatch(WINDOW_MS);
  for (let i = 0; i < 9; i++) watch.replaced("rotation", 0);
  for (let i = 0; i < 3; i++) watch.replaced("closed_1006", 0);
  assertEquals(kinds(watch, 16), []);
  assertEquals(kinds(watch, 15), ["sessions_replaced"]);
});

test("BrainWatch: errors among answers, those left out that cost no answer, or the session", () => {
  const watch = new BrainWatch(WINDOW_MS);
  for (let i = 0; i < 9; i++) watch.error("x", i % 2 ? "harmless" : "fatal", 0);
  for (let i = 0; i < 4; i++) watch.error("x", "retryable", 0);
  assertEquals(kinds(watch), []);
  watch.error("x", "retryable", 0);
  assertEquals(kinds(watch), ["answers_failing"]);
  for (let i = 0; i < 46; i++) watch.answered(0);
  assertEquals(kinds(watch), []);
});
