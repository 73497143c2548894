import { assert, assertEquals, assertLess } from "@std/assert";
import test from "node:test";
import { type AnyEvent, audioOf, Harness, types, userText } from "../test_session.ts";

const PCMU = { type: "audio/pcmu" } as const;
const TEXT = { output_modalities: ["text"] };
function phone(session: AnyEvent = {}, settings = {}): Harness {
  const h = new Harness(settings);
  h.update({ audio: { input: { format: PCMU }, output: { format: PCMU } }, ...session });
  return h;
}

test("max_output_tokens ends the answer early: incomplete, within the tokens", () => {
  for (const [session, max] of [[{}, 40], [{}, 1], [TEXT, 3], [TEXT, 1]] as const) {
    const h = phone({ ...session, max_output_tokens: max });
    h.say("A text of several words, and then some more of them to go over");
    h.wait(10_000);
    const { response } = h.last("response.done");
    assertEquals(response.status, "incomplete");
    assertEquals(response.status_details, { type: "incomplete", reason: "max_output_tokens" });
    assertEquals(response.output[0].status, "incomplete");
    assertEquals(response.max_output_tokens, max);
    assert(response.usage.output_tokens <= max, `${response.usage.output_tokens} of ${max}`);
  }
});

test("an answer as long as max_output_tokens is complete", () => {
  const h = phone({ ...TEXT, max_output_tokens: 2 });
  h.say("8 chars.");
  h.wait(5000);
  assertEquals(h.last("response.done").response.status, "completed");
});

test("overrides hold for one response: modality, format, metadata, max_output_tokens", () => {
  const h = phone();
  h.say("x", {
    audio: { output: { format: { type: "audio/pcm", rate: 24000 }, voice: "marin" } },
    metadata: { topic: "test" },
    max_output_tokens: 1000,
  });
  h.wait(5000);
  const { response } = h.last("response.done");
  assertEquals(response.audio.output, {
    format: { type: "audio/pcm", rate: 24000 },
    voice: "marin",
  });
  assertEquals([response.metadata, response.max_output_tokens], [{ topic: "test" }, 1000]);
  assertEquals(audioOf(h.events).length / 48, 300);
  h.say("y", TEXT);
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "y");
  h.say("z");
  h.wait(5000);
  assertEquals(h.last("response.done").response.audio.output, { format: PCMU, voice: "alloy" });
});

// deno-fmt-ignore
const refused: [string, AnyEvent, string][] = [
  ["two modalities", { output_modalities: ["text", "audio"] }, "response.output_modalities"],
  ["a beta field", { modalities: ["text"] }, "response.modalities"],
  ["17 pairs of metadata", { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"])) }, "response.metadata"],
  ["a long metadata value", { metadata: { k: "v".repeat(513) } }, "response.metadata.k"],
  ["an unknown conversation", { conversation: "mine" }, "response.conversation"],
  ["a reference to nothing", { input: [{ type: "item_reference", id: "gone" }] }, "response.input[0].id"],
  ["0 tokens", { max_output_tokens: 0 }, "response.max_output_tokens"],
];
for (const [name, response, param] of refused) {
  test(`response.create refuses ${name}, naming ${param}`, () => {
    const h = phone();
    const events = h.send({ type: "response.create", response });
    assertEquals([events.length, events[0]!.error?.param], [1, param]);
    assertEquals(h.send({ type: "response.create" })[0]!.type, "response.created");
  });
}

test("a response beside the conversation leaves no item, runs in parallel, and keeps its metadata", () => {
  const h = phone();
  h.say("main");
  const side = { conversation: "none", metadata: { job: "1" }, input: [userText("side")], ...TEXT };
  assertEquals(h.send({ type: "response.create", response: side })[0]!.type, "response.created");
  const events = h.wait(10_000);
  const [first, second] = h.all("response.done").map((event) => event.response);
  const beside = first.metadata ? first : second;
  assertEquals(beside.conversation_id, null);
  assertEquals(beside.metadata, { job: "1" });
  assertEquals(beside.output[0].content, [{ type: "output_text", text: "side" }]);
  const added = events.filter((event) => event.type === "conversation.item.added");
  assertEquals(added.length, 1);
  const [gone] = h.send({ type: "conversation.item.retrieve", item_id: beside.output[0].id });
  assertEquals(gone!.type, "error");
});

test("responses beside the conversation are bounded, cancelled by id, and spared by barge-in", () => {
  const h = phone({}, { maxSideResponses: 2 });
  const create = () =>
    h.send({ type: "response.create", response: { conversation: "none", input: [userText("a")] } });
  const { id } = create()[0]!.response;
  create();
  assertEquals(create()[0]!.error.code, "too_many_responses");
  assertEquals(h.send({ type: "response.cancel" })[0]!.error.code, "response_cancel_not_active");
  const events = h.send({ type: "response.cancel", response_id: id });
  assertEquals(events.at(-1)!.response.status, "cancelled");
  assertEquals(create()[0]!.type, "response.created");
});

test("input replaces the context: references, new items, and [] for nothing", () => {
  const h = phone(TEXT);
  h.send({ type: "conversation.item.create", item: { ...userText("kept"), id: "kept" } });
  const text = (input: unknown) => {
    h.send({ type: "response.create", response: { conversation: "none", input } });
    h.wait(5000);
    return h.last("response.output_text.done").text;
  };
  assertEquals(text([{ type: "item_reference", id: "kept" }, userText("new")]), "kept new");
  assertEquals(text([]), "Hello.");
  assertEquals(text(undefined), "kept");
});

test("a context that does not fit, with truncation disabled, fails the response", () => {
  const h = phone({ ...TEXT, truncation: "disabled" }, { maxContextTokens: 10 });
  const events = h.say("x".repeat(100));
  const { response } = events.at(-1)!;
  assertEquals(response.status, "failed");
  assertEquals(response.status_details.error.code, "context_length_exceeded");
  assertEquals(h.wait(5000), []);
  h.send({ type: "conversation.item.delete", item_id: h.last("conversation.item.done").item.id });
  assertEquals(types(h.say("short")).at(-1), "rate_limits.updated");
});

test("a PCM answer is bounded in each delta and whole in samples", () => {
  const h = new Harness();
  h.say("Some words to hear");
  h.wait(10_000);
  for (const event of h.all("response.output_audio.delta")) {
    const bytes = Uint8Array.fromBase64(event.delta).length;
    assertEquals(bytes % 2, 0);
    assertLess(bytes, 200 * 48 + 1);
  }
});
