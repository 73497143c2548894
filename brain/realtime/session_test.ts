import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import test from "node:test";
import { createEchoServer } from "../echo/mod.ts";
import { type AnyEvent, audioOf, FakeClock, Harness, types } from "../test_session.ts";

test("session.created comes first, with the default session and when it expires", () => {
  const { events } = new Harness({ sessionLimitMs: 60_000 }, "gpt-realtime-2.1");
  assertEquals(events.length, 1);
  const { type, event_id, session } = events[0]!;
  assertEquals(type, "session.created");
  assertMatch(event_id, /^event_/);
  assertMatch(session.id, /^sess_/);
  assertEquals(session.model, "gpt-realtime-2.1");
  // The clock says 1000 s since the process began; 60 s are allowed.
  const expiresAtMs = performance.timeOrigin + 1_060_000;
  assertEquals(session.expires_at, Math.floor(expiresAtMs / 1000));
  assertEquals(session.output_modalities, ["audio"]);
  assertEquals(session.audio.input.format, { type: "audio/pcm", rate: 24000 });
  assertEquals(session.audio.input.turn_detection.type, "server_vad");
});

test("session.update changes only what is present and answers with the whole session", () => {
  const h = new Harness();
  h.update({ instructions: "Be kind.", audio: { input: { format: { type: "audio/pcmu" } } } });
  const { type, session } = h.update({
    audio: { input: { turn_detection: { type: "server_vad", threshold: 0.7 } } },
  });
  assertEquals(type, "session.updated");
  assertEquals(session.instructions, "Be kind.");
  assertEquals(session.audio.input.format, { type: "audio/pcmu" });
  assertEquals(session.audio.output.format, { type: "audio/pcm", rate: 24000 });
  assertEquals(session.audio.input.turn_detection, {
    type: "server_vad",
    threshold: 0.7,
    prefix_padding_ms: 300,
    silence_duration_ms: 200,
    idle_timeout_ms: null,
    create_response: true,
    interrupt_response: true,
  });
});

test('"", [] and null clear a field', () => {
  const h = new Harness();
  h.update({
    instructions: "Be kind.",
    tools: [{ type: "function", name: "hang_up" }],
    audio: { input: { transcription: { model: "whisper-1" } } },
  });
  const { session } = h.update({
    instructions: "",
    tools: [],
    audio: { input: { transcription: null, turn_detection: null } },
  });
  assertEquals(session.instructions, "");
  assertEquals(session.tools, []);
  assertEquals(session.audio.input.transcription, null);
  assertEquals(session.audio.input.turn_detection, null);
});

test("turn detection of another type starts from that type's defaults", () => {
  const { session } = new Harness().update({
    audio: { input: { turn_detection: { type: "semantic_vad", eagerness: "low" } } },
  });
  assertEquals(session.audio.input.turn_detection, {
    type: "semantic_vad",
    eagerness: "low",
    create_response: true,
    interrupt_response: true,
  });
});

const audio = (input: AnyEvent) => ({ type: "realtime", audio: { input } });
// deno-fmt-ignore
const refused: [name: string, session: unknown, code: string, param: string, inMessage: string][] = [
  ["no type", {}, "missing_required_parameter", "session.type", "session.type"],
  ["a beta field", { type: "realtime", modalities: ["text"] }, "unknown_parameter", "session.modalities", "modalities"],
  ["temperature", { type: "realtime", temperature: 1 }, "unknown_parameter", "session.temperature", "temperature"],
  ["two modalities", { type: "realtime", output_modalities: ["text", "audio"] }, "invalid_value", "session.output_modalities", '["text","audio"]'],
  ["an unknown format", audio({ format: { type: "audio/opus" } }), "invalid_value", "session.audio.input.format.type", "'audio/opus'"],
  ["a rate for G.711", audio({ format: { type: "audio/pcmu", rate: 8000 } }), "unknown_parameter", "session.audio.input.format.rate", "rate"],
  ["a PCM rate of 8000", audio({ format: { type: "audio/pcm", rate: 8000 } }), "invalid_value", "session.audio.input.format.rate", "8000"],
  ["a threshold over 1", audio({ turn_detection: { type: "server_vad", threshold: 1.5 } }), "invalid_value", "session.audio.input.turn_detection.threshold", "1.5"],
  ["an idle timeout of semantic_vad", audio({ turn_detection: { type: "semantic_vad", idle_timeout_ms: 6000 } }), "unknown_parameter", "session.audio.input.turn_detection.idle_timeout_ms", "idle_timeout_ms"],
  ["an unknown turn detection", audio({ turn_detection: { type: "psychic" } }), "invalid_value", "session.audio.input.turn_detection.type", "'psychic'"],
  ["a silence that is no whole number", audio({ turn_detection: { type: "server_vad", silence_duration_ms: 1.5 } }), "invalid_value", "session.audio.input.turn_detection.silence_duration_ms", "1.5"],
  ["a delay for another model", audio({ transcription: { model: "whisper-1", delay: "low" } }), "invalid_value", "session.audio.input.transcription.delay", "'low'"],
  ["keywords for another model", audio({ transcription: { model: "whisper-1", keywords: ["x"] } }), "invalid_value", "session.audio.input.transcription.keywords", '["x"]'],
  ["an unknown voice", { type: "realtime", audio: { output: { voice: "bob" } } }, "invalid_value", "session.audio.output.voice", "'bob'"],
  ["a speed of 3", { type: "realtime", audio: { output: { speed: 3 } } }, "invalid_value", "session.audio.output.speed", "3"],
  ["5000 output tokens", { type: "realtime", max_output_tokens: 5000 }, "invalid_value", "session.max_output_tokens", "5000"],
  ["instructions that are a number", { type: "realtime", instructions: 5 }, "invalid_type", "session.instructions", "5"],
  ["a nested function tool", { type: "realtime", tools: [{ type: "function", function: { name: "x" } }] }, "missing_required_parameter", "session.tools[0].name", "name"],
  ["two tools of one name", { type: "realtime", tools: [{ type: "function", name: "x" }, { type: "function", name: "x" }] }, "invalid_value", "session.tools[1].name", "'x'"],
  ["output of a transcription session", { type: "transcription", instructions: "x" }, "unknown_parameter", "session.instructions", "instructions"],
  ["another model", { type: "realtime", model: "other" }, "invalid_value", "session.model", "'other'"],
];

