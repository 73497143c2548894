import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import test from "node:test";
import { audioOf, join, phone, silenceBytes, speechBytes, types } from "../test_session.ts";

test("manual turns: nothing is heard until commit, then everything", () => {
  const h = phone({ turn_detection: null });
  const sent = join(silenceBytes(300), speechBytes(700));
  assertEquals(h.speak(sent), []);
  const events = h.send({ type: "input_audio_buffer.commit" });
  assertEquals(types(events), [
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
  ]);
  assertEquals(h.wait(3000), []);
  h.send({ type: "response.create" });
  h.wait(10_000);
  assertEquals(audioOf(h.events), sent);
});

test("commit refuses less than 100 ms and says how much there is", () => {
  const h = phone({ turn_detection: null });
  const empty = h.send({ type: "input_audio_buffer.commit", event_id: "c" })[0]!.error;
  assertEquals([empty.code, empty.event_id], ["input_audio_buffer_commit_empty", "c"]);
  assertStringIncludes(empty.message, "0.00ms");
  h.speak(silenceBytes(80));
  assertStringIncludes(h.send({ type: "input_audio_buffer.commit" })[0]!.error.message, "80.00ms");
  h.speak(silenceBytes(20));
  assertEquals(
    h.send({ type: "input_audio_buffer.commit" })[0]!.type,
    "input_audio_buffer.committed",
  );
  assertEquals(
    h.send({ type: "input_audio_buffer.commit" })[0]!.error.code,
    "input_audio_buffer_commit_empty",
  );
});

test("clear empties the buffer, the count of ms goes on", () => {
  const h = phone({ turn_detection: null });
  h.speak(silenceBytes(1000));
  assertEquals(types(h.send({ type: "input_audio_buffer.clear" })), ["input_audio_buffer.cleared"]);
  assertEquals(h.send({ type: "input_audio_buffer.commit" })[0]!.type, "error");
  h.update({ audio: { input: { turn_detection: { type: "server_vad", prefix_padding_ms: 0 } } } });
  h.speak(join(silenceBytes(500), speechBytes(500)));
  assertGreater(h.last("input_audio_buffer.speech_started").audio_start_ms, 1400);
});

test("clear in the middle of a turn drops it: no stop, no item; the next words are a new turn", () => {
  const h = phone();
  h.speak(join(silenceBytes(500), speechBytes(600)));
  h.send({ type: "input_audio_buffer.clear" });
  const events = h.speak(join(silenceBytes(600), speechBytes(600), silenceBytes(600)));
  assertEquals(types(events).slice(0, 2), [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
  ]);
  assertEquals(h.all("input_audio_buffer.committed").length, 1);
});

test("a manual commit during a VAD turn takes it, under the id that speech_started gave", () => {
  const h = phone();
  h.speak(join(silenceBytes(500), speechBytes(600)));
  const [committed] = h.send({ type: "input_audio_buffer.commit" });
  assertEquals(committed!.item_id, h.last("input_audio_buffer.speech_started").item_id);
  assertEquals(h.speak(silenceBytes(600)), []);
});
