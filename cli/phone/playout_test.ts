import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { firstAudible, lastAudible } from "./audible.ts";
import { Playout } from "./playout.ts";

const LIMITS = { keepMs: 60_000, maxMarks: 100, maxQueuedMs: 600_000 };
/** Loud both ways: alternating positive and negative full scale. */
const tone = (ms: number) =>
  Uint8Array.from({ length: ms * 8 }, (_, i) => i % 2 === 0 ? 0x80 : 0x00);
const silence = (ms: number) => new Uint8Array(ms * 8).fill(0xff);

describe("Playout", () => {
  it("plays at real time what came faster, and marks fall due when it has been played", () => {
    const playout = new Playout(LIMITS);
    playout.media(tone(100), 1000);
    playout.mark("first", 1001);
    playout.media(tone(200), 1002);
    playout.mark("second", 1003);
    assertEquals(playout.nextMarkMs(), 1100);
    assertEquals(playout.takeDueMarks(1099.9), []);
    assertEquals(playout.takeDueMarks(1100), ["first"]);
    assertEquals(playout.queuedMs(1100), 200);
    assertEquals(playout.takeDueMarks(1300), ["second"]);
  });

  it("a mark on an empty queue is due at once", () => {
    const playout = new Playout(LIMITS);
    playout.mark("now", 5);
    assertEquals(playout.takeDueMarks(5), ["now"]);
  });

  it("clear cuts at the byte being played and makes all marks due", () => {
    const playout = new Playout(LIMITS);
    playout.media(tone(100), 0);
    playout.mark("a", 0);
    playout.media(tone(100), 0);
    playout.mark("b", 0);
    assertEquals(playout.clear(150), ["a", "b"]);
    assertEquals(playout.counts.clearedMs, 50);
    assertEquals(playout.counts.playedMs, 150);
    assertEquals(playout.queuedMs(150), 0);
    assertEquals(playout.heard(0, 200), new Uint8Array([...tone(150), ...silence(50)]));
    playout.media(tone(20), 160);
    assertEquals(playout.firstHeardAfter(150, 1000), 160);
  });

  it("heard is silence where nothing was played", () => {
    const playout = new Playout(LIMITS);
    playout.media(tone(20), 100);
    playout.media(tone(20), 150);
    const heard = playout.heard(90, 180);
    assertEquals(
      heard,
      new Uint8Array([
        ...silence(10),
        ...tone(20),
        ...silence(30),
        ...tone(20),
        ...silence(10),
      ]),
    );
    assertEquals(playout.counts.underruns, 1);
    assertEquals(playout.counts.underrunMs, 30);
  });

  it("tells when sound began and ended, and counts silence as no sound", () => {
    const playout = new Playout(LIMITS);
    playout.media(new Uint8Array([...silence(40), ...tone(60), ...silence(100)]), 1000);
    assertEquals(playout.firstHeardAfter(0, 1030), null);
    assertEquals(playout.firstHeardAfter(0, 1050), 1040);
    assertEquals(playout.firstHeardAfter(1060, 1070), 1060);
    assertEquals(playout.lastHeard(1150), 1100);
    assertEquals(playout.lastHeard(1080), 1080);
    assertEquals(playout.lastHeard(1020), null);
  });

  it("first and last agree at every moment: what has been heard once stays heard", () => {
    // Sound that begins thinly: one loud sample in 40, then in 4.
    const bytes = Uint8Array.from(
      { length: 1600 },
      (_, i) => i % (i < 800 ? 40 : 4) === 0 ? 0 : 0xff,
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }), (
        pieceBytes,
        phase,
      ) => {
        const playout = new Playout(LIMITS);
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          playout.media(bytes.slice(at, at + pieceBytes), phase);
        }
        let heardMs: number | null = null;
        for (let nowMs = 0; nowMs < 220; nowMs += 1.7) {
          const first = playout.firstHeardAfter(0, nowMs);
          const last = playout.lastHeard(nowMs);
          assertEquals(first === null, last === null);
          assert(first === null || (first <= last! && last! <= nowMs));
          if (heardMs !== null) assertEquals(first, heardMs);
          heardMs = first;
        }
        assert(heardMs !== null);
      }),
      { numRuns: 100 },
    );
  });

  it("drops what exceeds its bounds and counts it", () => {
    const playout = new Playout({ keepMs: 1000, maxMarks: 1, maxQueuedMs: 100 });
    playout.media(tone(150), 0);
    playout.media(tone(50), 0);
    assertEquals(playout.counts.overflowMs, 50);
    assert(playout.mark("a", 0));
    assertFalse(playout.mark("b", 0));
  });

  it("forgets what is older than keepMs and stays right about the rest", () => {
    const playout = new Playout({ ...LIMITS, keepMs: 2000 });
    for (let i = 0; i < 2000; i++) playout.media(i % 50 === 0 ? tone(20) : silence(20), i * 20);
    assertEquals(playout.firstHeardAfter(39_500, 40_000), null);
    assertEquals(playout.firstHeardAfter(38_990, 40_000), 39_000);
    assertEquals(playout.firstHeardAfter(0, 40_000), 38_000);
  });

  it("plays each byte once, in order, whatever the sizes, arrivals and clears", () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 60 }),
      bytes: fc.integer({ min: 1, max: 900 }),
      clear: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const playout = new Playout(LIMITS);
        let nowMs = 0;
        let value = 0;
        for (const { waitMs, bytes, clear } of steps) {
          nowMs += waitMs;
          if (clear && bytes > 700) playout.clear(nowMs);
          // Values 0..199 never look like the 0xFF of silence.
          playout.media(Uint8Array.from({ length: bytes }, () => value++ % 200), nowMs);
        }
        const endMs = nowMs + playout.queuedMs(nowMs);
        const played = playout.heard(0, endMs).filter((byte) => byte !== 0xff);
        assertAlmostEquals(played.length / 8, playout.counts.playedMs, 0.001);
        assertAlmostEquals(
          playout.counts.playedMs + playout.counts.clearedMs,
          steps.reduce((sum, { bytes }) => sum + bytes / 8, 0),
          0.001,
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("audible", () => {
  it("hears full scale of either sign and not silence of either sign", () => {
    assertEquals(firstAudible(tone(20)), 0);
    assertEquals(firstAudible(new Uint8Array(160).fill(0xff)), -1);
    assertEquals(firstAudible(new Uint8Array(160).fill(0x7f)), -1);
    assertEquals(lastAudible(silence(20)), 0);
  });

  it("does not call one click in 10 ms sound", () => {
    const click = silence(10);
    click[40] = 0x00;
    assertEquals(firstAudible(click), -1);
  });
});
