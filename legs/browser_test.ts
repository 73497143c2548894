import test from "node:test";
import {
  assert,
  assertEquals,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import type { SampleRateHz } from "../media/format.ts";
import { BrowserLeg, type BrowserSettings, readBrowserMessage } from "./browser.ts";
import { type LegStart, ProtocolError } from "./leg.ts";
import { FakeCall, FakeSocket } from "./test_wire.ts";

fc.configureGlobal({ seed: 20 });

/** A browser's leg on a fake wire, with a fake call behind it. */
class Rig {
  readonly socket = new FakeSocket();
  readonly call = new FakeCall();
  readonly counts = { framesIn: 0 };
  readonly starts: LegStart[] = [];
  readonly leg: BrowserLeg;
  gone = 0;

  constructor(
    sampleRateHz: SampleRateHz = 24000,
    settings: Partial<BrowserSettings> = {},
    refusal?: string,
  ) {
    this.leg = new BrowserLeg(
      "WEB1",
      sampleRateHz,
      (start, leg) => {
        assert(leg === this.leg);
        this.starts.push(start);
        return refusal ?? this.call;
      },
      () => this.gone++,
      this.counts,
      settings,
    );
    this.leg.open(this.socket);
  }

  say(message: object | string): void {
    this.leg.text(typeof message === "string" ? message : JSON.stringify(message));
  }
}

test("a browser's call begins when its socket opens, under our own id", () => {
  const rig = new Rig();
  assertEquals(rig.starts, [{ callId: "WEB1", calledNumber: "" }]);
  assertEquals(rig.leg.kind, "browser");
});

test("each message of a browser becomes what it means", () => {
  const rig = new Rig();
  rig.leg.binary(new Uint8Array([1, 2, 3, 4]));
  rig.say({ type: "mark", name: "0:1" });
  rig.say({ type: "text", text: "  What time is it? \n" });
  rig.say({ type: "digit", digit: "#" });
  rig.say({ type: "bye" });
  rig.leg.close(1000);
  const { call } = rig;
  assertEquals([call.frames, call.payloads], [[new Uint8Array([1, 2, 3, 4])], [null]]);
  assertEquals([call.marks, call.texts, call.digits], [["0:1"], ["What time is it?"], ["#"]]);
  assertEquals([call.ends, call.problems, call.late], [["caller"], [], []]);
  assertEquals(rig.socket.closes, [{ code: 1000, reason: "bye" }]);
  assertEquals([rig.counts.framesIn, rig.gone], [1, 1]);
});

test("what the call plays and shows goes out as bytes and JSON", () => {
  const { leg, socket } = new Rig();
  leg.cork(() => {
    leg.playBytes(new Uint8Array([1, 2]));
    leg.playBase64("AwQ=");
    leg.mark("0:1");
  });
  leg.clear();
  leg.tell({ type: "state", caller: "silent", agent: "speaking" });
  assertEquals(socket.sent.slice(0, 2), [new Uint8Array([1, 2]), new Uint8Array([3, 4])]);
  assertEquals(socket.messages, [
    { type: "mark", name: "0:1" },
    { type: "clear" },
    { type: "state", caller: "silent", agent: "speaking" },
  ]);
  assertEquals(socket.corks, 1);
});

for (const sampleRateHz of [8000, 16000, 24000, 48000] as const) {
  test(`at ${sampleRateHz} Hz a message may bring up to 2 s of whole samples`, () => {
    const rig = new Rig(sampleRateHz);
    assertEquals(rig.leg.format, { encoding: "pcm16", sampleRateHz });
    const maxBytes = sampleRateHz * 2 * 2;
    for (const bytes of [2, 320, maxBytes]) rig.leg.binary(new Uint8Array(bytes));
    assertEquals([rig.call.frames.length, rig.call.problems.length], [3, 0]);
    for (const bytes of [0, 1, 321, maxBytes + 1, maxBytes + 2]) {
      rig.leg.binary(new Uint8Array(bytes));
      assertStringIncludes(
        rig.call.problems.at(-1)!.message,
        `${bytes} bytes, wanted is an even number from 2 to ${maxBytes}`,
      );
    }
    assertEquals([rig.call.frames.length, rig.call.problems.length], [3, 5]);
    assertEquals(rig.counts.framesIn, 3);
  });
}

// deno-fmt-ignore
const BROKEN: [what: string, text: string, named: string][] = [
  ["no JSON", "{", "1 characters isn't JSON"],
  ["no object", "null", "the message"],
  ["no type", "{}", "type"],
  ["an unknown type", '{"type":"hello"}', "type"],
  ["a mark without a name", '{"type":"mark"}', "name"],
  ["a name that is too long", JSON.stringify({ type: "mark", name: "x".repeat(101) }), "name"],
  ["an empty line", '{"type":"text","text":"  "}', "text"],
  ["a line that is no text", '{"type":"text","text":["x"]}', "text"],
  ["two keys at once", '{"type":"digit","digit":"12"}', "digit"],
  ["a key that no phone has", '{"type":"digit","digit":"a"}', "digit"],
];

for (const [what, text, named] of BROKEN) {
  test(`readBrowserMessage refuses ${what} and names ${named}`, () => {
    const error = assertThrows(() => readBrowserMessage(text), ProtocolError);
    assertEquals(error.peer, "browser");
    assertStringIncludes(error.message, named);
    const rig = new Rig();
    rig.say(text);
    assertEquals(rig.call.problems.length, 1);
    // The page is told too: its author is the one who can do something about it.
    assertEquals(rig.socket.messages, [
      { type: "error", code: "bad_message", message: error.message },
    ]);
  });
}

test("readBrowserMessage: whatever comes, it is a message or a ProtocolError of bounded length", () => {
  const nearly = fc.record({
    type: fc.constantFrom("mark", "text", "digit", "bye", "x".repeat(9999)),
    name: fc.jsonValue(),
    text: fc.jsonValue(),
    digit: fc.jsonValue(),
  }).map((fields) => JSON.stringify(fields));
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), nearly), (text) => {
      try {
        readBrowserMessage(text);
      } catch (error) {
        assert(error instanceof ProtocolError);
        assert(error.message.length < 400);
      }
    }),
    { numRuns: 300 },
  );
  const error = assertThrows(() => readBrowserMessage("my secret"), ProtocolError);
  assertNotMatch(error.message, /secret/);
});

