import test from "node:test";
import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TurnRecord, UsageTokens } from "../telemetry/turn.ts";
import { type CallNews, History } from "./history.ts";

const AT_MS = Date.UTC(2026, 10, 20, 10);
const USAGE = {} as UsageTokens;

function made(settings: { maxDoneCalls?: number; maxTurnsPerCall?: number } = {}) {
  const clock = { nowMs: AT_MS };
  return { clock, history: new History(settings, () => clock.nowMs) };
}

const none = () => null;

const turn = (n: number, rest: Partial<TurnRecord> = {}): TurnRecord => ({
  callId: "CA1",
  n,
  kind: "answer",
  startedAtMs: AT_MS,
  stages: { endpointMs: 200, firstSentMs: 300 },
  totalMs: 500,
  ...rest,
});

test("a live call's summary follows its turns, and the finished one stands still", () => {
  const { clock, history } = made();
  history.began("CA1", "twilio", none);
  assertEquals(history.list(), [{
    id: "CA1",
    kind: "twilio",
    state: "live",
    startedAt: "2026-11-20T10:00:00.000Z",
    durationMs: 0,
    turns: 0,
    bargeIns: 0,
    answerMs: null,
    costUsd: 0,
  }]);
  history.turned("CA1", turn(1, { kind: "greeting", totalMs: 9000, costUsd: 0.01, usage: USAGE }));
  history.turned("CA1", turn(2, { totalMs: 400, costUsd: 0.02, usage: USAGE }));
  history.turned(
    "CA1",
    turn(3, { totalMs: 600, bargeIn: { onsetToClearMs: 90, lastHeardMs: 95 } }),
  );
  clock.nowMs += 60_000;
  history.ended("CA1", "caller_hung_up");
  clock.nowMs += 60_000;
  const [call] = history.list();
  assertEquals([call!.state, call!.endReason, call!.durationMs], [
    "done",
    "caller_hung_up",
    60_000,
  ]);
  assertEquals([call!.turns, call!.bargeIns, call!.answerMs], [3, 1, { p50: 400, p95: 600 }]);
  assertEquals(call!.costUsd, 0.03);
  assertEquals(history.detail("CA1")!.turns.map(({ n }) => n), [1, 2, 3]);
});

test("an answer that was cut before its audio was sent has no latency", () => {
  const { history } = made();
  history.began("CA1", "browser", none);
  history.turned("CA1", turn(1, { stages: { endpointMs: 200 }, totalMs: 200 }));
  assertEquals(history.list()[0]!.answerMs, null);
});

test("one response without a price leaves the cost of the call unknown, not too small", () => {
  const { history } = made();
  history.began("CA1", "twilio", none);
  history.turned("CA1", turn(1, { costUsd: 0.5, usage: USAGE }));
  history.turned("CA1", turn(2, { usage: USAGE }));
  assertEquals(history.list()[0]!.costUsd, null);
});

test("a live call shows the turn that is going on, and counts it once", () => {
  const { history } = made();
  let present: TurnRecord | null = turn(1, { totalMs: 300.04 });
  history.began("CA1", "twilio", () => present);
  assertEquals(history.detail("CA1")!.turns.map(({ totalMs }) => totalMs), [300]);
  assertEquals(history.list()[0]!.answerMs, { p50: 300, p95: 300 });
  history.turned("CA1", turn(1, { totalMs: 500, costUsd: 1, usage: USAGE }));
  const { turns, ...rest } = history.detail("CA1")!;
  assertEquals(turns.map(({ totalMs }) => totalMs), [500]);
  assertEquals([rest.costUsd, rest.answerMs], [1, { p50: 500, p95: 500 }]);
  present = turn(2, { stages: { endpointMs: 200 }, totalMs: 200 });
  assertEquals(history.list()[0]!.turns, 2);
  history.ended("CA1", "caller_lost");
  assertEquals(history.list()[0]!.turns, 1);
});

