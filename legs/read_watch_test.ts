import test from "node:test";
import { assertEquals } from "@std/assert";
import { BrowserLeg } from "./browser.ts";
import { READ_DEFAULTS, ReadWatch } from "./read_watch.ts";
import { frame, Rig, START } from "./test_twilio.ts";
import { FakeCall, FakeSocket } from "./test_wire.ts";

const SETTINGS = { maxUnheardMs: 100, maxWaitingBytes: 1000 };
const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

test("ReadWatch: sound without a mark is borne up to its bound, and a mark begins anew", () => {
  const watch = new ReadWatch(SETTINGS);
  for (let i = 0; i < 5; i++) watch.sent(20);
  assertEquals(watch.stalled(0), false);
  watch.sent(1);
  assertEquals(watch.stalled(0), true);
  watch.marked();
  watch.sent(100);
  assertEquals(watch.stalled(0), false);
});

test("ReadWatch: bytes that wait are borne up to their bound, whatever the marks say", () => {
  const watch = new ReadWatch(SETTINGS);
  watch.marked();
  assertEquals([watch.stalled(1000), watch.stalled(1001)], [false, true]);
});

test("the bounds let a caller be slow for as long as the ping does, and no longer", () => {
  assertEquals(READ_DEFAULTS, { maxUnheardMs: 20_000, maxWaitingBytes: 524_288 });
});

test("a phone that brings no mark back is closed with 1008 and the reason, once", async () => {
  const rig = Rig.started(SETTINGS);
  for (let i = 0; i < 5; i++) rig.leg.playBytes(frame(1));
  rig.say({ event: "mark", sequenceNumber: "2", streamSid: START.streamSid, mark: { name: "m" } });
  for (let i = 0; i < 5; i++) rig.leg.playBytes(frame(1));
  await wait(250);
  assertEquals(rig.call.ends, []);
  rig.leg.playBytes(frame(1));
  await wait(250);
  assertEquals(rig.call.ends, ["stalled"]);
  // What a call does then.
  rig.leg.end("caller_stalled");
  assertEquals(rig.socket.closes, [{ code: 1008, reason: "caller_stalled" }]);
  rig.leg.close();
  assertEquals([rig.call.ends, rig.gone], [["stalled"], 1]);
});

test("a browser whose socket holds too much is closed the same way", async () => {
  const call = new FakeCall(), socket = new FakeSocket();
  const leg = new BrowserLeg("WEB1", 24000, () => call, () => {}, { framesIn: 0 }, SETTINGS);
  leg.open(socket);
  socket.waitingBytes = 1000;
  await wait(250);
  assertEquals(call.ends, []);
  socket.waitingBytes = 1001;
  await wait(250);
  assertEquals(call.ends, ["stalled"]);
  leg.end("caller_stalled");
  assertEquals(socket.closes, [{ code: 1008, reason: "caller_stalled" }]);
  assertEquals(socket.messages, []);
});

test("a browser's mark tells that it reads, and sound alone that it doesn't", async () => {
  const call = new FakeCall();
  const leg = new BrowserLeg("WEB1", 24000, () => call, () => {}, { framesIn: 0 }, SETTINGS);
  leg.open(new FakeSocket());
  leg.playBytes(new Uint8Array(48 * 100));
  leg.text('{"type":"mark","name":"m"}');
  leg.playBytes(new Uint8Array(48 * 100));
  await wait(250);
  assertEquals(call.ends, []);
  leg.playBytes(new Uint8Array(48));
  await wait(250);
  assertEquals(call.ends, ["stalled"]);
});