test("a line may have 4000 characters and no more", () => {
  const rig = new Rig();
  rig.say({ type: "text", text: "x".repeat(4000) });
  rig.say({ type: "text", text: "x".repeat(4001) });
  assertEquals(rig.call.texts.length, 1);
  assertStringIncludes(rig.call.problems[0]!.message, "4001 characters, at most 4000");
});

test("too many broken messages close the socket", () => {
  const rig = new Rig(24000, { maxProblems: 3 });
  rig.say("{");
  rig.leg.binary(new Uint8Array(1));
  assertEquals(rig.socket.closes, []);
  rig.say("{");
  assertEquals(rig.socket.closes, [{ code: 1008, reason: "too many broken messages" }]);
});

test("how the socket closed tells whether the caller left or was lost", () => {
  for (
    const [code, wanted] of [[1000, "caller"], [1001, "caller"], [1005, "caller"], [1006, "lost"], [
      1009,
      "lost",
    ]] as const
  ) {
    const rig = new Rig();
    rig.leg.close(code);
    assertEquals([rig.call.ends, rig.gone], [[wanted], 1]);
  }
});

test("end says goodbye and why, closes, and tells the call once", () => {
  const rig = new Rig();
  rig.leg.end("agent_hung_up");
  rig.leg.end("again");
  assertEquals(rig.socket.messages, [{ type: "bye", reason: "agent_hung_up" }]);
  assertEquals(rig.socket.closes[0], { code: 1000, reason: "agent_hung_up" });
  rig.leg.close(1000);
  assertEquals([rig.call.ends, rig.call.late, rig.gone], [["us"], [], 1]);
});

test("after the end nothing reaches the call, whatever the wire still brings", () => {
  const rig = new Rig();
  rig.leg.end("x");
  rig.say({ type: "text", text: "still here" });
  rig.say("{");
  rig.leg.binary(new Uint8Array(2));
  rig.leg.binary(new Uint8Array(1));
  rig.leg.close(1006);
  assertEquals([rig.call.late, rig.call.ends], [[], ["us"]]);
});

test("a browser that is refused hears why in the close", () => {
  const rig = new Rig(24000, {}, "no new calls: full");
  assertEquals(rig.socket.closes, [{ code: 1013, reason: "no new calls: full" }]);
  rig.leg.binary(new Uint8Array(2));
  rig.say({ type: "bye" });
  rig.leg.close(1013);
  assertEquals([rig.call.frames.length, rig.call.ends.length, rig.gone], [0, 0, 1]);
});

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

test("a microphone that is taken away leaves silence behind, at real pace, until it is back", async () => {
  const rig = new Rig(24000, { stallMs: 200 });
  rig.leg.binary(new Uint8Array(960).fill(1));
  const fromMs = performance.now();
  for (let i = 0; i < 300 && rig.call.heard.length < 1620 * 48; i++) await wait(10);
  const tookMs = performance.now() - fromMs;
  assert(rig.call.heard.length >= 1620 * 48, `${rig.call.heard.length / 48} ms were heard`);
  assert(tookMs > 1500, `${tookMs} ms`);
  assertEquals(new Set(rig.call.heard.subarray(960)), new Set([0]));
  // Silence that we made up is not counted as what the caller sent.
  assertEquals(rig.counts.framesIn, 1);
  rig.leg.binary(new Uint8Array(960).fill(1));
  const frames = rig.call.frames.length;
  await wait(150);
  assertEquals(rig.call.frames.length, frames);
  rig.leg.close(1000);
});

test("one who only types is not taken for silent, nor is one who left", async () => {
  const typist = new Rig(24000, { stallMs: 50 });
  typist.say({ type: "text", text: "hello" });
  const gone = new Rig(24000, { stallMs: 50 });
  gone.leg.binary(new Uint8Array(960));
  gone.say({ type: "bye" });
  await wait(400);
  assertEquals([typist.call.frames.length, gone.call.frames.length], [0, 1]);
  assertEquals(gone.call.late, []);
  typist.leg.close(1000);
  gone.leg.close(1000);
});

test("BrowserLeg.move tells the page to come back, and ends as moved", async () => {
  const socket = new FakeSocket();
  const call = new FakeCall();
  const leg = new BrowserLeg("WEB1", 24000, () => call, () => {}, { framesIn: 0 });
  leg.open(socket);
  await leg.move();
  assertEquals(socket.messages.at(-1), { type: "reconnect" });
  assertEquals(socket.closes, [{ code: 1012, reason: "moved" }]);
  leg.close(1012);
  assertEquals(call.ends, ["moved"]);
});