test("turns are kept in tenths of a millisecond, and still sum to their total", () => {
  const { history } = made();
  history.began("CA1", "twilio", none);
  const stages = { endpointMs: 203.40000000000146, createdMs: 11.0499, firstSentMs: 1 / 3 };
  const totalMs = 203.40000000000146 + 11.0499 + 1 / 3;
  const bargeIn = { onsetToClearMs: 80.06, lastHeardMs: 99.999 };
  history.turned("CA1", turn(1, { stages, totalMs, bargeIn }));
  assertEquals(history.detail("CA1")!.turns[0], {
    ...turn(1),
    stages: { endpointMs: 203.4, createdMs: 11, firstSentMs: 0.3 },
    totalMs: 214.8,
    bargeIn: { onsetToClearMs: 80.1, lastHeardMs: 100 },
  });
});

test("calls that began last are in front, live and done alike", () => {
  const { clock, history } = made();
  for (const id of ["CA1", "CA2", "CA3"]) {
    history.began(id, "twilio", none);
    clock.nowMs++;
  }
  history.ended("CA3", "caller_hung_up");
  history.ended("CA1", "caller_hung_up");
  assertEquals(history.list().map(({ id }) => id), ["CA3", "CA2", "CA1"]);
});

test("the oldest finished calls are forgotten; live ones never are", () => {
  const { history } = made({ maxDoneCalls: 2 });
  history.began("CAlive", "twilio", none);
  for (let i = 0; i < 5; i++) {
    history.began(`CA${i}`, "twilio", none);
    history.ended(`CA${i}`, "caller_hung_up");
  }
  assertEquals(history.list().map(({ id }) => id).sort(), ["CA3", "CA4", "CAlive"]);
  assertEquals(history.detail("CA2"), null);
  const empty = made({ maxDoneCalls: 0 }).history;
  empty.began("CA1", "twilio", none);
  empty.ended("CA1", "caller_hung_up");
  assertEquals(empty.list(), []);
});

test("whatever number of turns come, so many are kept, and counts and costs cover them all", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 30 }), (m, n) => {
      const { history } = made({ maxTurnsPerCall: m });
      history.began("CA1", "twilio", none);
      for (let i = 1; i <= n; i++) {
        const bargeIn = i % 2 ? { onsetToClearMs: 1, lastHeardMs: 1 } : undefined;
        history.turned("CA1", turn(i, { costUsd: 0.25, usage: USAGE, bargeIn }));
      }
      const { turns, costUsd, bargeIns } = history.detail("CA1")!;
      assertEquals([turns.length, turns.at(-1)?.n], [Math.min(m, n), n || undefined]);
      assertEquals([costUsd, bargeIns], [n * 0.25, Math.ceil(n / 2)]);
      assertEquals(history.list()[0]!.turns, n);
    }),
    { numRuns: 100 },
  );
});

test("a phone call whose stream comes again begins anew", () => {
  const { clock, history } = made();
  history.began("CA1", "twilio", none);
  history.turned("CA1", turn(1));
  history.ended("CA1", "caller_lost");
  clock.nowMs += 1000;
  history.began("CA1", "twilio", none);
  assertEquals(history.list().map(({ state, turns }) => [state, turns]), [["live", 0]]);
});

test("watchers hear of beginnings, turns and ends, and nothing after they have left", () => {
  const { history } = made();
  const news: CallNews[] = [];
  const leave = history.watch((item) => news.push(item));
  history.began("CA1", "twilio", none);
  history.turned("CA1", turn(1));
  history.ended("CA1", "caller_hung_up");
  leave();
  history.began("CA2", "twilio", none);
  assertEquals(news.map(({ type }) => type), ["call", "turn", "call", "call"]);
  const last = news.at(-1)!;
  assert(last.type === "call" && last.call.state === "done" && last.call.turns === 1);
});

test("news of calls that are not live change nothing", () => {
  const { history } = made();
  history.turned("CA1", turn(1));
  history.ended("CA1", "caller_hung_up");
  assertEquals(history.list(), []);
});

test("bounds that make no sense are refused by name", () => {
  assertThrows(() => made({ maxDoneCalls: -1 }), RangeError, "maxDoneCalls is -1");
  assertThrows(() => made({ maxTurnsPerCall: 0 }), RangeError, "maxTurnsPerCall is 0");
});
