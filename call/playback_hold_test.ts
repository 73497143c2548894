import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesPerMs, PCM_24K, PCMU } from "../media/format.ts";
import { Playback } from "./playback.ts";
import { PLAYBACK_DEFAULTS } from "./playback_port.ts";
import { audio, FakeClock, Rig, TestPhone, TestPort } from "./test_phone.ts";

fc.configureGlobal({ seed: 20 });

test("hold clears the leg and sends nothing more; resume goes on where hearing stopped", () => {
  const rig = new Rig();
  rig.answer(2000);
  rig.clock.pass(330);
  rig.playback.hold();
  rig.playback.hold();
  assertEquals(rig.times("clear"), 1);
  const sentTexts = rig.port.sentTexts.length;
  rig.clock.pass(3000);
  assertEquals(rig.port.sentTexts.length, sentTexts);
  rig.playback.resume();
  rig.playback.resume();
  rig.clock.pass(3000);
  const again = rig.port.sentTexts.slice(sentTexts).map((text) =>
    Uint8Array.fromBase64(text).length
  );
  const againMs = again.reduce((sum, bytes) => sum + bytes, 0) / 8;
  // From 330 ms on; cut at 6 bytes, so up to 0.75 ms more.
  assert(againMs >= 1670 && againMs < 1671, `${againMs} ms`);
  const whole = Uint8Array.fromBase64(audio(2000));
  assertEquals(rig.port.sentBytes.subarray(-againMs * 8), whole.subarray(-againMs * 8));
});

test("what comes while held waits, and is sent after the rest", () => {
  const rig = new Rig();
  rig.playback.begin();
  rig.playback.enqueue("item_1", audio(200));
  rig.clock.pass(100);
  rig.playback.hold();
  rig.playback.enqueue("item_1", audio(300));
  rig.playback.complete();
  assertEquals([rig.sentMs, rig.playback.queuedMs], [200, 400]);
  rig.playback.resume();
  assert(rig.sentMs - 600 < 1 && rig.sentMs >= 600);
  rig.clock.pass(2000);
  assertEquals(rig.times("silent"), 1);
});

test("a hold where all was heard clears nothing, and resume finds the answer over", () => {
  const rig = new Rig();
  rig.answer(200);
  rig.clock.pass(250);
  rig.playback.markHeard(rig.port.marks.at(-1)!);
  rig.playback.hold();
  rig.playback.resume();
  assertEquals([rig.times("clear"), rig.times("silent")], [0, 1]);
  const open = new Rig();
  open.playback.begin();
  open.playback.enqueue("item_1", audio(200));
  open.clock.pass(250);
  open.playback.markHeard(open.port.marks.at(-1)!);
  open.playback.hold();
  open.playback.complete();
  open.playback.resume();
  assertEquals([open.times("clear"), open.times("silent")], [0, 1]);
});

test("late marks of what was cleared count for nothing", () => {
  const rig = new Rig();
  rig.answer(1000);
  rig.clock.pass(100);
  const old = [...rig.port.marks];
  rig.playback.hold();
  // Twilio sends them all back at once when it is cleared.
  for (const name of old) rig.playback.markHeard(name);
  assertEquals(rig.playback.playing(), [{ itemId: "item_1", heardMs: 100, receivedMs: 1000 }]);
  assertEquals(rig.port.heardAtMs, []);
  rig.playback.resume();
  for (const name of old) rig.playback.markHeard(name);
  assertEquals(rig.playback.playing()[0]!.heardMs, 100);
  assert(!rig.port.marks.slice(old.length).some((name) => old.includes(name)));
  rig.playback.drop();
  rig.answer(1000, "item_2");
  for (const name of rig.port.marks.slice(0, -2)) rig.playback.markHeard(name);
  assertEquals(rig.times("silent"), 0);
});

test("marks that we never sent count for nothing", () => {
  const rig = new Rig();
  rig.answer(500);
  for (const name of ["", "probe", "0:99", "x"]) rig.playback.markHeard(name);
  assertEquals(rig.playback.playing()[0]!.heardMs, 0);
});

