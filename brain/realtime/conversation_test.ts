import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import test from "node:test";
import { encodeBase64 } from "../../media/base64.ts";
import { type AnyEvent, audioOf, Harness, speechBytes, types, userText } from "../test_session.ts";

const PCMU = { type: "audio/pcmu" } as const;
const G711 = { audio: { input: { format: PCMU }, output: { format: PCMU } } };

function create(h: Harness, item: AnyEvent, previous_item_id?: string | null): AnyEvent[] {
  return h.send({ type: "conversation.item.create", item, previous_item_id });
}

/** An answered text, so that there is assistant audio of a known length. */
function withAnswer(text = "Hello there"): { h: Harness; itemId: string; audioMs: number } {
  const h = new Harness();
  h.update(G711);
  h.say(text);
  h.wait(10_000);
  const itemId = h.last("response.output_item.done").item.id;
  return { h, itemId, audioMs: audioOf(h.events).length / 8 };
}

test("an item is added and done, with an id, a status and what came before it", () => {
  const h = new Harness();
  const [added, done] = create(h, userText("one"));
  assertEquals([added!.type, done!.type], ["conversation.item.added", "conversation.item.done"]);
  assertEquals(added!.previous_item_id, null);
  assertMatch(added!.item.id, /^item_.{1,27}$/);
  assertEquals(added!.item.status, "completed");
  assertEquals(added!.item.content, [{ type: "input_text", text: "one" }]);
  assertEquals(create(h, userText("two"))[0]!.previous_item_id, added!.item.id);
});

test("previous_item_id places an item in the middle, root at the beginning", () => {
  const h = new Harness();
  create(h, { ...userText("a"), id: "a" });
  create(h, { ...userText("b"), id: "b" });
  assertEquals(create(h, { ...userText("m"), id: "m" }, "a")[0]!.previous_item_id, "a");
  assertEquals(create(h, { ...userText("z"), id: "z" }, "root")[0]!.previous_item_id, null);
  assertEquals(create(h, { ...userText("e"), id: "e" }, null)[0]!.previous_item_id, "b");
});

test("an unknown place, a taken id and an id over 32 characters are refused", () => {
  const h = new Harness();
  create(h, { ...userText("a"), id: "a" });
  const place = create(h, userText("b"), "nowhere")[0]!.error;
  assertEquals(place.param, "previous_item_id");
  assertStringIncludes(place.message, "'nowhere'");
  const taken = create(h, { ...userText("c"), id: "a" })[0]!.error;
  assertEquals(taken.param, "item.id");
  assertStringIncludes(taken.message, "'a'");
  assertEquals(create(h, { ...userText("d"), id: "x".repeat(33) })[0]!.error.param, "item.id");
  assertEquals(h.send({ type: "conversation.item.delete", item_id: "a" })[0]!.item_id, "a");
});

