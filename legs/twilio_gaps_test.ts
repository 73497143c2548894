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

/** Until the call has heard so many ms, at the latest 3 s from now. */
async function until(rig: Rig, heardMs: number): Promise<void> {
  for (let i = 0; i < 300 && rig.call.heard.length < heardMs * 8; i++) await wait(10);
}

test("a stream that falls still stays silent for as long as it is still", async () => {
  const rig = Rig.started({ stallMs: 200 });
  rig.say(media(0, base64(1)));
  const fromMs = performance.now();
  await until(rig, 20 + 1600);
  const tookMs = performance.now() - fromMs;
  // At real pace: a burst would let a detector's clock run ahead of the caller's.
  assert(tookMs > 1500, `${tookMs} ms`);
  assert(rig.call.heard.length >= (20 + 1600) * 8, `${rig.call.heard.length / 8} ms were heard`);
  assertEquals(new Set(rig.call.payloads.slice(1)), new Set([frame(0xff).toBase64()]));
  rig.leg.close();
});

test("the jump of the timestamps behind a stall fills only what the stall has not", async () => {
  const rig = Rig.started({ stallMs: 100 });
  rig.say(media(0, base64(1)));
  await until(rig, 20 + 400);
  // 900 ms by Twilio's clock, which is what counts: the rest of them comes now.
  rig.say(media(920, base64(2)));
  assertEquals(rig.call.heard.length, (920 + 20) * 8);
  rig.say(media(940, base64(3)));
  assertEquals(rig.call.heard.length, (940 + 20) * 8);
  await wait(50);
  assertEquals(rig.call.heard.length, (940 + 20) * 8);
  rig.leg.close();
});

test("audio that was only late is only audio, and the next gap is filled in full", async () => {
  const rig = Rig.started({ stallMs: 100 });
  rig.say(media(0, base64(1)));
  await until(rig, 20 + 400);
  const stalled = rig.call.heard.length;
  // The network held it up: Twilio's clock knows of no gap.
  rig.say(media(20, base64(2)));
  rig.say(media(40, base64(3)));
  assertEquals(rig.call.heard.length, stalled + 320);
  rig.say(media(160, base64(4))); // 60 to 160 ms never came
  assertEquals(rig.call.heard.length, stalled + 320 + 800 + 160);
  rig.leg.close();
});

test("a stall is filled up to its bound, and the gap behind it is not filled on top", async () => {
  const rig = Rig.started({ stallMs: 100, maxStallMs: 300, maxGapMs: 500 });
  rig.say(media(0, base64(1)));
  await wait(700);
  assertEquals(rig.call.heard.length, (20 + 300) * 8);
  // One gap of 10 s: 500 ms of silence are enough for it, however they came.
  rig.say(media(10_000, base64(2)));
  assertEquals(rig.call.heard.length, (20 + 500 + 20) * 8);
  rig.say(media(10_020, base64(3)));
  assertEquals(rig.call.heard.length, (20 + 500 + 40) * 8);
  rig.leg.close();
});

test("a leg that ended hands no silence over, before its socket closes either", async () => {
  const rig = Rig.started({ stallMs: 100 });
  rig.say(media(0, base64(1)));
  rig.leg.end("done");
  await wait(400);
  assertEquals([rig.call.frames.length, rig.call.late], [1, []]);
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