test("drop forgets the answer at once and for good", () => {
  const rig = new Rig();
  rig.answer(3000);
  rig.clock.pass(500);
  const { length } = rig.port.sentTexts;
  rig.playback.drop();
  assertEquals(rig.port.told.at(-1), "clear");
  assertEquals([rig.playback.playing(), rig.playback.queuedMs, rig.clock.pending], [[], 0, 0]);
  rig.clock.pass(5000);
  assertEquals([rig.port.sentTexts.length, rig.times("silent")], [length, 0]);
  rig.playback.drop();
  assertEquals(rig.times("clear"), 1);
});

test("drop behind a hold does not clear a second time", () => {
  const rig = new Rig();
  rig.answer(3000);
  rig.clock.pass(500);
  rig.playback.hold();
  rig.playback.drop();
  assertEquals(rig.times("clear"), 1);
  rig.answer(100, "item_2");
  assertEquals(rig.port.sentTexts.at(-1), audio(100));
  rig.clock.pass(100);
  rig.playback.markHeard(rig.port.marks.at(-1)!);
  assertEquals(rig.times("silent"), 1);
});

/** Bytes of which any six are found in one place alone; a phone plays at least eight in a row. */
const SPEECH = (() => {
  const bytes = new Uint8Array(12_000 * 48);
  let x = 0x2545f491;
  for (let i = 0; i < bytes.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
})();

/**
 * Where what was heard jumps in what was said.
 *
 * @returns For each seam, the bytes that were left out (above 0) or heard twice (below), and where
 * hearing ended.
 */
function seams(heard: readonly number[], said: Uint8Array, maxBytes: number) {
  const jumps: number[] = [];
  let at = 0;
  const fits = (i: number, to: number) => {
    for (let n = 0; n < 6 && i + n < heard.length; n++) {
      if (heard[i + n] !== said[to + n]) return false;
    }
    return true;
  };
  for (let i = 0; i < heard.length; i++, at++) {
    if (heard[i] === said[at]) continue;
    let jump = 1;
    while (jump <= maxBytes && !fits(i, at + jump) && !fits(i, at - jump)) jump++;
    if (jump > maxBytes) throw new Error(`After ${i} bytes comes what was not said near ${at}`);
    jumps.push(fits(i, at + jump) ? jump : -jump);
    at += jumps.at(-1)!;
  }
  return { jumps, endsAt: at };
}

const story = fc.record({
  pcm: fc.boolean(),
  /** Deltas as a brain makes them: in bursts, faster than they can be heard, or just in time. */
  deltas: fc.array(
    fc.record({
      samples: fc.integer({ min: 40, max: 4000 }),
      waitMs: fc.constantFrom(0, 0, 0, 5, 60, 300),
    }),
    { minLength: 3, maxLength: 25 },
  ),
  holds: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 1, max: 900 }),
      forMs: fc.integer({ min: 1, max: 700 }),
    }),
    {
      maxLength: 5,
    },
  ),
  delayMs: fc.nat(120),
  bufferMs: fc.nat(60),
  jitter: fc.array(fc.nat(25), { minLength: 1, maxLength: 7 }),
  marksLost: fc.boolean(),
});

