import { assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import test from "node:test";
import {
  type AnyEvent,
  audioOf,
  type Harness,
  join,
  phone,
  silenceBytes,
  speechBytes,
  types,
} from "../test_session.ts";

test("a spoken turn: started, stopped, committed, added, done, answered, in this order", () => {
  const h = phone();
  const events = h.speak(join(silenceBytes(1000), speechBytes(1200), silenceBytes(600)));
  assertEquals(types(events), [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "rate_limits.updated",
  ]);
  const [started, stopped, committed, added] = events as [AnyEvent, AnyEvent, AnyEvent, AnyEvent];
  assertEquals(new Set([started, stopped, committed].map((event) => event.item_id)).size, 1);
  assertEquals(added.item.id, started.item_id);
  assertEquals(added.item.content, [{ type: "input_audio", transcript: null }]);
  assertEquals(committed.previous_item_id, null);
  // Speech lay at 1000..2200 ms: padding before it, 200 ms of silence behind it. What swells in
  // is noticed a little late.
  assertGreater(started.audio_start_ms, 600);
  assertLess(started.audio_start_ms, 900);
  assertGreater(stopped.audio_end_ms, 2300);
  assertLess(stopped.audio_end_ms, 2600);
});

test("µ-law in and out: the answer is the turn's audio, byte for byte", () => {
  const h = phone();
  const sent = join(silenceBytes(1000), speechBytes(1200), silenceBytes(600));
  h.speak(sent);
  h.wait(10_000);
  const from = h.last("input_audio_buffer.speech_started").audio_start_ms * 8;
  const to = h.last("input_audio_buffer.speech_stopped").audio_end_ms * 8;
  assertEquals(audioOf(h.events), sent.slice(from, to));
  assertEquals(h.last("response.done").response.status, "completed");
});

test("the second turn counts ms from the beginning of the session, and echoes itself alone", () => {
  const h = phone();
  const one = join(silenceBytes(1000), speechBytes(1000), silenceBytes(600));
  h.speak(one);
  h.wait(10_000);
  const count = h.events.length;
  h.speak(one);
  h.wait(10_000);
  const [first, second] = h.all("input_audio_buffer.speech_started");
  // The VAD knows the voice by now and may notice it sooner.
  assertLess(Math.abs(second!.audio_start_ms - first!.audio_start_ms - 2600), 200);
  const later = h.events.slice(count);
  const end = h.last("input_audio_buffer.speech_stopped").audio_end_ms;
  assertEquals(audioOf(later), join(one, one).slice(second!.audio_start_ms * 8, end * 8));
  assertEquals(
    h.last("input_audio_buffer.committed").previous_item_id,
    h.events[count - 1]!.response.output[0].id,
  );
});

test("prefix_padding_ms and silence_duration_ms set how much is heard around the speech", () => {
  const bounds = (prefix_padding_ms: number, silence_duration_ms: number) => {
    const h = phone({
      turn_detection: { type: "server_vad", prefix_padding_ms, silence_duration_ms },
    });
    h.speak(join(silenceBytes(2000), speechBytes(800), silenceBytes(2500)));
    return [
      h.last("input_audio_buffer.speech_started").audio_start_ms,
      h.last("input_audio_buffer.speech_stopped").audio_end_ms,
    ];
  };
  const [start, end] = bounds(300, 200) as [number, number];
  assertEquals(bounds(0, 200), [start + 300, end]);
  assertEquals(bounds(1000, 200), [start - 700, end]);
  const [sameStart, late] = bounds(300, 1200) as [number, number];
  assertEquals(sameStart, start);
  assertLess(Math.abs(late - end - 1000), 60);
});

test("padding never reaches into the turn before", () => {
  const h = phone({
    turn_detection: {
      type: "server_vad",
      prefix_padding_ms: 3000,
      silence_duration_ms: 200,
      create_response: false,
    },
  });
  h.speak(
    join(
      silenceBytes(500),
      speechBytes(600),
      silenceBytes(500),
      speechBytes(600),
      silenceBytes(500),
    ),
  );
  const [first, second] = h.all("input_audio_buffer.speech_stopped");
  const starts = h.all("input_audio_buffer.speech_started").map((event) => event.audio_start_ms);
  assertEquals(starts, [0, first!.audio_end_ms]);
  assertGreater(second!.audio_end_ms, first!.audio_end_ms);
});

test("a turn is cut alike whether audio comes in 20 ms frames or all at once", () => {
  const audio = join(silenceBytes(1000), speechBytes(1000), silenceBytes(1000));
  const [frames, once] = [phone(), phone()];
  frames.speak(audio);
  once.speak(audio, audio.length);
  for (const type of ["speech_started", "speech_stopped"]) {
    const { item_id: _i, event_id: _e, ...one } = frames.last(`input_audio_buffer.${type}`);
    const { item_id: _j, event_id: _f, ...other } = once.last(`input_audio_buffer.${type}`);
    assertEquals(one, other);
  }
  frames.wait(10_000);
  once.wait(10_000);
  assertEquals(audioOf(frames.events), audioOf(once.events));
});

test("interrupt_response cancels the answer at once, with reason turn_detected", () => {
  const h = phone();
  h.say("A long text to be interrupted in the middle of");
  h.wait(300);
  const events = h.speak(join(silenceBytes(200), speechBytes(400)));
  const done = events.find((event) => event.type === "response.done")!;
  assertEquals(done.response.status, "cancelled");
  assertEquals(done.response.status_details, { type: "cancelled", reason: "turn_detected" });
  assertEquals(done.response.output[0].status, "incomplete");
  assertEquals(audioOf(h.wait(5000)).length, 0);
});

test("without interrupt_response the answer goes on, and a turn over it gets an error, no answer", () => {
  const h = phone({ turn_detection: { type: "server_vad", interrupt_response: false } });
  h.say("A text that takes a while to be spoken, longer than the turn that comes over it");
  h.wait(300);
  const events = h.speak(join(silenceBytes(200), speechBytes(400), silenceBytes(500)));
  assertEquals(events.at(-1)!.error.code, "conversation_already_has_active_response");
  h.wait(10_000);
  assertEquals(h.last("response.done").response.status, "completed");
  // Its words are not lost: the next answer is theirs.
  h.send({ type: "response.create" });
  const later = h.wait(10_000);
  assertStringIncludes(
    later.find((e) => e.type === "response.output_audio_transcript.done")!.transcript,
    "of speech",
  );
});

test("create_response false: the turn is committed and nothing answers", () => {
  const h = phone({ turn_detection: { type: "server_vad", create_response: false } });
  const events = h.speak(join(silenceBytes(500), speechBytes(600), silenceBytes(600)));
  assertEquals(events.at(-1)!.type, "conversation.item.done");
  assertEquals(h.wait(5000), []);
});

test("semantic_vad: the keener it is, the sooner the turn ends", () => {
  const endMs = (eagerness: string) => {
    const h = phone({ turn_detection: { type: "semantic_vad", eagerness } });
    h.speak(join(silenceBytes(500), speechBytes(600), silenceBytes(2500)));
    return h.last("input_audio_buffer.speech_stopped").audio_end_ms as number;
  };
  const [high, auto, medium, low] = ["high", "auto", "medium", "low"].map(endMs) as [
    number,
    number,
    number,
    number,
  ];
  assertEquals(auto, medium);
  assertLess(high, auto);
  assertLess(auto, low);
});

test("transcription says how long the speech was, after the item, with usage by duration", () => {
  const h = phone({ turn_detection: null, transcription: { model: "gpt-realtime-whisper" } });
  h.speak(speechBytes(1400));
  const [committed] = h.send({ type: "input_audio_buffer.commit" });
  const events = h.wait(1000);
  const prefix = "conversation.item.input_audio_transcription";
  assertEquals(types(events), [`${prefix}.delta`, `${prefix}.completed`]);
  const { event_id: _, ...completed } = events.at(-1)!;
  assertEquals(completed, {
    type: `${prefix}.completed`,
    item_id: committed!.item_id,
    content_index: 0,
    transcript: "(1.4 s of speech)",
    usage: { type: "duration", seconds: 1.4 },
  });
  const [retrieved] = h.send({ type: "conversation.item.retrieve", item_id: committed!.item_id });
  assertEquals(retrieved!.item.content[0].transcript, "(1.4 s of speech)");
});

test("idle_timeout_ms: silence after the answer has played brings a prompt", () => {
  const h = phone({ turn_detection: { type: "server_vad", idle_timeout_ms: 5000 } });
  h.say("Hello");
  const live = (ms: number) => {
    for (let at = 0; at < ms; at += 20) {
      h.speak(silenceBytes(20));
      h.wait(20);
    }
  };
  // Thinks 250 ms, streams until 275 ms, plays for 300 ms, then 5000 ms of silence.
  live(5560);
  assertEquals(h.last("response.done").response.status, "completed");
  assertEquals(h.all("input_audio_buffer.timeout_triggered"), []);
  live(40);
  const timeout = h.last("input_audio_buffer.timeout_triggered");
  assertLess(Math.abs(timeout.audio_start_ms - 575), 21);
  assertLess(Math.abs(timeout.audio_end_ms - 5575), 21);
  assertEquals(h.last("input_audio_buffer.committed").item_id, timeout.item_id);
  live(1000);
  assertEquals(h.last("response.output_audio_transcript.done").transcript, "Are you still there?");
});

test("speech, a new answer, or turning it off stops the idle clock", () => {
  const idle = { turn_detection: { type: "server_vad", idle_timeout_ms: 5000 } };
  const quiet = (act: (h: Harness) => void) => {
    const h = phone(idle);
    h.say("Hello");
    h.wait(1500);
    act(h);
    h.wait(4500);
    return h.all("input_audio_buffer.timeout_triggered").length;
  };
  assertEquals(quiet(() => {}), 1);
  assertEquals(quiet((h) => h.speak(join(silenceBytes(300), speechBytes(300)))), 0);
  assertEquals(quiet((h) => h.send({ type: "response.create" })), 0);
  assertEquals(quiet((h) => h.update({ audio: { input: { turn_detection: null } } })), 0);
});
