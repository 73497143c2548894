import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MediaFrame } from "./media_frame.ts";
import { readTwilioMessage } from "./twilio_messages.ts";

// The same messages on every run.
fc.configureGlobal({ seed: 20 });

const OURS = "MZ0123456789abcdef0123456789abcdef";

interface Fields {
  sequenceNumber: string;
  track: string;
  chunk: string;
  timestamp: string;
  payload: string;
  streamSid: string;
}

/** A `media` message, field by field in the order in which Twilio sends them. */
function media(f: Fields): string {
  return `{"event":"media","sequenceNumber":"${f.sequenceNumber}","media":{"track":"${f.track}",` +
    `"chunk":"${f.chunk}","timestamp":"${f.timestamp}","payload":"${f.payload}"},` +
    `"streamSid":"${f.streamSid}"}`;
}

/**
 * The one thing that must never fail: where the scan says yes, the full parser says the same.
 *
 * @returns Whether the scan said yes.
 */
function agrees(frame: MediaFrame, text: string): boolean {
  if (!frame.read(text, OURS)) return false;
  const message = readTwilioMessage(text); // throws when the scan took what isn't lawful
  assert(message.event === "media");
  assertEquals(message.streamSid, OURS);
  assertEquals(message.media, {
    track: "inbound",
    timestamp: message.media.timestamp,
    payload: frame.payload,
  });
  assertEquals(Number(message.media.timestamp), frame.timestampMs);
  return true;
}

const base64 = fc.uint8Array({ maxLength: 170 }).map((bytes) => bytes.toBase64());
const whole = fc.nat().map(String);
const anyUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

const usual: fc.Arbitrary<Fields> = fc.record({
  sequenceNumber: whole,
  track: fc.constant("inbound"),
  chunk: whole,
  timestamp: whole,
  payload: base64,
  streamSid: fc.constant(OURS),
});

const strangeText = fc.oneof(
  fc.constantFrom(
    "",
    "\\/",
    "\\u0041",
    "\\",
    '"',
    "\n",
    "\0",
    "A A",
    "AB",
    "A",
    "====",
    "é",
    "\ud800",
  ),
  fc.constantFrom("-1", "1.5", "1e3", "007", " 1", "1234567890123456", "999999999999999", "٣"),
  fc.constantFrom("outbound", "Inbound", "MZ1", `${OURS}x`, OURS.slice(1), OURS.toUpperCase()),
  fc.constantFrom('","timestamp":"1', '"},"streamSid":"MZ1', '","payload":"AAAA'),
  fc.string({ unit: anyUnit, maxLength: 8 }),
);

/** One or two fields filled with something else, straight into the text, so that they may break out. */
const strange = fc.record({
  fields: usual,
  other: fc.dictionary(
    fc.constantFrom("sequenceNumber", "track", "chunk", "timestamp", "payload", "streamSid"),
    strangeText,
    { minKeys: 1, maxKeys: 2 },
  ),
}).map(({ fields, other }) => media({ ...fields, ...other }));

/** The lawful object in other spellings: reordered, extra and doubled fields, white space, escapes. */
const respelled = fc.record({
  fields: usual,
  order: fc.shuffledSubarray(["event", "sequenceNumber", "media", "streamSid", "extra"], {
    minLength: 3,
  }),
  inner: fc.shuffledSubarray(["track", "chunk", "timestamp", "payload", "extra"], { minLength: 3 }),
  indent: fc.constantFrom(0, 0, 1),
  escape: fc.constantFrom("", "", "/", "A", "M"),
  doubled: fc.constantFrom("", "", '"streamSid":"MZ1",', '"media":{},', '"event":"mark",'),
}).map(({ fields, order, inner, indent, escape, doubled }) => {
  const { sequenceNumber, streamSid } = fields;
  const pick = (from: object, names: string[]) =>
    Object.fromEntries(names.map((name) => [name, (from as Record<string, unknown>)[name] ?? "x"]));
  const whole = { event: "media", sequenceNumber, media: pick(fields, inner), streamSid };
  let text = JSON.stringify(pick(whole, order), null, indent);
  if (escape === "/") text = text.replaceAll("/", "\\/");
  else if (escape) {
    text = text.replaceAll(escape, `\\u00${escape.charCodeAt(0).toString(16)}`);
  }
  return doubled ? `{${doubled}${text.slice(1)}` : text;
});