// deno-fmt-ignore
const accepted: [string, AnyEvent][] = [
  ["system text", { type: "message", role: "system", content: [{ type: "input_text", text: "x" }] }],
  ["assistant text", { type: "message", role: "assistant", content: [{ type: "output_text", text: "x" }] }],
  ["an image", { type: "message", role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" }] }],
  ["text and audio", { type: "message", role: "user", content: [{ type: "input_text", text: "x" }, { type: "input_audio", audio: "AAAAAAAA", transcript: "t" }] }],
  ["a function call", { type: "function_call", name: "f", call_id: "c1", arguments: "{}" }],
];
for (const [name, item] of accepted) {
  test(`${name} is taken as an item, and shown without its audio`, () => {
    const h = new Harness();
    const [added] = create(h, item);
    assertEquals(added!.type, "conversation.item.added");
    const shown = { ...added!.item };
    delete shown.id;
    delete shown.status;
    assertEquals(
      JSON.parse(JSON.stringify(item, (key, value) => key === "audio" ? undefined : value)),
      shown,
    );
  });
}

// deno-fmt-ignore
const refused: [string, AnyEvent, string][] = [
  ["assistant audio", { type: "message", role: "assistant", content: [{ type: "output_audio", audio: "AAAA" }] }, "item.content[0].type"],
  ["an empty content", { type: "message", role: "user", content: [] }, "item.content"],
  ["no content", { type: "message", role: "user" }, "item.content"],
  ["an unknown role", { type: "message", role: "wizard", content: [] }, "item.role"],
  ["an unknown type", { type: "poem" }, "item.type"],
  ["system audio", { type: "message", role: "system", content: [{ type: "input_audio", audio: "AAAA" }] }, "item.content[0].type"],
  ["audio that is not base64", { type: "message", role: "user", content: [{ type: "input_audio", audio: "***" }] }, "item.content[0].audio"],
  ["PCM of an odd length", { type: "message", role: "user", content: [{ type: "input_audio", audio: "AA==" }] }, "item.content[0].audio"],
  ["a call without a name", { type: "function_call", arguments: "{}" }, "item.name"],
  ["the output of no call", { type: "function_call_output", call_id: "c9", output: "x" }, "item.call_id"],
];
for (const [name, item, param] of refused) {
  test(`${name} is refused as an item, naming ${param}`, () => {
    const h = new Harness();
    const [event] = create(h, item);
    assertEquals([event!.type, event!.error?.param], ["error", param]);
  });
}

test("a text over the bound is refused by name", () => {
  const h = new Harness({ maxTextChars: 5 });
  const { error } = create(h, userText("123456"))[0]!;
  assertEquals([error.code, error.param], ["string_above_max_length", "item.content[0].text"]);
});

test("retrieve shows the item with its audio, as it came", () => {
  const h = new Harness();
  h.update(G711);
  const audio = encodeBase64(speechBytes(120));
  create(h, { type: "message", id: "u", role: "user", content: [{ type: "input_audio", audio }] });
  const [event] = h.send({ type: "conversation.item.retrieve", item_id: "u" });
  assertEquals(event!.type, "conversation.item.retrieved");
  assertEquals(event!.item.content, [{ type: "input_audio", transcript: null, audio }]);
});

test("delete removes an item for good", () => {
  const h = new Harness();
  create(h, { ...userText("a"), id: "a" });
  assertEquals(h.send({ type: "conversation.item.delete", item_id: "a" })[0], {
    type: "conversation.item.deleted",
    event_id: h.events.at(-1)!.event_id,
    item_id: "a",
  });
  for (const verb of ["delete", "retrieve"]) {
    const { error } = h.send({ type: `conversation.item.${verb}`, item_id: "a" })[0]!;
    assertEquals([error.code, error.param], [`item_${verb}_invalid_item_id`, "item_id"]);
    assertStringIncludes(error.message, "'a'");
  }
});

test("truncate cuts the audio to the millisecond and drops the transcript", () => {
  const { h, itemId } = withAnswer();
  const cut = { type: "conversation.item.truncate", item_id: itemId, content_index: 0 };
  const [event] = h.send({ ...cut, audio_end_ms: 123 });
  assertEquals(event, {
    type: "conversation.item.truncated",
    event_id: event!.event_id,
    item_id: itemId,
    content_index: 0,
    audio_end_ms: 123,
  });
  const [{ item }] = h.send({ type: "conversation.item.retrieve", item_id: itemId }) as [AnyEvent];
  assertEquals(Uint8Array.fromBase64(item.content[0].audio), audioOf(h.events).slice(0, 123 * 8));
  assertEquals(item.content[0].transcript, undefined);
  const { error } = h.send({ ...cut, audio_end_ms: 124 })[0]!;
  assertEquals(error.message, "Audio content of 123ms is already shorter than 124ms");
});

test("truncate takes all positions up to the audio's length and none beyond", () => {
  const { h, itemId, audioMs } = withAnswer();
  const at = (ms: number) =>
    h.send({
      type: "conversation.item.truncate",
      event_id: "t",
      item_id: itemId,
      content_index: 0,
      audio_end_ms: ms,
    })[0]!;
  const beyond = at(Math.floor(audioMs) + 1);
  assertEquals(beyond.error.event_id, "t");
  assertStringIncludes(
    beyond.error.message,
    `Audio content of ${Math.floor(audioMs)}ms is already shorter`,
  );
  assertEquals(at(Math.floor(audioMs)).type, "conversation.item.truncated");
  assertEquals(at(0).type, "conversation.item.truncated");
});

test("truncate refuses what is no assistant audio, a wrong index and a fraction", () => {
  const { h, itemId } = withAnswer();
  create(h, { ...userText("a"), id: "user" });
  create(h, {
    id: "text",
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "x" }],
  });
  const at = (item_id: string, content_index: number, audio_end_ms: number) =>
    h.send({ type: "conversation.item.truncate", item_id, content_index, audio_end_ms })[0]!.error;
  assertEquals(at("nobody", 0, 10).code, "item_truncate_invalid_item_id");
  assertStringIncludes(at("nobody", 0, 10).message, "'nobody'");
  assertEquals(at("user", 0, 10).code, "unsupported_content_type");
  assertEquals(at("text", 0, 10).code, "unsupported_content_type");
  assertEquals(at(itemId, 1, 10).param, "content_index");
  assertEquals(at(itemId, 0, 1.5).param, "audio_end_ms");
  assertEquals(at(itemId, 0, -1).param, "audio_end_ms");
});

test("beyond maxItems the oldest item goes", () => {
  const h = new Harness({ maxItems: 4 });
  for (let i = 0; i < 6; i++) create(h, { ...userText("x"), id: `i${i}` });
  const there = (id: string) =>
    h.send({ type: "conversation.item.retrieve", item_id: id })[0]!.type !== "error";
  assertEquals(["i0", "i1", "i2", "i5"].map(there), [false, false, true, true]);
});

test("beyond maxKeptBytes the oldest audio goes, its item and its length stay", () => {
  const h = new Harness({ maxKeptBytes: 2500 });
  h.update(G711);
  const audio = encodeBase64(speechBytes(200)); // 1600 bytes
  for (const id of ["a", "b"]) {
    create(h, { id, type: "message", role: "user", content: [{ type: "input_audio", audio }] });
  }
  const kept = (id: string) =>
    h.send({ type: "conversation.item.retrieve", item_id: id })[0]!.item.content[0].audio;
  assertEquals([kept("a"), kept("b")], [undefined, audio]);
  // What is gone can't be echoed: its description is spoken in its place.
  h.send({ type: "response.create" });
  const events = h.wait(20_000);
  assertEquals(
    h.last("response.output_audio_transcript.done").transcript,
    "(0.2 s of speech) (0.2 s of speech)",
  );
  assert(types(events).includes("response.output_audio.delta"));
});
