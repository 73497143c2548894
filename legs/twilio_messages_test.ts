import test from "node:test";
import {
  assert,
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { ProtocolError } from "./leg.ts";
import {
  clearMessage,
  markMessage,
  mediaMessage,
  readTwilioMessage,
  type TwilioMessage,
} from "./twilio_messages.ts";

fc.configureGlobal({ seed: 20 });

const SID = "MZ0123456789abcdef0123456789abcdef";

const START = {
  event: "start",
  sequenceNumber: "1",
  start: {
    accountSid: "AC1",
    streamSid: SID,
    callSid: "CA1",
    tracks: ["inbound"],
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    customParameters: { token: "t", agent: "sales" },
  },
  streamSid: SID,
};

// As Twilio's documentation prints them.
// deno-fmt-ignore
const TABLE: [text: string, wanted: TwilioMessage][] = [
  ['{"event":"connected","protocol":"Call","version":"1.0.0"}',
    { event: "connected", protocol: "Call" }],
  [JSON.stringify(START),
    { event: "start", streamSid: SID, start: { accountSid: "AC1", callSid: "CA1",
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: { token: "t", agent: "sales" } } }],
  [`{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"40","payload":"f38="},"streamSid":"${SID}"}`,
    { event: "media", streamSid: SID, media: { track: "inbound", timestamp: "40", payload: "f38=" } }],
  [`{"event":"dtmf","streamSid":"${SID}","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"#"}}`,
    { event: "dtmf", streamSid: SID, dtmf: { digit: "#" } }],
  [`{"event":"mark","sequenceNumber":"6","streamSid":"${SID}","mark":{"name":"m1"}}`,
    { event: "mark", streamSid: SID, mark: { name: "m1" } }],
  [`{"event":"stop","sequenceNumber":"7","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"${SID}"}`,
    { event: "stop", streamSid: SID }],
];

for (const [text, wanted] of TABLE) {
  test(`readTwilioMessage reads ${wanted.event}, in any order of its fields`, () => {
    assertEquals(readTwilioMessage(text), wanted);
    const turned = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    assertEquals(readTwilioMessage(JSON.stringify(turned, null, 1)), wanted);
  });
}

test("readTwilioMessage: a start without parameters has none", () => {
  const { customParameters: _, ...start } = START.start;
  const message = readTwilioMessage(JSON.stringify({ ...START, start }));
  assert(message.event === "start");
  assertEquals(message.start.customParameters, {});
});

/** START with one field of it changed. */
const changed = (change: object) =>
  JSON.stringify({ ...START, start: { ...START.start, ...change } });

const media = (change: object) =>
  JSON.stringify({
    event: "media",
    streamSid: SID,
    media: { track: "inbound", timestamp: "40", payload: "", ...change },
  });

// deno-fmt-ignore
const BROKEN: [what: string, text: string, named: string][] = [
  ["no JSON", "{", "1 characters that aren't JSON"],
  ["no object", "[]", "event"],
  ["null", "null", "the message"],
  ["an unknown event", '{"event":"hello"}', "event"],
  ["no event", "{}", "event"],
  ["a start without a call", changed({ callSid: undefined }), "start.callSid"],
  ["a start with an empty call", changed({ callSid: "" }), "start.callSid"],
  ["another encoding", changed({ mediaFormat: { encoding: "audio/l16", sampleRate: 8000, channels: 1 } }), "start.mediaFormat.encoding"],
  ["another rate", changed({ mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 16000, channels: 1 } }), "start.mediaFormat.sampleRate"],
  ["two channels", changed({ mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 2 } }), "start.mediaFormat.channels"],
  ["a parameter that is no text", changed({ customParameters: { token: 1 } }), "start.customParameters.token"],
  ["a start without a stream", JSON.stringify({ ...START, streamSid: "" }), "streamSid"],
  ["a timestamp that is a number", media({ timestamp: 40 }), "media.timestamp"],
  ["a timestamp below 0", media({ timestamp: "-40" }), "media.timestamp"],
  ["a timestamp of 16 digits", media({ timestamp: "1".repeat(16) }), "media.timestamp"],
  ["an empty timestamp", media({ timestamp: "" }), "media.timestamp"],
  ["a payload that is no text", media({ payload: null }), "media.payload"],
  ["two keys at once", `{"event":"dtmf","streamSid":"${SID}","dtmf":{"digit":"12"}}`, "dtmf.digit"],
  ["a key that no phone has", `{"event":"dtmf","streamSid":"${SID}","dtmf":{"digit":"E"}}`, "dtmf.digit"],
  ["a mark without a name", `{"event":"mark","streamSid":"${SID}","mark":{}}`, "mark.name"],
];

for (const [what, text, named] of BROKEN) {
  test(`readTwilioMessage refuses ${what} and names ${named}`, () => {
    const error = assertThrows(() => readTwilioMessage(text), ProtocolError);
    assertEquals([error.name, error.peer], ["ProtocolError", "twilio"]);
    assertStringIncludes(error.message, named);
  });
}

test("readTwilioMessage: whatever comes, it is a message or a ProtocolError of bounded length", () => {
  const text = fc.oneof(fc.json(), fc.string(), fc.string({ minLength: 5000, maxLength: 6000 }));
  const nearly = fc.record({
    event: fc.constantFrom("connected", "start", "media", "dtmf", "mark", "stop", "x".repeat(9999)),
    streamSid: fc.oneof(fc.string(), fc.jsonValue()),
    start: fc.jsonValue(),
    media: fc.jsonValue(),
    mark: fc.jsonValue(),
    dtmf: fc.jsonValue(),
  }).map((fields) => JSON.stringify(fields));
  fc.assert(
    fc.property(fc.oneof(text, nearly), (text) => {
      try {
        readTwilioMessage(text);
      } catch (error) {
        assert(error instanceof ProtocolError);
        assert(error.message.length < 400);
      }
    }),
    { numRuns: 300 },
  );
});

test("what isn't JSON is told by its length alone", () => {
  const error = assertThrows(() => readTwilioMessage("my secret"), ProtocolError);
  assertNotMatch(error.message, /secret/);
});

test("what we send has the exact fields that Twilio wants, and no other", () => {
  assertEquals(
    mediaMessage(SID, "f39/"),
    `{"event":"media","streamSid":"${SID}","media":{"payload":"f39/"}}`,
  );
  assertEquals(
    markMessage(SID, "1:2"),
    `{"event":"mark","streamSid":"${SID}","mark":{"name":"1:2"}}`,
  );
  assertEquals(clearMessage(SID), `{"event":"clear","streamSid":"${SID}"}`);
});

test("mediaMessage is exactly what JSON.stringify would make, for any base64", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const payload = bytes.toBase64();
    assertEquals(
      mediaMessage(SID, payload),
      JSON.stringify({ event: "media", streamSid: SID, media: { payload } }),
    );
  }));
});
