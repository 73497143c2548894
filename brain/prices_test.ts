import test from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import file from "./models.json" with { type: "json" };
import { costUsd, defaultModel, replacementOf, shutdownOf, usageFrom } from "./prices.ts";

const NONE = usageFrom({});

test("costUsd: a minute of user and of assistant audio costs what OpenAI's cost guide says", () => {
  // 1 token per 100 ms of the user, 1 per 50 ms of the assistant; both heard for the first time.
  const user = { ...NONE, inputAudioTokens: 600 };
  const assistant = { ...NONE, outputAudioTokens: 1200 };
  assertAlmostEquals(costUsd("gpt-realtime-2.1", user)!, 0.0192, 1e-9);
  assertAlmostEquals(costUsd("gpt-realtime-2.1", assistant)!, 0.0768, 1e-9);
  assertAlmostEquals(costUsd("gpt-realtime-2.1-mini", user)!, 0.006, 1e-9);
  assertAlmostEquals(costUsd("gpt-realtime-2.1-mini", assistant)!, 0.024, 1e-9);
});

test("costUsd: cached tokens are part of the input, not on top of it", () => {
  const usage = usageFrom({
    input_tokens: 1500,
    output_tokens: 300,
    input_token_details: {
      text_tokens: 500,
      audio_tokens: 1000,
      cached_tokens: 1200,
      cached_tokens_details: { text_tokens: 400, audio_tokens: 800 },
    },
    output_token_details: { text_tokens: 100, audio_tokens: 200 },
  });
  // 100·4 + 400·0.40 + 200·32 + 800·0.40 + 100·24 + 200·64 = 22,480 millionths
  assertAlmostEquals(costUsd("gpt-realtime-2.1", usage)!, 0.02248, 1e-12);
});

test("costUsd: where cached tokens have no price of their own they cost the full one", () => {
  const usage = { ...NONE, inputTextTokens: 1000, cachedTextTokens: 1000 };
  assertAlmostEquals(costUsd("gpt-realtime-mini", usage)!, 0.0006, 1e-12);
});

test("costUsd: images are billed, and a model without image prices has no known cost", () => {
  const usage = { ...NONE, inputImageTokens: 1000, cachedImageTokens: 400 };
  assertAlmostEquals(costUsd("gpt-realtime-2.1", usage)!, (600 * 5 + 400 * 0.5) / 1e6, 1e-12);
  assertEquals(costUsd("gpt-realtime-mini", usage), null);
});

test("costUsd: models billed by the minute", () => {
  const usage = usageFrom({ type: "duration", seconds: 90 });
  assertAlmostEquals(costUsd("gpt-live-1", usage)!, 0.075, 1e-12);
  assertEquals(costUsd("gpt-live-1", { ...NONE, inputAudioTokens: 10 }), null);
  assertEquals(costUsd("gpt-realtime-2.1", usage), null);
});

test("costUsd: an unknown model is null and never 0; the embedded echo is free", () => {
  const usage = { ...NONE, inputAudioTokens: 600 };
  assertEquals(costUsd("made-up", usage), null);
  assertEquals(costUsd("constructor", usage), null);
  assertEquals(costUsd("gpt-5", usage), null);
  assertEquals(costUsd("echo", usage), 0);
});

test("costUsd: a dated snapshot costs what its model costs, unless it has prices of its own", () => {
  const usage = { ...NONE, outputAudioTokens: 1_000_000 };
  assertEquals(costUsd("gpt-realtime-2025-08-28", usage), 64);
  assertEquals(costUsd("gpt-4o-realtime-preview-2024-12-17", usage), 80);
  assertEquals(costUsd("gpt-4o-realtime-preview-2024-10-01", usage), 200);
});

test("models: the default has prices and no announced end; those that end say when", () => {
  assertEquals(defaultModel, "gpt-realtime-2.1");
  assertEquals(shutdownOf(defaultModel), null);
  assert(costUsd(defaultModel, { ...NONE, inputTextTokens: 1 }) !== null);
  assertEquals(shutdownOf("gpt-realtime-2025-08-28"), "2027-01-20");
  assertEquals(replacementOf("gpt-realtime-mini"), "gpt-realtime-2.1-mini");
  assertEquals(shutdownOf("made-up"), null);
  assert(/^\d{4}-\d{2}-\d{2}$/.test(file.asOf));
});

test("usageFrom: totals that are not broken down count as audio, cached ones as text first", () => {
  const usage = usageFrom({
    input_tokens: 100,
    output_tokens: 40,
    input_token_details: { text_tokens: 30, cached_tokens: 50 },
  });
  assertEquals(usage, {
    ...NONE,
    inputTextTokens: 30,
    inputAudioTokens: 70,
    cachedTextTokens: 30,
    cachedAudioTokens: 20,
    outputAudioTokens: 40,
  });
});

test("usageFrom: whatever a server sends, counts are whole, not negative, and cached fits in input", () => {
  const details = fc.record({
    text_tokens: fc.anything(),
    audio_tokens: fc.oneof(fc.integer({ min: -10, max: 5000 }), fc.anything()),
    image_tokens: fc.integer({ min: -10, max: 5000 }),
    cached_tokens: fc.oneof(fc.integer({ min: -10, max: 20_000 }), fc.anything()),
    cached_tokens_details: fc.oneof(
      fc.record({
        text_tokens: fc.integer({ min: -10, max: 20_000 }),
        audio_tokens: fc.integer({ min: -10, max: 20_000 }),
      }, { requiredKeys: [] }),
      fc.anything(),
    ),
  }, { requiredKeys: [] });
  const anyUsage = fc.oneof(
    fc.anything(),
    fc.record({
      input_tokens: fc.oneof(fc.nat(20_000), fc.anything()),
      output_tokens: fc.oneof(fc.nat(20_000), fc.anything()),
      input_token_details: fc.oneof(details, fc.anything()),
      output_token_details: fc.oneof(details, fc.anything()),
      seconds: fc.anything(),
    }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(anyUsage, (raw) => {
      const usage = usageFrom(raw);
      for (const value of Object.values(usage)) assert(Number.isSafeInteger(value) && value >= 0);
      assert(usage.cachedTextTokens <= usage.inputTextTokens);
      assert(usage.cachedAudioTokens <= usage.inputAudioTokens);
      assert(usage.cachedImageTokens <= usage.inputImageTokens);
      const cost = costUsd(defaultModel, usage);
      assert(cost === null || cost >= 0);
    }),
    { numRuns: 300 },
  );
});
