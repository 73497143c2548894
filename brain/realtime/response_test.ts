import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import test from "node:test";
import { type AnyEvent, audioOf, FakeClock, Harness, types } from "../test_session.ts";

const PCMU = { type: "audio/pcmu" } as const;
const TEXT = { output_modalities: ["text"] };
function phone(session: AnyEvent = {}, settings = {}): Harness {
  const h = new Harness(settings);
  h.update({ audio: { input: { format: PCMU }, output: { format: PCMU } }, ...session });
  return h;
}

test("a spoken answer: every event, in the order that the API sends them", () => {
  const h = phone();
  const events = [...h.say("Hello there, how are you?"), ...h.wait(10_000)];
  const order = types(events).filter((type, i, all) => all.indexOf(type) === i);
  assertEquals(order, [
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
  ]);
  const after = types(events).slice(types(events).indexOf("response.output_audio.done"));
  assertEquals(after, [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
  ]);
});

test("every event of a response names the same response and item", () => {
  const h = phone();
  h.say("Hello there");
  h.wait(10_000);
  const { response } = h.last("response.done");
  const item = response.output[0].id;
  for (const event of h.events) {
    if (event.response_id) assertEquals(event.response_id, response.id);
    if (event.type.startsWith("response.output_audio")) {
      assertEquals([event.item_id, event.output_index, event.content_index], [item, 0, 0]);
    }
  }
  assertEquals(h.all("conversation.item.added").at(-1)!.item.status, "in_progress");
  assertEquals(h.all("conversation.item.done").at(-1)!.item.status, "completed");
});

test("the transcript is the text; its deltas and the done events agree", () => {
  const h = phone();
  const text = 'Say "so"\nin several words, with ünïcode 🎈.';
  h.say(text);
  h.wait(20_000);
  const deltas = h.all("response.output_audio_transcript.delta").map((event) => event.delta);
  assertEquals(deltas.join(""), text);
  assertEquals(h.last("response.output_audio_transcript.done").transcript, text);
  assertEquals(h.last("response.content_part.done").part, { type: "audio", transcript: text });
  assertEquals(h.last("response.done").response.output[0].content, [
    { type: "output_audio", transcript: text },
  ]);
});

test("a text answer comes as text, with its own events", () => {
  const h = phone(TEXT);
  const text = "A text that is longer than one delta.";
  const events = [...h.say(text), ...h.wait(5000)];
  assertEquals(
    events.filter((event) => event.type === "response.output_text.delta").map((e) => e.delta).join(
      "",
    ),
    text,
  );
  assertEquals(types(events).slice(-6), [
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
  ]);
  assertEquals(h.last("response.output_text.done").text, text);
  assertEquals(h.last("response.done").response.output[0].content, [{ type: "output_text", text }]);
  assertEquals(audioOf(events).length, 0);
});

test("thinkMs passes before the first delta, then audio comes streamRate times real time", () => {
  const h = phone({}, { thinkMs: 250, streamRate: 8, deltaMs: 200 });
  const started = h.say("x".repeat(50)); // 3000 ms
  assertEquals(started.at(-1)!.type, "rate_limits.updated");
  assertEquals(h.wait(249), []);
  const first = h.wait(1);
  assertEquals(audioOf(first).length, 200 * 8);
  assertEquals(audioOf(h.wait(24)).length, 0);
  assertEquals(audioOf(h.wait(1)).length, 200 * 8);
  h.wait(324);
  assertEquals(h.all("response.done").length, 0);
  h.wait(1);
  assertEquals(h.all("response.done").length, 1);
});

test("a late timer catches up: deltas keep their place in time", () => {
  const clock = new FakeClock();
  const h = phone({}, { clock });
  h.say("x".repeat(50));
  clock.advance(250);
  const held: (() => void)[] = [];
  const after = clock.after.bind(clock);
  clock.after = (ms, fn) => after(ms + 100, () => held.push(fn));
  clock.advance(25);
  clock.after = after;
  clock.advance(200);
  for (const fn of held) fn();
  const sent = audioOf(h.events).length / 8;
  assertGreater(sent, 1500);
});

test("one response at a time: the second is refused and names the first", () => {
  const h = phone();
  h.say("one");
  const { response } = h.last("response.created");
  const [event] = h.send({ type: "response.create", event_id: "again" });
  assertEquals(event!.error.code, "conversation_already_has_active_response");
  assertStringIncludes(event!.error.message, response.id);
  assertEquals(event!.error.event_id, "again");
  h.wait(10_000);
  assertEquals(h.all("response.done").length, 1);
});

for (const [name, ms] of [["while thinking", 100], ["while streaming", 300]] as const) {
  test(`cancel ${name} ends the response at once and nothing follows`, () => {
    const h = phone();
    h.say("A text that takes a good while to be spoken");
    h.wait(ms);
    const events = h.send({ type: "response.cancel" });
    const { response } = events.at(-1)!;
    assertEquals(response.status, "cancelled");
    assertEquals(response.status_details, { type: "cancelled", reason: "client_cancelled" });
    const closing = [
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ];
    assertEquals(types(events), ms > 250 ? closing : ["response.done"]);
    assertEquals(
      response.output.map((item: AnyEvent) => item.status),
      ms > 250 ? ["incomplete"] : [],
    );
    assertEquals(h.wait(10_000), []);
    assertGreater(response.usage.total_tokens, 0);
  });
}

test("cancel refuses when nothing is active, or another id is", () => {
  const h = phone();
  const none = h.send({ type: "response.cancel", event_id: "c" })[0]!.error;
  assertEquals([none.code, none.event_id], ["response_cancel_not_active", "c"]);
  h.say("one");
  const other = h.send({ type: "response.cancel", response_id: "resp_other" })[0]!.error;
  assertEquals([other.code, other.param], ["response_cancel_not_active", "response_id"]);
  assertStringIncludes(other.message, "resp_other");
  const { id } = h.last("response.created").response;
  assertEquals(h.send({ type: "response.cancel", response_id: id }).at(-1)!.response.id, id);
});

test("truncate while the answer streams: what comes later is not kept", () => {
  const h = phone();
  h.say("A text that takes a good while to be spoken");
  h.wait(300);
  const item_id = h.last("response.output_item.added").item.id;
  h.send({ type: "conversation.item.truncate", item_id, content_index: 0, audio_end_ms: 150 });
  h.wait(10_000);
  assertEquals(h.last("response.done").response.status, "completed");
  const [event] = h.send({ type: "conversation.item.retrieve", item_id });
  assertEquals(Uint8Array.fromBase64(event!.item.content[0].audio).length, 150 * 8);
  assertEquals(event!.item.content[0].transcript, undefined);
});

test("an item deleted while its answer streams: no conversation.item.done, and no harm", () => {
  const h = phone();
  h.say("A text that takes a good while to be spoken");
  h.wait(300);
  h.send({
    type: "conversation.item.delete",
    item_id: h.last("response.output_item.added").item.id,
  });
  const events = h.wait(10_000);
  assertEquals(events.at(-1)!.response.status, "completed");
  assertEquals(events.filter((event) => event.type === "conversation.item.done"), []);
});
