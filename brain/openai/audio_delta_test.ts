import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { AudioDelta } from "./audio_delta.ts";
import { readBrainEvent } from "./events.ts";

// The same messages on every run.
fc.configureGlobal({ seed: 20 });

const GA = "response.output_audio.delta";
const BETA = "response.audio.delta";

/**
 * The one thing that must never fail: where the scan says yes, the full parser says the same.
 *
 * @returns Whether the scan said yes.
 */
function agrees(delta: AudioDelta, text: string): boolean {
  if (!delta.read(text)) return false;
  const event = readBrainEvent(text); // throws when the scan took what isn't JSON
  assertEquals(event, {
    type: "audio",
    responseId: delta.responseId,
    itemId: delta.itemId,
    payload: delta.payload,
  });
  return true;
}

const base64 = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.toBase64());
const plainId = fc.stringMatching(/^[\w-]{1,30}$/);

/** What OpenAI sends, in the order in which it sends it. */
const usual = fc.record({
  type: fc.constantFrom(GA, BETA),
  event_id: plainId,
  response_id: plainId,
  item_id: plainId,
  output_index: fc.nat(100),
  content_index: fc.nat(100),
  delta: base64,
});

type Field = "event_id" | "response_id" | "item_id" | "output_index" | "content_index" | "delta";
const FIELDS: Field[] = [
  "event_id",
  "response_id",
  "item_id",
  "output_index",
  "content_index",
  "delta",
];
const anyUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

/** Text that a JSON writer, a compatible server or a broken line may put into a string. */
const strangeText = fc.oneof(
  fc.string({ unit: anyUnit, maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("\\", '"', "/", "A", "=", "\n", "\0", "é", " "),
    maxLength: 8,
  }),
  fc.constantFrom(
    "\\/",
    "\\u0041",
    "\\",
    '"',
    "AA\nAA",
    "A A=",
    "====",
    "AB",
    "A",
    "AAAA=",
    "--__",
  ),
);
const strangeValue = fc.oneof(
  strangeText.map((text) => JSON.stringify(text)),
  // Raw, so that it may break out of its string.
  strangeText.map((text) => `"${text}"`),
  base64.map((text) => JSON.stringify(text).replaceAll("/", "\\/")),
  base64.map((text) => JSON.stringify(text).replaceAll("A", "\\u0041")),
  fc.constantFrom("0", "1", "007", "-1", "1.5", "1e3", "null", "true", "{}", "[]", "", " 1", "01"),
  fc.nat().map(String),
);
const key = fc.oneof(
  fc.constantFrom("type", "event_id", "response_id", "item_id", "output_index", "content_index"),
  fc.constantFrom("delta", "obfuscation", "__proto__", "constructor", "toString", "", "Delta"),
  fc.string({ maxLength: 6 }),
);
const space = fc.constantFrom(" ", "\n", "\t", "\u00a0");

/** What may happen to one field of a message. */
const harm = fc.oneof(
  fc.record({ at: fc.nat(9), kind: fc.constantFrom("lose", "double"), put: fc.constant("") }),
  fc.record({ at: fc.nat(9), kind: fc.constant("space"), put: space }),
  fc.record({ at: fc.nat(9), kind: fc.constant("value"), put: strangeValue }),
  fc.record({
    at: fc.nat(9),
    kind: fc.constant("add"),
    put: fc.tuple(key, strangeValue).map(([name, value]) => `"${name}":${value}`),
  }),
);

/** A message put together by hand: fields moved, lost, doubled, added, of other types, spaced. */
const strange = fc.record({
  head: fc.constantFrom(
    `{"type":"${GA}",`,
    `{"type":"${GA}",`,
    `{"type":"${BETA}",`,
    "{",
    `{ "type": "${GA}", `,
  ),
  event: usual,
  order: fc.oneof(
    { weight: 5, arbitrary: fc.constant(FIELDS) },
    { weight: 1, arbitrary: fc.shuffledSubarray(FIELDS, { minLength: 5 }) },
  ),
  harms: fc.array(harm, { maxLength: 2 }),
  tail: fc.constantFrom("}", "}", "}", "}", "}", "", "}}", "} ", ",}"),
}).map(({ head, event, order, harms, tail }) => {
  const fields = [...order].map((name) => `"${name}":${JSON.stringify(event[name])}`);
  for (const { at, kind, put } of harms) {
    const i = at % fields.length;
    const field = fields[i]!;
    const colon = field.indexOf(":");
    if (kind === "lose") fields.splice(i, 1);
    else if (kind === "double") fields.push(field);
    else if (kind === "add") fields.splice(i, 0, put);
    else if (kind === "space") fields[i] = field.slice(0, colon + 1) + put + field.slice(colon + 1);
    else fields[i] = field.slice(0, colon + 1) + put;
    if (fields.length === 0) fields.push(field);
  }
  return head + fields.join(",") + tail;
});

