import test from "node:test";
import { assertEquals, assertInstanceOf, assertNotMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type BrainEvent, BrainProtocolError, readBrainEvent } from "./events.ts";

const read = (event: unknown) => readBrainEvent(JSON.stringify(event));

const IDS = { response_id: "resp_1", item_id: "item_1", output_index: 0, content_index: 0 };

// deno-fmt-ignore
const TABLE: [name: string, event: Record<string, unknown>, wanted: BrainEvent][] = [
  ["session.created", { session: { id: "s", expires_at: 1700 } },
    { type: "session", updated: false, session: { id: "s", expires_at: 1700 }, expiresAtMs: 1_700_000 }],
  ["session.updated", { session: { id: "s" } },
    { type: "session", updated: true, session: { id: "s" }, expiresAtMs: null }],
  ["input_audio_buffer.speech_started", { item_id: "item_1", audio_start_ms: 1280 },
    { type: "speech_started", itemId: "item_1", audioMs: 1280 }],
  ["input_audio_buffer.speech_stopped", { item_id: "item_1", audio_end_ms: 2440 },
    { type: "speech_stopped", itemId: "item_1", audioMs: 2440 }],
  ["input_audio_buffer.committed", { item_id: "item_1", previous_item_id: null },
    { type: "committed", itemId: "item_1" }],
  ["response.created", { response: { id: "resp_1", status: "in_progress" } },
    { type: "response_created", responseId: "resp_1", name: "" }],
  ["response.created", { response: { id: "resp_1", metadata: { earshot_answer: "answer_7" } } },
    { type: "response_created", responseId: "resp_1", name: "answer_7" }],
  ["conversation.item.added", { item: { id: "text_3" } }, { type: "item_added", itemId: "text_3" }],
  ["response.output_item.added", { response_id: "resp_1", item: { id: "item_1", type: "message" } },
    { type: "output_item", responseId: "resp_1", itemId: "item_1" }],
  ["response.output_item.added", { response_id: "resp_1", item: { id: "item_1", type: "function_call" } },
    { type: "other", name: "response.output_item.added" }],
  ["response.output_audio.delta", { ...IDS, delta: "/v8=" },
    { type: "audio", responseId: "resp_1", itemId: "item_1", payload: "/v8=" }],
  ["response.output_audio_transcript.delta", { ...IDS, delta: "Hel" },
    { type: "agent_words", responseId: "resp_1", itemId: "item_1", text: "Hel", final: false }],
  ["response.output_audio_transcript.done", { ...IDS, transcript: "Hello" },
    { type: "agent_words", responseId: "resp_1", itemId: "item_1", text: "Hello", final: true }],
  ["response.output_text.delta", { ...IDS, delta: "Hel" },
    { type: "agent_words", responseId: "resp_1", itemId: "item_1", text: "Hel", final: false }],
  ["response.output_text.done", { ...IDS, text: "Hello" },
    { type: "agent_words", responseId: "resp_1", itemId: "item_1", text: "Hello", final: true }],
  ["conversation.item.input_audio_transcription.completed", { item_id: "item_1", transcript: "Hi" },
    { type: "caller_words", itemId: "item_1", text: "Hi", usage: undefined }],
  ["conversation.item.input_audio_transcription.failed",
    { item_id: "item_1", error: { code: "audio_unintelligible" } },
    { type: "caller_words_failed", itemId: "item_1", code: "audio_unintelligible" }],
  ["rate_limits.updated", { rate_limits: [] }, { type: "rate_limits", resetMs: 0 }],
  ["rate_limits.updated",
    { rate_limits: [{ name: "requests", remaining: 3, reset_seconds: 60 },
      { name: "tokens", remaining: 0, reset_seconds: 1.5 }, null] },
    { type: "rate_limits", resetMs: 1500 }],
  ["response.output_audio.done", IDS, { type: "audio_done", responseId: "resp_1" }],
  ["made.up", {}, { type: "other", name: "made.up" }],
];

for (const [name, event, wanted] of TABLE) {
  test(`readBrainEvent: ${name} is ${wanted.type}`, () => {
    assertEquals(read({ event_id: "event_1", type: name, ...event }), wanted);
  });
}

test("readBrainEvent: beta names are read as their GA names", () => {
  const pairs = [
    ["response.audio.delta", "response.output_audio.delta"],
    ["response.audio_transcript.delta", "response.output_audio_transcript.delta"],
    ["response.audio_transcript.done", "response.output_audio_transcript.done"],
    ["response.text.delta", "response.output_text.delta"],
    ["response.text.done", "response.output_text.done"],
  ] as const;
  const fields = { ...IDS, delta: "AAAA", transcript: "Hi", text: "Hi" };
  for (const [beta, ga] of pairs) {
    assertEquals(read({ type: beta, ...fields }), read({ type: ga, ...fields }), beta);
  }
});

