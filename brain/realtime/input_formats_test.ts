import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import test from "node:test";
import { formatOf } from "./formats.ts";
import { encodeBase64 } from "../../media/base64.ts";
import { decodeInto } from "../../media/codec.ts";
import {
  type AnyEvent,
  audioOf,
  Harness,
  join,
  silenceBytes,
  speechBytes,
  type WireFormat,
} from "../test_session.ts";

const PCMU = { type: "audio/pcmu" } as const;
const PCMA = { type: "audio/pcma" } as const;
const PCM = { type: "audio/pcm", rate: 24000 } as const;

function phone(input: AnyEvent = {}, settings = {}): Harness {
  const h = new Harness(settings);
  h.update({ audio: { input: { format: PCMU, ...input }, output: { format: PCMU } } });
  return h;
}

for (
  const [name, input, output] of [
    ["A-law", PCMA, PCMA],
    ["PCM at 24 kHz", PCM, PCM],
  ] as [string, WireFormat, WireFormat][]
) {
  test(`${name} in and out is echoed byte for byte`, () => {
    const h = new Harness();
    h.update({
      audio: { input: { format: input, turn_detection: null }, output: { format: output } },
    });
    const sent = speechBytes(700, input);
    h.speak(sent, 960);
    h.send({ type: "input_audio_buffer.commit" });
    h.send({ type: "response.create" });
    h.wait(10_000);
    assertEquals(audioOf(h.events), sent);
  });
}

const FORMATS: [string, WireFormat][] = [["pcmu", PCMU], ["pcma", PCMA], ["pcm", PCM]];
for (const [from, input] of FORMATS) {
  for (const [to, output] of FORMATS) {
    if (from === to) continue;
    test(`${from} comes back as ${to}, as long and as loud`, () => {
      const h = new Harness();
      h.update({
        audio: { input: { format: input, turn_detection: null }, output: { format: output } },
      });
      const sent = speechBytes(1000, input);
      h.speak(sent, 480);
      h.send({ type: "input_audio_buffer.commit" });
      h.send({ type: "response.create" });
      h.wait(10_000);
      const [a, b] = [level(sent, input), level(audioOf(h.events), output)];
      assertEquals(b.ms, a.ms);
      assertLess(Math.abs(b.db - a.db), 1);
    });
  }
}

function level(bytes: Uint8Array, wire: WireFormat): { ms: number; db: number } {
  const format = formatOf(wire);
  const pcm = new Int16Array(bytes.length);
  const count = decodeInto(format, bytes, pcm);
  let energy = 0;
  for (let i = 0; i < count; i++) energy += pcm[i]! ** 2;
  return { ms: count / (format.sampleRateHz / 1000), db: 10 * Math.log10(energy / count) };
}

test("PCM of an odd length is refused and takes nothing", () => {
  const h = new Harness();
  h.update({ audio: { input: { turn_detection: null } } });
  const [event] = h.send({
    type: "input_audio_buffer.append",
    audio: encodeBase64(new Uint8Array(961)),
  });
  assertEquals([event!.error.code, event!.error.param], ["invalid_value", "audio"]);
  assertStringIncludes(event!.error.message, "961");
  assertEquals(
    h.send({ type: "input_audio_buffer.commit" })[0]!.error.code,
    "input_audio_buffer_commit_empty",
  );
});

test("audio that is not base64 is refused, by the fast path and the slow one alike", () => {
  const h = phone({ turn_detection: null });
  for (const extra of [{}, { event_id: "e" }]) {
    const [event] = h.send({ type: "input_audio_buffer.append", audio: "AA*A", ...extra });
    assertEquals([event!.error.code, event!.error.param], ["invalid_value", "audio"]);
  }
});

test("a new input format empties the buffer and keeps counting ms", () => {
  const h = phone({ turn_detection: null });
  h.speak(silenceBytes(1000));
  h.update({ audio: { input: { format: PCM, turn_detection: { type: "server_vad" } } } });
  h.speak(join(silenceBytes(500, PCM), speechBytes(500, PCM)), 960);
  const { audio_start_ms } = h.last("input_audio_buffer.speech_started");
  assertGreater(audio_start_ms, 1100);
  assertLess(audio_start_ms, 1500);
});

test("uncommitted audio is bounded: the oldest goes", () => {
  const h = phone({ turn_detection: null }, { maxInputAudioMs: 1000 });
  const sent = speechBytes(2500);
  h.speak(sent);
  h.send({ type: "input_audio_buffer.commit" });
  h.send({ type: "response.create" });
  h.wait(10_000);
  assertEquals(audioOf(h.events), sent.slice(1500 * 8));
});

test("property: however frames are cut, a manual turn gives back every byte", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 30 }),
      (sizes) => {
        const h = phone({ turn_detection: null }, { minCommitMs: 0 });
        const sent: number[] = [];
        for (const size of sizes) {
          const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) & 0xff);
          sent.push(...bytes);
          h.speak(bytes, size);
        }
        const [committed] = h.send({ type: "input_audio_buffer.commit" });
        const [event] = h.send({ type: "conversation.item.retrieve", item_id: committed!.item_id });
        const got = Uint8Array.fromBase64(event!.item.content[0].audio);
        assert(got.length === sent.length && got.every((byte, i) => byte === sent[i]));
      },
    ),
    { numRuns: 60 },
  );
});
