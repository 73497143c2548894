import test from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { base64, frame, media, Rig, SID, START } from "./test_twilio.ts";

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

test("a stream from connected to stop: each message becomes what it means", () => {
  const rig = Rig.started();
  assertEquals(rig.starts, [{ callId: "CA1", calledNumber: "+15551234567" }]);
  assertEquals(rig.tokens, ["t"]);
  rig.say(media(20, base64(1)));
  rig.say(media(40, base64(2)));
  rig.say({ event: "dtmf", streamSid: SID, dtmf: { track: "inbound_track", digit: "5" } });
  rig.say({ event: "dtmf", streamSid: SID, dtmf: { track: "inbound_track", digit: "a" } });
  rig.say({ event: "mark", sequenceNumber: "6", streamSid: SID, mark: { name: "0:1" } });
  rig.say({ event: "stop", streamSid: SID, stop: { accountSid: "AC1", callSid: "CA1" } });
  rig.leg.close();
  const { call } = rig;
  assertEquals(call.frames, [frame(1), frame(2)]);
  assertEquals(call.payloads, [base64(1), base64(2)]);
  assertEquals([call.digits, call.marks, call.ends], [["5", "A"], ["0:1"], ["caller"]]);
  assertEquals([call.problems, call.late], [[], []]);
  assertEquals(rig.counts, { framesIn: 2, framesSlowPath: 0 });
  assertEquals(rig.gone, 1);
});

test("what the call plays goes out as Twilio's messages", () => {
  const { leg, socket } = Rig.started();
  leg.cork(() => {
    leg.playBase64("f38=");
    leg.playBytes(new Uint8Array([0x7f, 0x7f]));
    leg.mark("0:1");
  });
  leg.clear();
  leg.tell();
  assertEquals(socket.messages, [
    { event: "media", streamSid: SID, media: { payload: "f38=" } },
    { event: "media", streamSid: SID, media: { payload: "f38=" } },
    { event: "mark", streamSid: SID, mark: { name: "0:1" } },
    { event: "clear", streamSid: SID },
  ]);
  assertEquals(socket.corks, 1);
  leg.close();
});

test("audio in another spelling takes the slow road to the same place", () => {
  const rig = Rig.started();
  rig.say(JSON.stringify(JSON.parse(media(20, base64(1))), null, 1));
  rig.say(media(40, base64(0xff)).replaceAll("/", "\\/"));
  assertEquals(rig.call.frames, [frame(1), frame(0xff)]);
  assertEquals(rig.call.payloads, [base64(1), base64(0xff)]);
  assertEquals(rig.counts, { framesIn: 2, framesSlowPath: 2 });
  rig.leg.close();
});

test("our own voice is not taken for the caller's", () => {
  const rig = Rig.started();
  rig.say(media(20, base64(1), SID, "outbound"));
  assertEquals([rig.call.frames.length, rig.call.problems.length], [0, 0]);
  rig.leg.close();
});

// deno-fmt-ignore
const BROKEN: [what: string, message: object | string, named: string][] = [
  ["malformed JSON", "{", "isn't JSON|aren't JSON"],
  ["an unknown event", { event: "hello", streamSid: SID }, "event"],
  ["audio of another stream", media(20, base64(1), "MZ1"), '"MZ1", this stream is'],
  ["a mark of another stream", { event: "mark", streamSid: "MZ1", mark: { name: "x" } }, '"MZ1"'],
  ["a stop of another stream", { event: "stop", streamSid: "MZ1" }, '"MZ1"'],
  ["a second start", START, "second start"],
  ["base64 that is none", media(20, "!!!!"), "base64"],
  ["base64 without padding", media(20, "f38"), "base64"],
  ["base64 with a line break", JSON.stringify(JSON.parse(media(20, "AAAA"))).replace("AAAA", "AA\\nAA"), "base64"],
  ["an empty payload", media(20, ""), "base64 of 1 to"],
  ["more than 2 s at once", media(20, new Uint8Array(16_001).toBase64()), "1 to 16000 bytes (2000 ms)"],
  ["a giant frame", media(20, "A".repeat(4_000_000)), "4000000 characters"],
];

for (const [what, message, named] of BROKEN) {
  test(`${what} is a problem that the call survives, and names what is wrong`, () => {
    const rig = Rig.started();
    rig.say(message);
    assertEquals(rig.call.problems.length, 1);
    const [error] = rig.call.problems;
    assertEquals(error!.name, "ProtocolError");
    assert(named.split("|").some((part) => error!.message.includes(part)), error!.message);
    assertEquals([rig.call.frames.length, rig.call.ends.length], [0, 0]);
    rig.say(media(20, base64(1)));
    assertEquals(rig.call.frames.length, 1);
    assertEquals(rig.starts.length, 1);
    rig.leg.close();
  });
}

test("binary is a problem, and the longest lawful frame is none", () => {
  const rig = Rig.started();
  rig.leg.binary(new Uint8Array(320));
  assertStringIncludes(rig.call.problems[0]!.message, "320 bytes of binary");
  rig.say(media(20, new Uint8Array(16_000).fill(9).toBase64()));
  assertEquals(rig.call.heard, new Uint8Array(16_000).fill(9));
  assertEquals(rig.call.problems.length, 1);
  rig.leg.close();
});

