import test from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { TurnRecord, UsageTokens } from "../telemetry/turn.ts";
import { type Moment, Timeline } from "./timeline.ts";

fc.configureGlobal({ seed: 20 });

const MOMENTS: Moment[] = [
  "endpoint",
  "commit",
  "created",
  "firstDelta",
  "firstSent",
  "firstHeard",
];

function timelineOf(nowMs = 0): { timeline: Timeline; turns: TurnRecord[] } {
  const turns: TurnRecord[] = [];
  return { timeline: new Timeline("CA1", nowMs, (turn) => turns.push(turn)), turns };
}

function usageOf(tokens: number): UsageTokens {
  return {
    inputTextTokens: tokens,
    inputAudioTokens: tokens + 1,
    inputImageTokens: 0,
    cachedTextTokens: tokens,
    cachedAudioTokens: 0,
    cachedImageTokens: 0,
    outputTextTokens: 2,
    outputAudioTokens: 3,
    billedMs: 0,
  };
}

test("a turn is cut into its stages, each from where the one before it ended", () => {
  const { timeline, turns } = timelineOf();
  timeline.begin("answer", 1000);
  for (const [i, moment] of MOMENTS.entries()) timeline.reach(moment, 1200 + i * 10);
  timeline.end();
  const [turn] = turns;
  assertEquals(turn!.stages, {
    endpointMs: 200,
    commitMs: 10,
    createdMs: 10,
    firstDeltaMs: 10,
    firstSentMs: 10,
    firstHeardMs: 10,
  });
  assertEquals([turn!.callId, turn!.n, turn!.kind, turn!.totalMs], ["CA1", 1, "answer", 250]);
});

test("the stages sum to the total, whatever is missing and in whatever order it came", () => {
  const reached = fc.array(
    fc.tuple(fc.constantFrom(...MOMENTS), fc.double({ min: -50, max: 5000, noNaN: true })),
    { maxLength: 10 },
  );
  fc.assert(fc.property(reached, (list) => {
    const { timeline, turns } = timelineOf();
    timeline.begin("answer", 0);
    for (const [moment, atMs] of list) timeline.reach(moment, atMs);
    timeline.end();
    const { stages, totalMs } = turns[0]!;
    const values = Object.values(stages) as number[];
    for (const ms of values) assert(ms >= 0, JSON.stringify(stages));
    assertAlmostEquals(values.reduce((sum, ms) => sum + ms, 0), totalMs, 1e-6);
    assertEquals(values.length, new Set(list.map(([moment]) => moment)).size);
  }));
});

test("the first time a moment is reached counts", () => {
  const { timeline, turns } = timelineOf();
  timeline.begin("answer", 0);
  assert(timeline.awaits("created"));
  timeline.reach("created", 100);
  assertEquals(timeline.awaits("created"), false);
  timeline.reach("created", 200);
  timeline.end();
  assertEquals(turns[0]!.stages, { createdMs: 100 });
});

test("a turn is told once: when the next one begins, or at the end", () => {
  const { timeline, turns } = timelineOf();
  timeline.end();
  timeline.begin("greeting", 0);
  assertEquals(turns.length, 0);
  timeline.begin("answer", 1000);
  timeline.end();
  timeline.end();
  assertEquals(turns.map(({ n, kind }) => [n, kind]), [[1, "greeting"], [2, "answer"]]);
});

test("without a turn nothing is kept, and nothing is waited for", () => {
  const { timeline, turns } = timelineOf();
  timeline.reach("created", 1);
  timeline.bargedIn(1, 2, 3);
  timeline.used(usageOf(1), 1);
  assertEquals([timeline.awaits("created"), timeline.snapshot()], [false, null]);
  timeline.begin("text", 0);
  timeline.end();
  assertEquals(turns[0], {
    callId: "CA1",
    n: 1,
    kind: "text",
    startedAtMs: turns[0]!.startedAtMs,
    stages: {},
    totalMs: 0,
  });
});

test("a turn is dated by the time of day, whatever the call's own clock says", () => {
  const nowMs = 123_456_789;
  const beforeMs = Date.now();
  const { timeline, turns } = timelineOf(nowMs);
  timeline.begin("answer", nowMs - 300);
  timeline.end();
  assert(Math.abs(turns[0]!.startedAtMs - (beforeMs - 300)) < 50);
  assert(Number.isInteger(turns[0]!.startedAtMs));
});

test("a barge-in is told from the onset of the caller's speech", () => {
  const { timeline, turns } = timelineOf();
  timeline.begin("answer", 0);
  timeline.bargedIn(2000, 2180, 2150);
  timeline.end();
  assertEquals(turns[0]!.bargeIn, { onsetToClearMs: 180, lastHeardMs: 150 });
});

test("what several answers of one turn used and cost adds up", () => {
  const { timeline, turns } = timelineOf();
  timeline.begin("answer", 0);
  timeline.used(usageOf(10), 0.25);
  timeline.used(usageOf(20), null);
  timeline.used(usageOf(30), 0.5);
  timeline.begin("answer", 10);
  timeline.used(usageOf(1), null);
  timeline.end();
  assertEquals(turns[0]!.costUsd, 0.75);
  assertEquals(turns[0]!.usage, {
    ...usageOf(60),
    inputAudioTokens: 63,
    outputTextTokens: 6,
    outputAudioTokens: 9,
  });
  assertEquals([turns[1]!.usage, turns[1]!.costUsd], [usageOf(1), undefined]);
});

test("a snapshot shows the turn so far and changes nothing", () => {
  const { timeline, turns } = timelineOf();
  timeline.begin("answer", 0);
  timeline.reach("endpoint", 100);
  assertEquals(timeline.snapshot()!.stages, { endpointMs: 100 });
  timeline.reach("created", 150);
  assertEquals(timeline.snapshot()!.totalMs, 150);
  assertEquals(turns.length, 0);
});
