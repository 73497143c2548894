import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { base64, frame, media, Rig } from "./test_twilio.ts";

fc.configureGlobal({ seed: 20 });

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

test("a jump of the timestamps is filled with silence, so that detectors' clocks go on", () => {
  const rig = Rig.started();
  rig.say(media(20, base64(1)));
  rig.say(media(40, base64(2)));
  rig.say(media(140, base64(3))); // 60 to 140 ms never came
  const silence = new Uint8Array(640).fill(0xff);
  const wanted = new Uint8Array([...frame(1), ...frame(2), ...silence, ...frame(3)]);
  assertEquals(rig.call.heard, wanted);
  // What is filled can be forwarded untouched too.
  assertEquals(rig.call.payloads.slice(2, 6), Array(4).fill(frame(0xff).toBase64()));
  assertEquals(rig.counts.framesIn, 3);
  rig.say(media(160, base64(4)));
  assertEquals(rig.call.heard.length, wanted.length + 160);
  rig.leg.close();
});

test("a stream that begins late has no gap before its first frame", () => {
  const rig = Rig.started();
  rig.say(media(5000, base64(1)));
  rig.say(media(5020, base64(2)));
  assertEquals(rig.call.frames.length, 2);
  rig.leg.close();
});

test("jitter of the timestamps up to a frame is no gap, and does not add up", () => {
  const rig = Rig.started();
  for (let i = 0; i < 500; i++) rig.say(media(i * 20 + (i * 7) % 20, base64(1)));
  assertEquals(rig.call.frames.length, 500);
  rig.leg.close();
});

test("a gap is filled up to 10 s, and the clock goes on from there", () => {
  const rig = Rig.started();
  rig.say(media(0, base64(1)));
  rig.say(media(3_600_000, base64(2)));
  assertEquals(rig.call.heard.length, 160 + 80_000 + 160);
  rig.say(media(3_600_020, base64(3)));
  assertEquals(rig.call.heard.length, 160 + 80_000 + 320);
  rig.leg.close();
});

test("timestamps that run back are only audio", () => {
  const rig = Rig.started();
  for (const ms of [1000, 1020, 0, 20, 40]) rig.say(media(ms, base64(1)));
  assertEquals(rig.call.frames.length, 5);
  rig.leg.close();
});

test("the audio handed over keeps up with the stream's clock, however it was cut and lost", () => {
  const pieces = fc.array(
    fc.record({
      ms: fc.integer({ min: 1, max: 100 }),
      lostMs: fc.constantFrom(0, 0, 0, 30, 400, 5000),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(pieces, (list) => {
      const rig = Rig.started();
      let atMs = 0;
      let sentMs = 0;
      for (const { ms, lostMs } of list) {
        if (sentMs > 0) atMs += lostMs;
        rig.say(media(atMs, new Uint8Array(ms * 8).fill(1).toBase64()));
        atMs += ms;
        sentMs += ms;
      }
      rig.leg.close();
      const { heard } = rig.call;
      assertEquals(heard.reduce((sum, byte) => sum + (byte === 1 ? 1 : 0), 0), sentMs * 8);
      assert(
        Math.abs(heard.length / 8 - atMs) <= 20,
        `${heard.length / 8} ms handed over of ${atMs}`,
      );
    }),
    { numRuns: 50 },
  );
});

test("a stream that falls still is filled once, and the gap behind it is not filled again", async () => {
  const rig = Rig.started({ stallMs: 50, stallFillMs: 200 });
  rig.say(media(0, base64(1)));
  await wait(300); // the watch looks every 250 ms
  assertEquals(rig.call.heard.length, 160 + 1600);
  await wait(300);
  assertEquals(rig.call.heard.length, 160 + 1600);
  // 600 ms later by Twilio's clock: 200 of them are here already.
  rig.say(media(620, base64(2)));
  assertEquals(rig.call.heard.length, (620 + 20) * 8);
  rig.say(media(640, base64(3)));
  assertEquals(rig.call.heard.length, (640 + 20) * 8);
  await wait(300); // and it falls still again
  assertEquals(rig.call.heard.length, (640 + 20 + 200) * 8);
  rig.leg.close();
});

test("a stream that never begins to send is no stall, and one without start is closed", async () => {
  const silent = Rig.started({ stallMs: 50 });
  const nameless = new Rig({ startTimeoutMs: 50 });
  await wait(300);
  assertEquals(silent.call.frames.length, 0);
  assertEquals(silent.socket.closes, []);
  assertEquals(nameless.socket.closes[0], { code: 1008, reason: "no start within 50 ms" });
  silent.leg.close();
  nameless.leg.close();
});