test("readBrainEvent: a finished function call is news, an interrupted one is not", () => {
  const item = { type: "function_call", id: "i", call_id: "c", name: "hang_up", arguments: "{}" };
  const done = (status?: string) =>
    read({ type: "response.output_item.done", response_id: "r", item: { ...item, status } });
  const called = {
    type: "tool_called",
    responseId: "r",
    call: { itemId: "i", callId: "c", name: "hang_up", arguments: "{}" },
  };
  assertEquals(done("completed") as unknown, called);
  assertEquals(done() as unknown, called);
  assertEquals(done("incomplete").type, "other");
  assertEquals(
    read({ type: "response.output_item.done", item: { type: "message", status: "completed" } })
      .type,
    "other",
  );
});

test("readBrainEvent: response.done tells status, reason and usage", () => {
  const done = (response: unknown) => read({ type: "response.done", response }) as unknown;
  const usage = { total_tokens: 3 };
  assertEquals(done({ id: "r", status: "completed", usage }), {
    type: "response_done",
    responseId: "r",
    status: "completed",
    reason: "",
    retryAfterMs: 0,
    usage,
  });
  const error = { code: "rate_limit_exceeded", message: "Please try again in 1.2s." };
  const limited = done({ status: "failed", status_details: { error } }) as { retryAfterMs: number };
  assertEquals(limited.retryAfterMs, 1200);
  const of = (status: string, status_details: unknown) => {
    const event = done({ id: "r", status, status_details }) as { status: string; reason: string };
    return [event.status, event.reason];
  };
  assertEquals(of("cancelled", { type: "cancelled", reason: "turn_detected" }), [
    "cancelled",
    "turn_detected",
  ]);
  assertEquals(of("failed", { type: "failed", error: { code: "rate_limit_exceeded" } }), [
    "failed",
    "rate_limit_exceeded",
  ]);
  assertEquals(of("incomplete", { reason: "max_output_tokens" }), [
    "incomplete",
    "max_output_tokens",
  ]);
  // A status of another dialect must not keep the call waiting.
  assertEquals(of("finished", null), ["completed", ""]);
});

test("readBrainEvent: an error is sorted by its code, else by its type", () => {
  const error = (fields: unknown) => read({ type: "error", error: fields }) as unknown;
  assertEquals(
    error({ type: "invalid_request_error", code: "session_expired", message: "m", event_id: "e" }),
    {
      type: "error",
      code: "session_expired",
      message: "m",
      eventId: "e",
      severity: "fatal",
      retryAfterMs: 0,
    },
  );
  assertEquals(error({ type: "server_error", message: "m" }), {
    type: "error",
    code: "server_error",
    message: "m",
    eventId: "",
    severity: "retryable",
    retryAfterMs: 0,
  });
  assertEquals(error(null), {
    type: "error",
    code: "unknown",
    message: "",
    eventId: "",
    severity: "harmless",
    retryAfterMs: 0,
  });
});

test("readBrainEvent: every field may be missing or of another type", () => {
  const names = [...new Set(TABLE.map(([name]) => name)), "response.done", "error"];
  const junk = fc.oneof(fc.jsonValue(), fc.constant(undefined));
  const event = fc.record({
    type: fc.constantFrom(...names, "response.output_item.done"),
    session: junk,
    response: junk,
    response_id: junk,
    item: junk,
    item_id: junk,
    delta: junk,
    transcript: junk,
    text: junk,
    error: junk,
    audio_start_ms: junk,
    audio_end_ms: junk,
  });
  fc.assert(
    fc.property(event, (fields) => {
      let result: BrainEvent;
      try {
        result = read(fields);
      } catch (error) {
        assertInstanceOf(error, BrainProtocolError);
        return;
      }
      for (const [name, value] of Object.entries(result)) {
        if (/Id$|^text$|^payload$|^reason$|^code$|^message$|^name$/.test(name)) {
          assertEquals(typeof value, "string", name);
        }
        if (name === "audioMs") assertEquals(Number.isFinite(value), true);
      }
    }),
    { numRuns: 500 },
  );
});

test("readBrainEvent: a type that is the name of an object's own method is just unknown", () => {
  for (const type of ["constructor", "toString", "__proto__", "hasOwnProperty", ""]) {
    assertEquals(readBrainEvent(`{"type":"${type}"}`), { type: "other", name: type });
  }
});

test("readBrainEvent: what is no event is a ProtocolError without a word of what was said", () => {
  for (const text of ["", "{", "null", "[]", "1", '"secret"', "{}", '{"type":1}', "secret words"]) {
    const error = assertThrows(() => readBrainEvent(text), BrainProtocolError);
    assertEquals([error.name, error.peer], ["ProtocolError", "brain"]);
    assertNotMatch(error.message, /secret/);
  }
});