test("whatever the moments of a hold, a caller hears all of an answer, without a gap or a repeat over 100 ms", () => {
  let seamsSeen = 0;
  fc.assert(
    fc.property(story, ({ pcm, deltas, holds, delayMs, bufferMs, jitter, marksLost }) => {
      const format = pcm ? PCM_24K : PCMU;
      const perMs = bytesPerMs(format);
      const clock = new FakeClock();
      const port = new TestPort();
      const jitterMs = (n: number) => jitter[n % jitter.length]!;
      const phone = new TestPhone(clock, {
        bytesPerMs: perMs,
        delayMs,
        bufferMs,
        jitterMs,
        marksLost,
      });
      const playback = new Playback(format, port, clock);
      port.phone = phone;
      phone.markBack = (name) => playback.markHeard(name);
      // Counted when it comes, so that nothing is listed before.
      let received = 0;
      let made = 0;
      const pass = (ms: number) => {
        for (let i = 0; i < ms; i++) {
          clock.tick();
          phone.tick();
          for (const { heardMs, receivedMs } of playback.playing()) {
            assert(heardMs >= 0 && heardMs <= receivedMs, `${heardMs} of ${receivedMs}`);
            assert(receivedMs <= received / perMs + 1e-6, `${receivedMs} received`);
            assert(heardMs <= port.sentEverMs(perMs) + 1e-6, `${heardMs} heard`);
          }
        }
      };
      playback.probe();
      pass(300);
      // The story: deltas and holds, each at its time.
      const events: { atMs: number; run: () => void }[] = [];
      let atMs = 0;
      for (const { samples, waitMs } of deltas) {
        const bytes = samples * (pcm ? 2 : 1);
        const piece = SPEECH.subarray(made, made += bytes).toBase64();
        events.push({
          atMs: atMs += waitMs,
          run() {
            received += bytes;
            playback.enqueue("item_1", piece);
          },
        });
      }
      events.push({ atMs, run: () => playback.complete() });
      atMs = 0;
      for (const [i, { afterMs, forMs }] of holds.entries()) {
        // A first alarm may come at once, the next one after a word: else their seams are one.
        atMs += i === 0 ? afterMs : afterMs + 200;
        events.push({ atMs, run: () => playback.hold() });
        events.push({ atMs: atMs += forMs, run: () => playback.resume() });
      }
      events.sort((a, b) => a.atMs - b.atMs);
      playback.begin();
      const beganMs = clock.nowMs();
      for (const event of events) {
        pass(Math.max(0, beganMs + event.atMs - clock.nowMs()));
        event.run();
      }
      for (let i = 0; i < 300 && playback.queuedMs > 0; i++) pass(100);
      pass(1000); // the patience with marks that never come
      pass(500); // what is still on the way
      assertEquals([port.told.at(-1), playback.queuedMs], ["silent", 0]);
      const said = SPEECH.subarray(0, received);
      const { jumps, endsAt } = seams(phone.heard, said, 300 * perMs);
      assert(jumps.length <= holds.length, `${jumps.length} seams at ${holds.length} holds`);
      for (const jump of jumps) {
        assert(Math.abs(jump) <= 100 * perMs, `a seam of ${jump / perMs} ms`);
        seamsSeen++;
      }
      // A hold at the very end may cost what a seam may.
      const lostBytes = said.length - endsAt;
      assert(lostBytes <= (holds.length > 0 ? 100 * perMs : 0), `the last ${lostBytes} bytes`);
      const { aheadMs, maxChunkMs } = PLAYBACK_DEFAULTS;
      // Beyond that only what the phone itself is late by.
      const mostMs = aheadMs + maxChunkMs + bufferMs + 50;
      assert(phone.mostAheadMs <= mostMs, `${phone.mostAheadMs} ms waited, ${mostMs} at most`);
      assertEquals(clock.pending, 0);
    }),
    { numRuns: 300 },
  );
  assert(seamsSeen > 100, `only ${seamsSeen} seams`);
});

test("a phone that gathers 300 ms before it plays is found out by its marks", () => {
  const clock = new FakeClock();
  const port = new TestPort();
  const phone = new TestPhone(clock, {
    bytesPerMs: 8,
    delayMs: 60,
    bufferMs: 300,
    jitterMs: () => 0,
  });
  const playback = new Playback(PCMU, port, clock);
  port.phone = phone;
  phone.markBack = (name) => playback.markHeard(name);
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      clock.tick();
      phone.tick();
    }
  };
  playback.probe();
  pass(300);
  const said = SPEECH.subarray(0, 6000 * 8);
  playback.begin();
  playback.enqueue("item_1", said.toBase64());
  playback.complete();
  pass(3000);
  playback.hold();
  pass(500);
  playback.resume();
  pass(8000);
  const { jumps, endsAt } = seams(phone.heard, said, 400 * 8);
  assertEquals([jumps.length <= 1, endsAt], [true, said.length]);
  for (const jump of jumps) assert(Math.abs(jump) <= 20 * 8, `a seam of ${jump / 8} ms`);
});
