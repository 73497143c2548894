import { describe, it } from "node:test";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import {
  atLevel,
  concat,
  mix,
  music,
  noise,
  nothing,
  pcm16,
  samplesOf,
  speech,
  tones,
} from "./test_signals.ts";
import { Vad, type VadEvent, type VadOptions } from "./vad.ts";

interface Heard {
  starts: Extract<VadEvent, { type: "speech_started" }>[];
  ends: Extract<VadEvent, { type: "speech_ended" }>[];
  vad: Vad;
}

/** Pushes 20 ms frames. */
function hear(signal: Float64Array, options: Partial<VadOptions> = {}): Heard {
  const heard: Heard = { starts: [], ends: [], vad: undefined as unknown as Vad };
  heard.vad = new Vad(options, (event) => {
    if (event.type === "speech_started") heard.starts.push(event);
    else heard.ends.push(event);
  });
  const pcm = pcm16(signal);
  for (let at = 0; at < pcm.length; at += 160) heard.vad.push(pcm.subarray(at, at + 160));
  return heard;
}

/** Starts dated within a stretch. */
function startsIn(heard: Heard, fromMs: number, toMs: number): number {
  return heard.starts.filter((e) => e.startMs >= fromMs && e.startMs < toMs).length;
}

/** Whether speech was going on at a moment, as known at the time. */
function speakingAt(heard: Heard, ms: number): boolean {
  const starts = heard.starts.filter((e) => e.decidedMs <= ms).length;
  const ends = heard.ends.filter((e) => e.decidedMs <= ms).length;
  return starts > ends;
}

const QUIET = -62;
const line = (ms: number, seed = 5) => noise(ms, QUIET, seed);

