import test from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { calls } from "./test_calls.ts";
import type { TelemetryOptions } from "./options.ts";
import { Telemetry } from "./telemetry.ts";
import type { TurnRecord, UsageTokens } from "./turn.ts";

function made(options: Partial<TelemetryOptions> = {}) {
  const clock = { nowMs: 0 };
  const telemetry = new Telemetry({
    calls: calls(2),
    region: "fra",
    instance: "m1",
    version: "1.2.3",
    now: () => clock.nowMs,
    ...options,
  });
  return { clock, telemetry };
}

const answer = (totalMs: number, rest: Partial<TurnRecord> = {}): TurnRecord => ({
  callId: "CA1",
  n: 1,
  kind: "answer",
  startedAtMs: 0,
  stages: { endpointMs: 200, commitMs: 1, firstSentMs: 3 },
  totalMs,
  ...rest,
});

const USAGE: UsageTokens = {
  inputTextTokens: 500,
  inputAudioTokens: 1000,
  inputImageTokens: 0,
  cachedTextTokens: 400,
  cachedAudioTokens: 800,
  cachedImageTokens: 0,
  outputTextTokens: 100,
  outputAudioTokens: 200,
  billedMs: 0,
};

/** The value of the one sample that starts with `series`. */
async function sample(telemetry: Telemetry, series: string): Promise<number> {
  const lines = (await telemetry.metrics()).split("\n").filter((line) => line.startsWith(series));
  assertEquals(lines.length, 1, `${series}: ${lines.length} samples`);
  return Number(lines[0]!.split(" ").at(-1));
}

test("hot counters are plain fields that a scrape reads, and a second scrape does not add to", async () => {
  const { telemetry } = made();
  for (let i = 0; i < 1000; i++) telemetry.framesIn++;
  telemetry.framesOut += 7;
  assertEquals(await sample(telemetry, "earshot_frames_in_total"), 1000);
  assertEquals(await sample(telemetry, "earshot_frames_in_total"), 1000);
  telemetry.framesIn++;
  assertEquals(await sample(telemetry, "earshot_frames_in_total"), 1001);
  assertEquals(await sample(telemetry, "earshot_frames_out_total"), 7);
});

test("live calls are those that the registry counts, and so is whether more are taken", async () => {
  const liveByKind = { twilio: 2, browser: 1 };
  const { telemetry } = made({ calls: calls(3, { live: 3, liveByKind, closedBecause: "full" }) });
  telemetry.callStarted("twilio");
  telemetry.callEnded("browser", "caller_hung_up", 61_000);
  telemetry.callEnded("browser", "caller_hung_up", 61_000);
  assertEquals([telemetry.health().status, telemetry.health().calls], ["full", {
    live: 3,
    max: 3,
  }]);
  assertEquals(await sample(telemetry, 'earshot_calls_live{kind="twilio"'), 2);
  assertEquals(await sample(telemetry, 'earshot_calls_live{kind="browser"'), 1);
  assertEquals(await sample(telemetry, "earshot_draining"), 0);
  assertEquals(await sample(telemetry, "earshot_call_duration_seconds_sum"), 122);
});

test("health: latency is of answers whose audio was sent, over the window alone", () => {
  const { clock, telemetry } = made({ windowMs: 60_000 });
  assertEquals(telemetry.health().latencyMs.count, 0);
  assertEquals(telemetry.health().latencyMs.p95, null);
  for (let ms = 100; ms <= 1000; ms += 100) telemetry.turn(answer(ms));
  telemetry.turn(answer(9000, { kind: "greeting" }));
  telemetry.turn(answer(9000, { stages: { endpointMs: 200 } }));
  const { windowMs, count, avg, min, max, p50, p95 } = telemetry.health().latencyMs;
  assertEquals([windowMs, count, avg, min, max, p50], [60_000, 10, 550, 100, 1000, 500]);
  assert(Math.abs(p95! - 1000) <= 1, `p95 ${p95}`);
  clock.nowMs = 60_000;
  assertEquals(telemetry.health().latencyMs.count, 0);
});

test("health has all that an operator asks for, and is JSON without loss", () => {
  const { clock, telemetry } = made({ calls: calls(2, { closedBecause: "draining" }) });
  clock.nowMs = 1234.4;
  const health = telemetry.health();
  assertEquals(JSON.parse(JSON.stringify(health)), health);
  assertEquals(health.status, "draining");
  assertEquals(health.uptimeMs, 1234);
  assertEquals([health.region, health.instance, health.version], ["fra", "m1", "1.2.3"]);
  assertEquals(health.calls, { live: 0, max: 2 });
  assertEquals(health.cpuSteal, null);
  assertEquals(health.eventLoopDelayMs, { p50: null, p99: null, max: null });
  assert(health.memory.rssBytes > 1e6);
});

test("turns are observed by stage, in seconds", async () => {
  const { telemetry } = made();
  telemetry.turn(answer(512, { bargeIn: { onsetToClearMs: 80, lastHeardMs: 120 } }));
  assertEquals(await sample(telemetry, "earshot_turn_seconds_sum{"), 0.512);
  const stage = (name: string) => `earshot_turn_stage_seconds_sum{region="fra",stage="${name}"}`;
  const text = await telemetry.metrics();
  assertStringIncludes(text, `${stage("endpoint")} 0.2`);
  assertStringIncludes(text, `${stage("commit")} 0.001`);
  assert(!text.includes(stage("created")), "a stage that did not happen is not observed");
  assertStringIncludes(text, 'earshot_barge_in_seconds_sum{region="fra",stage="last_heard"} 0.12');
});

