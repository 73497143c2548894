import { assertEquals } from "@std/assert";
import test from "node:test";
import { encodeBase64 } from "../../media/base64.ts";
import { type Item, newItem } from "./items.ts";
import { type AnyEvent, Harness, speechBytes } from "../test_session.ts";
import { fitContext, itemTokens, PromptCache } from "./usage.ts";

const PCMU = { type: "audio/pcmu" } as const;

function text(id: string, chars: number): Item {
  const parts = [{ type: "input_text" as const, text: "x".repeat(chars) }];
  return { ...newItem(id, "completed"), type: "message", role: "user", parts };
}

test("user audio is 1 token for 100 ms, assistant audio 1 for 50 ms, text 1 for 4 characters", () => {
  const message = (type: "input_audio" | "output_audio", durationMs: number): Item => ({
    ...newItem("i", "completed"),
    type: "message",
    role: "user",
    parts: [{
      type,
      clip: undefined,
      durationMs,
      transcript: type === "output_audio" ? "12345" : null,
    }],
  });
  assertEquals(itemTokens(message("input_audio", 60_000)), { text: 0, audio: 600, image: 0 });
  assertEquals(itemTokens(message("output_audio", 60_000)), { text: 2, audio: 1200, image: 0 });
  assertEquals(itemTokens(text("i", 9)), { text: 3, audio: 0, image: 0 });
});

test("response.done counts in, out and what was cached, and the sums agree", () => {
  const h = new Harness();
  h.update({
    instructions: "x".repeat(40),
    audio: { input: { format: PCMU, turn_detection: null }, output: { format: PCMU } },
  });
  const turn = (): AnyEvent => {
    h.speak(speechBytes(1000));
    h.send({ type: "input_audio_buffer.commit" });
    h.send({ type: "response.create" });
    h.wait(10_000);
    return h.last("response.done").response.usage;
  };
  const first = turn();
  assertEquals(first, {
    total_tokens: 45,
    input_tokens: 20,
    output_tokens: 25,
    input_token_details: {
      text_tokens: 10,
      audio_tokens: 10,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: 5, audio_tokens: 20 },
  });
  // The whole conversation again: instructions, user 10, assistant 20 + 5, user 10.
  const second = turn();
  assertEquals(second.input_token_details, {
    text_tokens: 15,
    audio_tokens: 40,
    image_tokens: 0,
    cached_tokens: 20,
    cached_tokens_details: { text_tokens: 10, audio_tokens: 10, image_tokens: 0 },
  });
  assertEquals(second.input_tokens, 55);
  assertEquals(second.total_tokens, second.input_tokens + second.output_tokens);
  const third = turn();
  assertEquals(third.input_token_details.cached_tokens, 55);
});

test("truncated audio costs less, and ends the cache where it stands", () => {
  const h = new Harness();
  h.update({ audio: { input: { format: PCMU, turn_detection: null }, output: { format: PCMU } } });
  const answer = () => {
    h.send({ type: "response.create" });
    h.wait(10_000);
    return h.last("response.done").response;
  };
  const audio = encodeBase64(speechBytes(1000));
  const say = () =>
    h.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", content: [{ type: "input_audio", audio }] },
    });
  say();
  const { output } = answer();
  say();
  answer();
  const cut = { item_id: output[0].id, content_index: 0, audio_end_ms: 100 };
  h.send({ type: "conversation.item.truncate", ...cut });
  const { usage } = answer();
  // user 10, assistant 2 without words, user 10, assistant 20 + 5.
  assertEquals(usage.input_token_details.audio_tokens, 42);
  assertEquals(usage.input_token_details.text_tokens, 5);
  assertEquals(usage.input_token_details.cached_tokens, 10);
});

test("PromptCache: other instructions, or another beginning, and nothing is cached", () => {
  const cache = new PromptCache();
  const [a, b] = [text("a", 40), text("b", 40)];
  assertEquals(cache.charge("head", [a]).cached, { text: 0, audio: 0, image: 0 });
  assertEquals(cache.charge("head", [a, b]).cached.text, 11);
  assertEquals(cache.charge("head", [b]).cached.text, 1);
  assertEquals(cache.charge("other", [b]).cached.text, 0);
});

test("fitContext drops the oldest to the limit, to the ratio, or refuses", () => {
  const items = () => ["a", "b", "c", "d"].map((id) => text(id, 40)); // 10 tokens each
  const ids = (fitting: Item[] | undefined) => fitting?.map((item) => item.id).join("");
  assertEquals(ids(fitContext(items(), "auto", 40)), "abcd");
  assertEquals(ids(fitContext(items(), "auto", 39)), "bcd");
  assertEquals(ids(fitContext(items(), "disabled", 40)), "abcd");
  assertEquals(ids(fitContext(items(), "disabled", 39)), undefined);
  const ratio = { type: "retention_ratio" as const, retention_ratio: 0.5 };
  assertEquals(ids(fitContext(items(), ratio, 39)), "d");
  const capped = { ...ratio, token_limits: { post_instructions: 40 } };
  assertEquals(ids(fitContext(items(), capped, 1000)), "abcd");
  assertEquals(ids(fitContext(items(), "auto", 1)), "d");
});

test("what was dropped from the context stays out", () => {
  const items = ["a", "b", "c"].map((id) => text(id, 40));
  fitContext(items, "auto", 20);
  assertEquals(fitContext(items, "auto", 1000)?.map((item) => item.id), ["b", "c"]);
});