test("MediaFrame.read takes what Twilio sends, and reads the same as the full parser", () => {
  const frame = new MediaFrame();
  fc.assert(fc.property(usual, (fields) => {
    assert(agrees(frame, media(fields)), media(fields));
    assertEquals([frame.payload, frame.timestampMs], [fields.payload, Number(fields.timestamp)]);
  }));
});

test("MediaFrame.read: where it says yes to strange fields, the full parser says the same", () => {
  const frame = new MediaFrame();
  let taken = 0;
  fc.assert(
    fc.property(strange, (text) => {
      if (agrees(frame, text)) taken++;
    }),
    { numRuns: 4000 },
  );
  assert(taken > 200 && taken < 3800, `the scan took ${taken} of 4000`);
});

test("MediaFrame.read: where it says yes to another spelling, the full parser says the same", () => {
  const frame = new MediaFrame();
  fc.assert(
    fc.property(respelled, (text) => {
      agrees(frame, text);
    }),
    { numRuns: 2000 },
  );
});

test("MediaFrame.read: one changed, added or lost character never makes it disagree", () => {
  const frame = new MediaFrame();
  let taken = 0;
  const mutation = fc.record({
    fields: usual,
    at: fc.nat(9999),
    lost: fc.nat(2),
    put: fc.oneof(fc.constant(""), anyUnit, strangeText),
  });
  fc.assert(
    fc.property(mutation, ({ fields, at, lost, put }) => {
      const text = media(fields);
      const index = at % text.length;
      if (agrees(frame, text.slice(0, index) + put + text.slice(index + lost))) taken++;
    }),
    { numRuns: 4000 },
  );
  assert(taken > 200 && taken < 3800, `the scan took ${taken} of 4000`);
});

test("MediaFrame.read: no truncation of a message is taken, from either side", () => {
  const frame = new MediaFrame();
  const text = media({
    sequenceNumber: "4",
    track: "inbound",
    chunk: "2",
    timestamp: "40",
    payload: "f39/fw==",
    streamSid: OURS,
  });
  for (let cut = 0; cut < text.length; cut++) {
    assertEquals(frame.read(text.slice(0, cut), OURS), false);
    if (cut > 0) assertEquals(frame.read(text.slice(cut), OURS), false);
  }
  assert(frame.read(text, OURS));
});

test("MediaFrame.read follows the stream that it is asked about", () => {
  const frame = new MediaFrame();
  const of = (streamSid: string) =>
    media({
      sequenceNumber: "1",
      track: "inbound",
      chunk: "1",
      timestamp: "0",
      payload: "",
      streamSid,
    });
  assert(frame.read(of("MZ1"), "MZ1"));
  assertEquals(frame.read(of("MZ1"), "MZ2"), false);
  assert(frame.read(of("MZ2"), "MZ2"));
  assertEquals(frame.read(of("MZ2"), "MZ1"), false);
  assertEquals(frame.read(of("MZ12"), "MZ1"), false);
  assertEquals(frame.read(of("XMZ1"), "MZ1"), false);
  assertEquals(frame.read("", ""), false);
});

test("MediaFrame.read leaves to the full parser what it can't be sure of", () => {
  const whole = media({
    sequenceNumber: "4",
    track: "inbound",
    chunk: "2",
    timestamp: "40",
    payload: "AAAA",
    streamSid: OURS,
  });
  const frame = new MediaFrame();
  assert(frame.read(whole, OURS));
  const left: Record<string, string> = {
    "an escape": whole.replace("AAAA", "AA\\/A"),
    "a control character": whole.replace("AAAA", "AA\nA"),
    "our own voice": whole.replace("inbound", "outbound"),
    "a timestamp of 16 digits": whole.replace('"40"', '"1234567890123456"'),
    "a number that is no text": whole.replace('"40"', "40"),
    "another order": whole.replace('"event":"media",', "").replace(/\}$/, ',"event":"media"}'),
    "another stream": whole.replace(OURS, "MZ1"),
    "white space": whole.replace(":", ": "),
    "something behind": `${whole} `,
  };
  for (const [what, text] of Object.entries(left)) {
    assertEquals(frame.read(text, OURS), false, what);
  }
});