test("durations that are not numbers, or negative, neither throw nor spoil a sum", async () => {
  const { telemetry } = made();
  telemetry.turn(answer(NaN, { stages: { endpointMs: NaN, commitMs: -5, firstSentMs: Infinity } }));
  telemetry.callEnded("twilio", "caller_lost", -1);
  assert(!/ (NaN|-|\+?Inf)/.test((await telemetry.metrics()).replaceAll('le="+Inf"', "")));
});

test("usage: cached tokens are counted apart from other input, and cost by model", async () => {
  const { telemetry } = made({ costUsd: (model) => model === "priced" ? 0.25 : null });
  assertEquals(telemetry.usage("priced", USAGE), 0.25);
  assertEquals(telemetry.usage("priced", USAGE), 0.25);
  assertEquals(telemetry.usage("unknown-model", USAGE), null);
  const text = await telemetry.metrics();
  const tokens = (model: string, direction: string, modality: string, n: number) =>
    assertStringIncludes(
      text,
      `earshot_tokens_total{model="${model}",direction="${direction}",modality="${modality}",region="fra"} ${n}\n`,
    );
  tokens("priced", "input", "text", 200);
  tokens("priced", "cached_input", "audio", 1600);
  tokens("priced", "output", "audio", 400);
  tokens("unknown-model", "output", "text", 100);
  assertEquals(await sample(telemetry, 'earshot_cost_usd_total{model="priced"'), 0.5);
  assertEquals(await sample(telemetry, "earshot_unpriced_responses_total{"), 1);
});

test("whatever codes, models and reasons the far side makes up, the text stays bounded", async () => {
  const { telemetry } = made();
  const flood = () => {
    for (let i = 0; i < 2000; i++) {
      const word = `w${Math.random()}"\n\\`;
      telemetry.brainError(word, "harmless");
      telemetry.usage(word, USAGE);
      telemetry.callRefused(word);
      telemetry.callEnded("twilio", word, 1000);
      telemetry.webhook(i);
      telemetry.brainReplaced(word, 1);
      telemetry.connectFailed(word, word);
    }
  };
  flood();
  const size = (await telemetry.metrics()).length;
  flood();
  const again = (await telemetry.metrics()).length;
  assert(size < 60_000, `${size} bytes`);
  assert(again < size * 1.05, `${size} bytes grew to ${again}`);
});

test("calls that lose their brain turn health to degraded, with the reason, and metrics with it", async () => {
  const { clock, telemetry } = made();
  assertEquals([telemetry.health().status, telemetry.health().degradedBecause], ["ok", []]);
  const degraded = 'earshot_degraded{reason="calls_lost"';
  assertEquals(await sample(telemetry, degraded), 0);
  for (let i = 0; i < 20; i++) telemetry.callEnded("twilio", "brain_failed", 3000);
  const { status, degradedBecause } = telemetry.health();
  assertEquals([status, degradedBecause.length], ["degraded", 1]);
  assertStringIncludes(degradedBecause[0]!, "20 of the 20 calls");
  assertEquals(await sample(telemetry, degraded), 1);
  assertEquals(await sample(telemetry, 'earshot_degraded{reason="connects_failing"'), 0);
  clock.nowMs = 300_000;
  assertEquals(telemetry.health().status, "ok");
  assertEquals(await sample(telemetry, degraded), 0);
});

test("a full or draining instance says that first, and still why it is degraded", () => {
  const { telemetry } = made({ calls: calls(2, { closedBecause: "draining" }) });
  for (let i = 0; i < 3; i++) telemetry.connectFailed("openai", "http_503");
  const { status, degradedBecause } = telemetry.health();
  assertEquals([status, degradedBecause.length], ["draining", 1]);
});

test("replaced sessions are counted by reason, and their gap is observed in seconds", async () => {
  const { telemetry } = made();
  telemetry.brainReplaced("closed_1006", 250);
  telemetry.brainReplaced("rotation", 150);
  telemetry.brainReplaced("rotation", NaN);
  telemetry.connectFailed("api.example.com", "http_429");
  telemetry.connected();
  assertEquals(await sample(telemetry, 'earshot_brain_replaced_total{reason="rotation"'), 2);
  assertEquals(await sample(telemetry, "earshot_brain_gap_seconds_count"), 3);
  assertEquals(await sample(telemetry, "earshot_brain_gap_seconds_sum"), 0.4);
  const failed = 'earshot_brain_connect_failures_total{brain="api.example.com",code="http_429"';
  assertEquals(await sample(telemetry, failed), 1);
});

test("two telemetries in one process do not share a counter", async () => {
  const a = made().telemetry;
  const b = made().telemetry;
  a.cleared();
  assertEquals(await sample(a, "earshot_clears_total"), 1);
  assertEquals(await sample(b, "earshot_clears_total"), 0);
});

test("start() measures the loop and stop() ends it; both may be called twice", async () => {
  const telemetry = new Telemetry({ calls: calls(1), region: "", instance: "m1" });
  telemetry.start();
  telemetry.start();
  await new Promise((resolve) => setTimeout(resolve, 120));
  telemetry.stop();
  telemetry.stop();
  const health = telemetry.health();
  assert(health.eventLoopDelayMs.max !== null && health.eventLoopDelayMs.max >= 0);
  assertEquals(health.region, "local");
  assertStringIncludes(await telemetry.metrics(), "earshot_event_loop_delay_p99_seconds");
});