for (const [name, session, code, param, inMessage] of refused) {
  test(`session.update refuses ${name}, names the field and changes nothing`, () => {
    const h = new Harness({}, "gpt-realtime-2.1");
    const [event] = h.send({ type: "session.update", event_id: "mine", session });
    assertEquals(event!.type, "error");
    assertEquals(event!.error.type, "invalid_request_error");
    assertEquals([event!.error.code, event!.error.param], [code, param]);
    assertStringIncludes(event!.error.message, inMessage);
    assertEquals(event!.error.event_id, "mine");
    const after = h.update({}).session;
    assertEquals(after, h.events[0]!.session);
  });
}

test("the bounds of settings are refused by name: instructions, tools", () => {
  const h = new Harness({ maxTextChars: 10, maxTools: 1 });
  const long = h.update({ instructions: "x".repeat(11) });
  assertEquals([long.error.code, long.error.param], [
    "string_above_max_length",
    "session.instructions",
  ]);
  const tool = (name: string) => ({ type: "function", name });
  const many = h.update({ tools: [tool("a"), tool("b")] });
  assertEquals([many.error.code, many.error.param], ["array_above_max_length", "session.tools"]);
});

test("the model may be named by the first update when the URL named none, and then stays", () => {
  const h = new Harness();
  assertEquals(h.update({ model: "gpt-realtime-2.1" }).session.model, "gpt-realtime-2.1");
  assertEquals(h.update({ model: "gpt-realtime-2.1" }).type, "session.updated");
  assertEquals(h.update({ model: "other" }).error.param, "session.model");
});

test("the voice is frozen by the first audio, the same voice stays welcome", () => {
  const h = new Harness();
  assertEquals(h.update({ audio: { output: { voice: "marin" } } }).type, "session.updated");
  h.say("Hello");
  h.wait(300);
  assert(audioOf(h.events).length > 0);
  const during = h.update({ audio: { output: { voice: "cedar" } } });
  assertEquals(during.error.code, "cannot_update_voice");
  assertStringIncludes(during.error.message, "cedar");
  h.wait(5000);
  assertEquals(
    h.update({ audio: { output: { voice: "cedar" } } }).error.code,
    "cannot_update_voice",
  );
  assertEquals(h.update({ audio: { output: { voice: "marin" } } }).type, "session.updated");
});

test("the speed changes between turns only", () => {
  const h = new Harness();
  h.say("Hello");
  assertEquals(
    h.update({ audio: { output: { speed: 1.2 } } }).error.param,
    "session.audio.output.speed",
  );
  h.wait(5000);
  assertEquals(h.update({ audio: { output: { speed: 1.2 } } }).session.audio.output.speed, 1.2);
});

test("tracing can't be changed once it is on", () => {
  const h = new Harness();
  assertEquals(h.update({ tracing: "auto" }).session.tracing, "auto");
  assertEquals(h.update({ tracing: "auto" }).type, "session.updated");
  assertEquals(h.update({ tracing: null }).error.param, "session.tracing");
});