describe("Vad survives", () => {
  it("plain speech on a quiet line: one start and one end, dated within 40 ms", () => {
    const heard = hear(concat(line(1000), mix(speech(1500), line(1500)), line(1000)));
    assertEquals([heard.starts.length, heard.ends.length], [1, 1]);
    assertAlmostEquals(heard.starts[0]!.startMs, 1000, 40);
    assertLessOrEqual(heard.starts[0]!.decidedMs, 1120);
    assertAlmostEquals(heard.ends[0]!.endMs, 2500, 60);
    assertLess(heard.ends[0]!.decidedMs, 2900);
  });

  it("silence by absence: it ends the turn, and the floor is where it was", () => {
    const heard = hear(concat(noise(1500, -45), mix(speech(800), noise(800, -45))));
    assert(heard.vad.speaking);
    const floorBefore = heard.vad.floorDbfs;
    for (let i = 0; i < 50; i++) heard.vad.pushSilence(20);
    assertEquals(heard.vad.speaking, false);
    assertLess(heard.ends[0]!.decidedMs, 2300 + 450);
    heard.vad.pushSilence(60_000);
    assertEquals(heard.vad.floorDbfs, floorBefore);
    // The same line noise comes back: it is no speech.
    heard.vad.push(pcm16(noise(2000, -45, 99)));
    assertEquals(heard.starts.length, 1);
  });

  it("digital silence: no speech in it, and the floor does not sink below the line's", () => {
    const heard = hear(concat(line(1000), nothing(20_000)));
    const floor = heard.vad.floorDbfs;
    assertEquals(heard.starts.length, 0);
    assertGreater(floor, -66);
    assertEquals(heard.vad.confidence, 0);
    heard.vad.push(pcm16(line(2000, 11)));
    assertEquals(heard.starts.length, 0);
  });

  it("digital silence from the start, then speech: found at once", () => {
    const heard = hear(concat(nothing(3000), speech(1000), nothing(1000)));
    assertEquals(heard.starts.length, 1);
    assertLessOrEqual(heard.starts[0]!.decidedMs, 3200);
    assertEquals(heard.ends.length, 1);
  });

  it("keypad tones: all sixteen keys, 100 ms or a second long, are not speech", () => {
    for (const low of [697, 770, 852, 941]) {
      for (const high of [1209, 1336, 1477, 1633]) {
        for (const ms of [60, 100, 1000]) {
          const key = mix(tones(ms, [low, high], -14), line(ms, 3));
          const heard = hear(concat(line(500), key, line(300), key, line(500)));
          assertEquals(heard.starts.length, 0, `${low}+${high} Hz for ${ms} ms`);
        }
      }
    }
  });

  it("keypad tones over a noisy line are not speech, and speech after them is", () => {
    const key = tones(120, [770, 1336], -12);
    const call = concat(
      nothing(1000),
      key,
      nothing(80),
      key,
      nothing(1000),
      speech(1000),
      nothing(800),
    );
    const heard = hear(mix(call, noise(4200, -40)));
    assertEquals(heard.starts.length, 1);
    assertAlmostEquals(heard.starts[0]!.startMs, 2320, 80);
  });

  it("music on hold is let go within 4 s, and the caller after it is heard", () => {
    const heard = hear(concat(line(500), music(15_000, -24), line(1500), speech(1000), line(800)));
    const inMusic = [...Array(10)].map((_, i) => speakingAt(heard, 5000 + 1000 * i));
    assertLessOrEqual(inMusic.filter(Boolean).length, 5, "no longer than half of the time");
    assertEquals(speakingAt(heard, 16_900), false);
    assertEquals(startsIn(heard, 16_900, 17_200), 1);
  });

  it("clipping: a caller 12 dB into the rails is one turn", () => {
    const loud = concat(line(800), atLevel(speech(1500), -2), line(800));
    const heard = hear(loud.map((sample) => sample * 3));
    assertEquals([heard.starts.length, heard.ends.length], [1, 1]);
    assertAlmostEquals(heard.starts[0]!.startMs, 800, 40);
  });

  it("DC offset: the events are those without it", () => {
    const call = concat(line(800), speech(1200), line(800));
    const plain = hear(call);
    const offset = hear(call.map((sample) => sample + 6000));
    assertEquals(offset.starts.length, plain.starts.length);
    assertAlmostEquals(offset.starts[0]!.startMs, plain.starts[0]!.startMs, 20);
    assertAlmostEquals(offset.ends[0]!.endMs, plain.ends[0]!.endMs, 20);
  });

  it("a 30 dB drop of the line: the quiet caller after it is heard", () => {
    const before = mix(
      concat(nothing(500), speech(1500, { dbfs: -10 }), nothing(500)),
      noise(2500, -36),
    );
    const after = mix(
      concat(nothing(700), speech(1500, { dbfs: -40 }), nothing(500)),
      noise(2700, -66),
    );
    const heard = hear(concat(before, after));
    assertEquals(startsIn(heard, 3100, 3300), 1);
    assertEquals(speakingAt(heard, 3100), false);
  });

  it("a 30 dB rise of the line: one false start at most, over within 1.5 s, then the caller", () => {
    const before = mix(
      concat(nothing(500), speech(1500, { dbfs: -40 }), nothing(500)),
      noise(2500, -66),
    );
    const after = mix(
      concat(nothing(2500), speech(1500, { dbfs: -10 }), nothing(800)),
      noise(4800, -36),
    );
    const heard = hear(concat(before, after));
    assertLessOrEqual(startsIn(heard, 2400, 4900), 1);
    assertEquals(speakingAt(heard, 4000), false);
    assertEquals(startsIn(heard, 4900, 5150), 1);
  });

  it("a fan that starts mid-call is let go within 1.2 s; speech over it is found", () => {
    const call = concat(
      nothing(1000),
      speech(1000),
      nothing(4000),
      speech(1200, { seed: 4 }),
      nothing(800),
    );
    const fan = concat(nothing(3000), noise(5000, -42));
    const heard = hear(mix(call, line(8000), fan));
    assertLessOrEqual(startsIn(heard, 2900, 5900), 1);
    assertEquals(speakingAt(heard, 4200), false);
    assertEquals(startsIn(heard, 5900, 6150), 1);
    assertEquals(heard.vad.speaking, false);
  });

  it("comfort noise between talk spurts, and after digital silence, is not speech", () => {
    const spurts = concat(
      noise(1000, -58, 1),
      speech(900),
      noise(1500, -58, 2),
      nothing(500),
      noise(1500, -58, 3),
      speech(900, { seed: 9 }),
      noise(1000, -58, 4),
    );
    const heard = hear(spurts);
    assertEquals(heard.starts.length, 2);
    assertEquals(heard.ends.length, 2);
  });

  it("a caller who never pauses stays one turn for half a minute", () => {
    const call = mix(
      concat(nothing(500), speech(30_000, { restMs: 60 }), nothing(800)),
      noise(31_300, -56),
    );
    const heard = hear(call);
    assertEquals(heard.starts.length, 1);
    assertEquals(heard.ends.length, 1);
    assertGreater(heard.ends[0]!.endMs, 30_200);
  });

  it("the first 300 ms: a noisy line alone starts no turn", () => {
    for (const dbfs of [-70, -55, -45, -35, -25]) {
      assertEquals(hear(noise(1500, dbfs)).starts.length, 0, `${dbfs} dBFS`);
    }
  });

  it("the first 300 ms: a caller who speaks at 0, 50, 150 or 300 ms is heard", () => {
    for (const atMs of [0, 50, 150, 300]) {
      const call = mix(concat(nothing(atMs), speech(1200), nothing(800)), line(atMs + 2000));
      const heard = hear(call);
      assertEquals(heard.starts.length, 1, `speech at ${atMs} ms`);
      assertLess(heard.starts[0]!.decidedMs, atMs + 300, `speech at ${atMs} ms`);
    }
  });

  it("clicks and hum: neither is speech, and speech above them is", () => {
    const clicks = nothing(6000);
    for (let at = 900; at < 6000; at += 170) {
      for (let i = 0; i < 16; i++) clicks[samplesOf(at) + i] = (i % 2 ? -1 : 1) * 20_000 * 0.7 ** i;
    }
    const hum = tones(6000, [50, 100, 150, 250, 350], -24);
    const talk = concat(nothing(3000), speech(1500, { dbfs: -20 }), nothing(1500));
    assertEquals(hear(mix(clicks, hum, line(6000))).starts.length, 0);
    const heard = hear(mix(clicks, hum, talk, line(6000)));
    assertEquals(heard.starts.length, 1);
    assertAlmostEquals(heard.starts[0]!.startMs, 3000, 60);
    assertLess(heard.ends[0]!.decidedMs, 5000);
  });

  it("level jumps: a turn 18 dB below the one before it is heard", () => {
    const call = concat(
      nothing(800),
      speech(1500, { dbfs: -17 }),
      nothing(1000),
      speech(1500, { dbfs: -35, seed: 2 }),
      nothing(800),
    );
    const heard = hear(mix(call, noise(5600, -55)));
    assertEquals(heard.starts.length, 2);
    assertAlmostEquals(heard.starts[1]!.startMs, 3300, 60);
  });
});
