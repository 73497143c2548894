import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { FrameCollector, PlayQueue, Resampler } from "./playout.js";

const BLOCK = 128;

function queue(limits: Partial<ConstructorParameters<typeof PlayQueue>[0]> = {}) {
  return new PlayQueue({ maxQueuedSamples: 48_000, prebufferSamples: 0, maxMarks: 100, ...limits });
}

function pcm(length: number, value = 16_384): Int16Array {
  return new Int16Array(length).fill(value);
}

/** Plays a block; the marks that it reached. */
function pull(play: PlayQueue, out = new Float32Array(BLOCK)): string[] {
  return play.pull(out) ?? [];
}

describe("PlayQueue", () => {
  it("plays samples in order over the joints of its chunks", () => {
    const play = queue();
    const all = Int16Array.from({ length: 300 }, (_, i) => i * 100);
    for (const [from, to] of [[0, 1], [1, 130], [130, 131], [131, 300]]) {
      play.push(all.slice(from, to));
    }
    const out = new Float32Array(3 * BLOCK);
    for (let at = 0; at < out.length; at += BLOCK) pull(play, out.subarray(at, at + BLOCK));
    for (let i = 0; i < 300; i++) assertAlmostEquals(out[i]!, all[i]! / 32_768, 1e-6);
    assertEquals(play.playedSamples, 300);
  });

  it("tells a mark when the last sample before it was played, not sooner", () => {
    const play = queue();
    play.push(pcm(BLOCK + 1));
    assertEquals(play.mark("a"), []);
    play.push(pcm(BLOCK));
    assertEquals(play.mark("b"), []);
    assertEquals(pull(play), []);
    assertEquals(pull(play), ["a"]);
    assertEquals(pull(play), ["b"]);
  });

  it("tells a mark at once when nothing waits before it", () => {
    const play = queue();
    assertEquals(play.mark("now"), ["now"]);
    assertEquals(pull(play), []);
  });

  it("gives back every mark of a cleared answer, in order, and plays nothing more of it", () => {
    const play = queue();
    play.push(pcm(1000));
    play.mark("a");
    play.push(pcm(1000));
    play.mark("b");
    pull(play);
    assertEquals(play.clear(), ["a", "b"]);
    assertEquals(play.playedSamples, BLOCK);
    for (let i = 0; i < 20; i++) assertEquals(pull(play), []);
    assertEquals(play.playedSamples, BLOCK);
    play.push(pcm(BLOCK));
    play.mark("c");
    assertEquals(pull(play), ["c"]);
  });

  it("fades after a cut instead of jumping to zero", () => {
    const play = queue();
    play.push(pcm(1000));
    pull(play);
    play.clear();
    const out = new Float32Array(2 * BLOCK);
    pull(play, out);
    assert(out[0]! > 0.45, `the first sample after the cut is ${out[0]}`);
    for (let i = 1; i < out.length; i++) assertLess(Math.abs(out[i]! - out[i - 1]!), 0.02);
    assertLess(Math.abs(out.at(-1)!), 0.001);
  });

  it("waits for the prebuffer, but not for ever, and not behind a mark", () => {
    const late = queue({ prebufferSamples: 4 * BLOCK });
    late.push(pcm(BLOCK));
    let blocks = 0;
    while (late.playedSamples === 0 && blocks < 50) {
      pull(late);
      blocks++;
    }
    assertEquals(blocks, 5);

    const short = queue({ prebufferSamples: 4 * BLOCK });
    short.push(pcm(BLOCK));
    short.mark("end");
    assertEquals(pull(short), ["end"]);

    const full = queue({ prebufferSamples: 4 * BLOCK });
    full.push(pcm(4 * BLOCK));
    pull(full);
    assertEquals(full.playedSamples, BLOCK);
  });

  it("counts an underrun in the middle of an answer, and none at a mark", () => {
    const play = queue();
    play.push(pcm(200));
    play.mark("end");
    for (let i = 0; i < 5; i++) pull(play);
    assertEquals(play.underruns, 0);
    play.push(pcm(200));
    for (let i = 0; i < 5; i++) pull(play);
    assertEquals(play.underruns, 1);
  });

  it("drops what is beyond its limit, counted, and lets go of the oldest of too many marks", () => {
    const play = queue({ maxQueuedSamples: 1000, maxMarks: 2 });
    play.push(pcm(900));
    play.push(pcm(101));
    assertEquals(play.queuedSamples, 900);
    assertEquals(play.droppedSamples, 101);
    assertEquals([play.mark("a"), play.mark("b"), play.mark("c")], [[], [], ["a"]]);
    assertEquals(play.clear(), ["b", "c"]);
  });

  it("gives every mark back exactly once, in order, and plays what it took, for any order of events", () => {
    const event = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 700 }) }),
      fc.constant({ mark: true }),
      fc.constant({ pull: true }),
      fc.constant({ clear: true }),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.integer({ min: 0, max: 600 }),
        (events, pre) => {
          const play = queue({ prebufferSamples: pre });
          const heard: string[] = [];
          let sent = 0;
          let taken = 0;
          let lost = 0;
          for (const one of events) {
            if ("push" in one) {
              play.push(pcm(one.push));
              taken += one.push;
            } else if ("mark" in one) heard.push(...play.mark(String(sent++)));
            else if ("pull" in one) heard.push(...pull(play));
            else {
              lost += play.queuedSamples;
              heard.push(...play.clear());
            }
          }
          for (let i = 0; i < 400 && play.queuedSamples > 0; i++) heard.push(...pull(play));
          assertEquals(heard, Array.from({ length: sent }, (_, i) => String(i)));
          assertEquals(play.playedSamples, taken - lost);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("FrameCollector", () => {
  it("cuts a stream into whole frames and clips what is too loud", () => {
    const frames: number[][] = [];
    const collector = new FrameCollector(4, (frame: Int16Array) => frames.push([...frame]));
    collector.push(Float32Array.of(0, 1, -1));
    collector.push(Float32Array.of(2, -2, 0.5, 0.25, 0, 0.1));
    assertEquals(frames, [[0, 32_767, -32_767, 32_767], [-32_768, 16_384, 8192, 0]]);
  });
});

describe("Resampler", () => {
  const sine = (hz: number, rateHz: number, samples: number) =>
    Float32Array.from({ length: samples }, (_, i) => Math.sin(2 * Math.PI * hz * i / rateHz));

  /** Loudness of the middle, without the filter's beginning and end. */
  function rms(samples: Float32Array): number {
    const middle = samples.subarray(400, samples.length - 400);
    return Math.sqrt(middle.reduce((sum, s) => sum + s * s, 0) / middle.length);
  }

  function run(resampler: Resampler, input: Float32Array, blockSamples = BLOCK): Float32Array {
    const out: number[] = [];
    for (let at = 0; at < input.length; at += blockSamples) {
      out.push(...resampler.process(input.subarray(at, at + blockSamples)));
    }
    return Float32Array.from(out);
  }

  it("keeps the length of time and the pitch, 44.1 kHz to 24 kHz and back", () => {
    for (const [from, to] of [[44_100, 24_000], [24_000, 44_100]] as const) {
      const out = run(new Resampler(from, to), sine(1000, from, from));
      assertAlmostEquals(out.length, to, 40);
      let crossings = 0;
      for (let i = 500; i < 500 + to / 2; i++) if (out[i - 1]! < 0 && out[i]! >= 0) crossings++;
      assertAlmostEquals(crossings, 500, 1);
      assertAlmostEquals(rms(out), Math.SQRT1_2, 0.005);
    }
  });

  it("gives the same samples however the stream is cut", () => {
    const input = sine(700, 44_100, 9000);
    const whole = run(new Resampler(44_100, 24_000), input, input.length);
    for (const blockSamples of [1, 7, 128, 1000]) {
      const cut = run(new Resampler(44_100, 24_000), input, blockSamples);
      assertEquals(cut.length, whole.length);
      for (let i = 0; i < cut.length; i++) assertAlmostEquals(cut[i]!, whole[i]!, 1e-4);
    }
  });

  it("removes what the lower rate cannot carry instead of folding it down", () => {
    const out = run(new Resampler(44_100, 24_000), sine(16_000, 44_100, 44_100));
    assertLess(20 * Math.log10(rms(out) / Math.SQRT1_2), -50);
  });

  it("is as new after reset", () => {
    const input = sine(440, 44_100, 2000);
    const resampler = new Resampler(44_100, 24_000);
    const first = resampler.process(input);
    resampler.reset();
    assertEquals(resampler.process(input), first);
  });
});