test("a transcription session shows no output side and creates no responses", () => {
  const h = new Harness();
  const [updated] = h.send({
    type: "session.update",
    session: {
      type: "transcription",
      audio: {
        input: { transcription: { model: "gpt-live-transcribe" }, turn_detection: null },
      },
    },
  });
  assertEquals(Object.keys(updated!.session).sort(), [
    "audio",
    "expires_at",
    "id",
    "include",
    "object",
    "type",
  ]);
  assertEquals(updated!.session.audio.output, undefined);
  assertEquals(h.send({ type: "response.create" })[0]!.error.code, "invalid_event");
  assertEquals(h.update({}).error.param, "session.type");
});

test("gpt-live-transcribe wants turn detection off in a transcription session", () => {
  const h = new Harness();
  const [event] = h.send({
    type: "session.update",
    session: {
      type: "transcription",
      audio: { input: { transcription: { model: "gpt-live-transcribe" } } },
    },
  });
  assertEquals(event!.error.param, "session.audio.input.turn_detection");
});

test("an unknown event is an invalid_event that names it, and the session goes on", () => {
  const h = new Harness();
  const [event] = h.send({ type: "session.explode", event_id: "e1" });
  assertEquals(event!.error.code, "invalid_event");
  assertStringIncludes(event!.error.message, "'session.explode'");
  assertEquals(event!.error.event_id, "e1");
  assertEquals(h.update({}).type, "session.updated");
});

for (
  const [text, code] of [
    ["{", "invalid_json"],
    ["", "invalid_json"],
    ["[]", "invalid_event"],
    ["null", "invalid_event"],
    ["3", "invalid_event"],
    ["{}", "missing_required_parameter"],
    ['{"type":5}', "invalid_event"],
    ['{"type":"toString"}', "invalid_event"],
    ['{"type":"response.cancel","event_id":7}', "invalid_type"],
    ['{"type":"transcription_session.update"}', "invalid_event"],
    ['{"type":"output_audio_buffer.clear"}', "invalid_event"],
  ] as const
) {
  test(`${text || "an empty frame"} is answered with ${code} and the session stays open`, () => {
    const h = new Harness();
    h.session.receive(text);
    assertEquals(h.events.at(-1)!.error.code, code);
    assertEquals(h.closes, []);
    assertEquals(h.update({}).type, "session.updated");
  });
}

test("a giant frame is refused with its size, and the session stays open", () => {
  const h = new Harness({ maxMessageBytes: 1000 });
  h.session.receive(`{"type":"input_audio_buffer.append","audio":"${"A".repeat(1000)}"}`);
  const { error } = h.events.at(-1)!;
  assertEquals(error.code, "invalid_event");
  assertStringIncludes(error.message, "1047");
  assertEquals(h.update({}).type, "session.updated");
});

test("at its limit the session says session_expired, closes with 1001 and falls silent", () => {
  const h = new Harness({ sessionLimitMs: 3_600_000 });
  h.wait(3_599_999);
  assertEquals(h.closes, []);
  h.say("late");
  const last = h.wait(1).at(-1)!;
  assertEquals(last.error.code, "session_expired");
  assertEquals(h.closes, [[1001, "Your session hit the maximum duration of 60 minutes."]]);
  assertEquals(h.clock.pending, 0);
  assertEquals(h.send({ type: "session.update" }), []);
});

test("end takes back every timer and silences the session", () => {
  const h = new Harness();
  h.say("Hello");
  h.send({ type: "response.create", response: { conversation: "none" } });
  assert(h.clock.pending > 1);
  h.session.end();
  assertEquals(h.clock.pending, 0);
  const count = h.events.length;
  h.wait(10_000);
  h.send({ type: "response.create" });
  assertEquals(h.events.length, count);
});

test("a send that throws ends that session alone", () => {
  const clock = new FakeClock();
  let left = 1;
  const broken = createEchoServer({ clock }).open(() => {
    if (left-- <= 0) throw new Error("gone");
  }, () => {});
  const h = new Harness({ clock });
  broken.receive('{"type":"response.create"}');
  assertEquals(types(h.say("Hello")).at(-1), "rate_limits.updated");
  clock.advance(5000);
  assertEquals(h.events.at(-1)!.type, "response.done");
});

test("ids differ between sessions and event ids never repeat", () => {
  const [a, b] = [new Harness(), new Harness()];
  a.say("x");
  a.wait(5000);
  const ids = a.events.map((event) => event.event_id);
  assertEquals(new Set(ids).size, ids.length);
  assert(a.events[0]!.session.id !== b.events[0]!.session.id);
});

test("a setting out of range is refused with its name, value and range", () => {
  assertThrows(() => new Harness({ streamRate: 0 }), RangeError, "streamRate is 0");
  assertThrows(() => new Harness({ maxItems: 4.5 }), RangeError, "maxItems is 4.5");
  assertThrows(() => new Harness({ thinkMs: NaN }), RangeError, "thinkMs is NaN");
  assertThrows(() => new Harness({ model: "" }), RangeError, "model");
});