test("AudioDelta.read takes the usual shape, and reads the same as the full parser", () => {
  const delta = new AudioDelta();
  fc.assert(fc.property(usual, (event) => {
    const text = JSON.stringify(event);
    assert(agrees(delta, text), text);
    assertEquals(delta.payload, event.delta);
  }));
});

test("AudioDelta.read: where it says yes to strange text, the full parser says the same", () => {
  const delta = new AudioDelta();
  let taken = 0;
  fc.assert(
    fc.property(strange, (text) => {
      if (agrees(delta, text)) taken++;
    }),
    { numRuns: 4000 },
  );
  assert(taken > 100 && taken < 3800, `the scan took ${taken} of 4000`);
});

test("AudioDelta.read: one changed, added or lost character never makes it disagree", () => {
  const delta = new AudioDelta();
  let taken = 0;
  const mutation = fc.record({
    event: usual,
    at: fc.nat(9999),
    lost: fc.nat(2),
    put: fc.oneof(fc.constant(""), anyUnit, strangeText),
  });
  fc.assert(
    fc.property(mutation, ({ event, at, lost, put }) => {
      const text = JSON.stringify(event);
      const index = at % text.length;
      if (agrees(delta, text.slice(0, index) + put + text.slice(index + lost))) taken++;
    }),
    { numRuns: 4000 },
  );
  assert(taken > 100 && taken < 3800, `the scan took ${taken} of 4000`);
});

test("AudioDelta.read: no truncation of a message is taken", () => {
  const text = JSON.stringify({
    type: GA,
    event_id: "event_1",
    response_id: "resp_1",
    item_id: "item_1",
    output_index: 0,
    content_index: 0,
    delta: "/////w==",
  });
  const delta = new AudioDelta();
  for (let length = 0; length < text.length; length++) {
    assertEquals(delta.read(text.slice(0, length)), false, `taken at ${length} characters`);
  }
  assert(delta.read(text));
});

test("AudioDelta.read leaves to the full parser what it can't be sure of", () => {
  const whole =
    `{"type":"${GA}","event_id":"e","response_id":"r","item_id":"i","output_index":0,"content_index":0,"delta":"AAAA"}`;
  const delta = new AudioDelta();
  assert(delta.read(whole));
  const left: Record<string, string> = {
    "an escape": whole.replace("AAAA", "AA\\/A"),
    "a repeated field": whole.replace('"item_id"', '"delta":"BBBB","item_id"'),
    "an unknown field": whole.replace('"item_id"', '"obfuscation":"x","item_id"'),
    "a missing item": whole.replace('"item_id":"i",', ""),
    "a missing delta": whole.replace(',"delta":"AAAA"', ""),
    "a control character": whole.replace("AAAA", "AA\nA"),
    "an index with a leading zero": whole.replace('"output_index":0', '"output_index":00'),
    "a delta that is no text": whole.replace('"AAAA"', "12"),
    "white space": whole.replace(":", ": "),
    "fields in another order": whole.replace('"event_id":"e",', "").replace(
      "}",
      ',"event_id":"e"}',
    ),
    "another event": whole.replace("audio.delta", "audio.done"),
  };
  for (const [what, text] of Object.entries(left)) assertEquals(delta.read(text), false, what);
});

test("AudioDelta.read: a delta of the other shape, of the same item, is read from its own head", () => {
  const place =
    `"response_id":"r","item_id":"i","output_index":0,"content_index":0,"delta":"AAAA"}`;
  const delta = new AudioDelta();
  for (const learned of [GA, BETA]) {
    for (const type of [GA, BETA]) {
      assert(delta.read(`{"type":"${learned}","event_id":"event_1",${place}`));
      // The quote ends the event id early, which leaves no JSON. GA's head is 7 characters longer.
      for (let at = 0; at < 12; at++) {
        const id = `${"e".repeat(at)}"${"e".repeat(12)}`;
        const text = `{"type":"${type}","event_id":"${id}",${place}`;
        assertEquals(delta.read(text), false, `${type} behind ${learned}: ${text}`);
      }
    }
  }
});

test("AudioDelta.read: two shapes in turn, one changed character, never makes it disagree", () => {
  const delta = new AudioDelta();
  let taken = 0;
  const turns = fc.record({
    event: usual,
    first: fc.constantFrom(GA, BETA),
    at: fc.nat(80),
    lost: fc.nat(1),
    put: fc.oneof(fc.constant(""), fc.constant('"'), anyUnit),
  });
  fc.assert(
    fc.property(turns, ({ event, first, at, lost, put }) => {
      assert(agrees(delta, JSON.stringify({ ...event, type: first })));
      const text = JSON.stringify(event);
      if (agrees(delta, text.slice(0, at) + put + text.slice(at + lost))) taken++;
    }),
    { numRuns: 4000 },
  );
  assert(taken > 100 && taken < 3800, `the scan took ${taken} of 4000`);
});