test("nothing reaches a call before its start", () => {
  const rig = new Rig({ maxProblems: 3 });
  rig.say(media(20, base64(1)));
  rig.say({ event: "mark", streamSid: SID, mark: { name: "x" } });
  assertEquals([rig.call.frames.length, rig.call.marks.length, rig.starts.length], [0, 0, 0]);
  assertEquals(rig.socket.closes, []);
  rig.say({ event: "stop", streamSid: SID });
  assertEquals(rig.socket.closes.map(({ code }) => code), [1008]);
  assertStringIncludes(rig.socket.closes[0]!.reason, "broken messages, the last: Twilio's event");
  rig.leg.close();
  assertEquals([rig.gone, rig.call.ends.length], [1, 0]);
});

test("an id that could break out of our messages is refused", () => {
  for (const streamSid of ['MZ","x":"', "MZ 1", "MZ\n", "x".repeat(65), "é"]) {
    const rig = new Rig();
    rig.say({ ...START, streamSid });
    assertEquals(rig.starts, []);
    rig.say(START);
    assertEquals(rig.starts.length, 1);
    rig.leg.close();
  }
});

test("too many broken messages close the stream: it isn't Twilio", () => {
  const rig = Rig.started({ maxProblems: 5 });
  for (let i = 0; i < 4; i++) rig.say("{");
  assertEquals(rig.socket.closes, []);
  rig.say("{");
  assertEquals(rig.socket.closes.map(({ code }) => code), [1008]);
  rig.leg.close();
  assertEquals([rig.call.ends, rig.call.late, rig.gone], [["lost"], [], 1]);
});

test("a caller who is refused hears why in the close, and nothing more of theirs is read", () => {
  const rig = new Rig({}, "the token is too old");
  rig.say(START);
  assertEquals(rig.socket.closes, [{ code: 1008, reason: "the token is too old" }]);
  rig.say(media(20, base64(1)));
  rig.say(START);
  rig.leg.binary(new Uint8Array(1));
  rig.leg.close();
  const { call } = rig;
  assertEquals([call.frames.length, call.problems.length, call.ends.length], [0, 0, 0]);
  assertEquals([rig.starts.length, rig.gone], [1, 1]);
});

test("end closes the wire, and the call is told once", () => {
  const rig = Rig.started();
  rig.leg.end("agent_hung_up");
  rig.leg.end("again");
  assertEquals(rig.socket.closes[0], { code: 1000, reason: "agent_hung_up" });
  rig.leg.close();
  assertEquals([rig.call.ends, rig.gone], [["us"], 1]);
});

test("after the end nothing reaches the call, whatever the wire still brings", async () => {
  for (
    const end of [
      (rig: Rig) => rig.leg.end("x"),
      (rig: Rig) => rig.say({ event: "stop", streamSid: SID }),
    ]
  ) {
    const rig = Rig.started({ stallMs: 20 });
    rig.say(media(0, base64(1)));
    end(rig);
    rig.say(media(20, base64(1)));
    rig.say({ event: "mark", streamSid: SID, mark: { name: "x" } });
    rig.say("{");
    rig.leg.binary(new Uint8Array(3));
    await wait(270); // the peer takes its time to close, and the watch looks
    rig.leg.close();
    assertEquals([rig.call.late, rig.call.ends.length], [[], 1]);
  }
});

test("a call that ends in the middle of a gap hears no more of it", () => {
  const rig = Rig.started();
  rig.say(media(0, base64(1)));
  const audio = rig.call.audio.bind(rig.call);
  rig.call.audio = (bytes, payload) => {
    audio(bytes, payload);
    if (rig.call.frames.length === 5) rig.leg.end("x");
  };
  rig.say(media(1000, base64(2)));
  rig.leg.close();
  assertEquals([rig.call.frames.length, rig.call.late], [5, []]);
});

test("a socket that goes without a word is a caller lost", () => {
  const rig = Rig.started();
  rig.leg.close();
  assertEquals([rig.call.ends, rig.gone], [["lost"], 1]);
});

test("the watch over a stream stops when its call ends, and when its socket closes", () => {
  const running = new Set<unknown>();
  const { setInterval, setTimeout, clearInterval, clearTimeout } = globalThis;
  const started = (id: unknown) => (running.add(id), id as never);
  Object.assign(globalThis, {
    setInterval: (fn: () => void, ms: number) => started(setInterval(fn, ms)),
    setTimeout: (fn: () => void, ms: number) => started(setTimeout(fn, ms)),
    clearInterval: (id: number) => (running.delete(id), clearInterval(id)),
    clearTimeout: (id: number) => (running.delete(id), clearTimeout(id)),
  });
  try {
    const ended = Rig.started();
    assertEquals(running.size, 1);
    ended.leg.end("x");
    assertEquals(running.size, 0, "after the call");
    const left = Rig.started();
    left.leg.close();
    const nameless = new Rig();
    nameless.leg.close();
    const refused = new Rig({}, "no");
    refused.say(START);
    refused.leg.close();
    assertEquals(running.size, 0, "after the sockets");
  } finally {
    Object.assign(globalThis, { setInterval, setTimeout, clearInterval, clearTimeout });
  }
});
