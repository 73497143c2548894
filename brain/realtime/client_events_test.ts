import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import test from "node:test";
import { liftAppend, parseClientEvent } from "./client_events.ts";
import { decodeBase64Into } from "../../media/base64.ts";
import { Harness } from "../test_session.ts";

const append = (audio: string) => JSON.stringify({ type: "input_audio_buffer.append", audio });

test("liftAppend lifts the payload out of what JSON.stringify writes", () => {
  assertEquals(liftAppend(append("AAAA")), "AAAA");
  assertEquals(liftAppend(append("")), "");
});

for (
  const text of [
    '{"type":"input_audio_buffer.append","audio":"AAAA","event_id":"x"}',
    '{"type":"input_audio_buffer.append","audio":"AAAA" }',
    '{"type": "input_audio_buffer.append","audio":"AAAA"}',
    '{"event_id":"x","type":"input_audio_buffer.append","audio":"AAAA"}',
    '{"type":"input_audio_buffer.append","audio":"AAAA"',
    '{"type":"input_audio_buffer.append","audio":"',
    '{"type":"input_audio_buffer.append","audio":"A"B"}',
    '{"type":"response.create"}',
    "",
  ]
) {
  test(`liftAppend leaves ${text || "an empty text"} to the parser`, () => {
    assertEquals(liftAppend(text), undefined);
  });
}

test("property: what liftAppend lifts and base64 decodes is what JSON.parse reads", () => {
  const out = new Uint8Array(4096);
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => append(bytes.toBase64())),
    fc.string().map(append),
    fc.string().map((tail) => `{"type":"input_audio_buffer.append","audio":"${tail}`),
    fc.tuple(fc.string(), fc.nat(80)).map(([extra, at]) => {
      const good = append("QUJDRA==");
      return good.slice(0, at) + extra + good.slice(at);
    }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const lifted = liftAppend(text);
      if (lifted === undefined || decodeBase64Into(lifted, out) < 0) return;
      const parsed = parseClientEvent(text);
      assert("event" in parsed && parsed.event.type === "input_audio_buffer.append");
      assertEquals(parsed.event.audio, lifted);
    }),
    { numRuns: 2000 },
  );
});

test("an append in any spelling of JSON reaches the buffer", () => {
  const h = new Harness();
  h.update({ audio: { input: { format: { type: "audio/pcmu" }, turn_detection: null } } });
  const audio = new Uint8Array(800).toBase64();
  h.session.receive(JSON.stringify({ event_id: "e", audio, type: "input_audio_buffer.append" }));
  h.session.receive(JSON.stringify({ type: "input_audio_buffer.append", audio }, null, 2));
  h.session.receive(append(audio).replaceAll("/", "\\/"));
  h.session.receive(append(audio));
  h.send({ type: "input_audio_buffer.commit" });
  const [event] = h.send({
    type: "conversation.item.retrieve",
    item_id: h.last("input_audio_buffer.committed").item_id,
  });
  assertEquals(Uint8Array.fromBase64(event!.item.content[0].audio).length, 3200);
});

test("property: no text makes a session throw or fall silent", () => {
  const h = new Harness();
  const json = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({
      type: fc.constantFrom("session.update", "response.create", "conversation.item.create"),
      session: fc.jsonValue(),
      response: fc.jsonValue(),
      item: fc.jsonValue(),
    }, { requiredKeys: ["type"] }).map((event) => JSON.stringify(event)),
  );
  fc.assert(
    fc.property(json, (text) => {
      const count = h.events.length;
      h.session.receive(text);
      assert(h.events.length > count, text);
      h.wait(20);
    }),
    { numRuns: 500 },
  );
  assertEquals(h.closes, []);
  assertEquals(h.all("error").filter((event) => event.error.type === "server_error"), []);
});
