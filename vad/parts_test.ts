import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { Bands } from "./bands.ts";
import { Decimator } from "./decimator.ts";
import { AMBIGUOUS, type HopVerdict, SILENCE, SPEECH } from "./detector.ts";
import { isDtmf } from "./dtmf.ts";
import { FloorTracker } from "./floor.ts";
import { ENDED, Segmenter, STARTED } from "./segmenter.ts";
import { SteadyWatch } from "./steady.ts";
import { seeded } from "../tests/random.ts";
import { mix, noise, speech, tones } from "./test_signals.ts";

/** A tone at −20 dBFS is this much power in sample units. */
const TONE_POWER = 32768 ** 2 / 100;

/** Power of each band for a steady tone, dB against the tone's own. */
function bandsOf(hz: number): number[] {
  const bands = new Bands();
  const signal = tones(100, [hz], -20);
  for (let at = 0; at < signal.length; at += 80) bands.measure(signal.slice(at, at + 80));
  return Array.from(bands.power, (power) => 10 * Math.log10(power / TONE_POWER + 1e-12));
}

describe("Bands", () => {
  it("put a tone into its own band, and into the others at least 7 dB less", () => {
    for (const [hz, own] of [[400, 0], [1250, 1], [3000, 2]] as const) {
      const powers = bandsOf(hz);
      assertAlmostEquals(powers[own]!, 0, 2, `${hz} Hz`);
      for (let b = 0; b < 3; b++) {
        if (b !== own) assertLess(powers[b]!, powers[own]! - 7, `${hz} Hz in band ${b}`);
      }
    }
  });

  it("take 23 dB off 50 Hz hum, and all of a DC offset within 100 ms", () => {
    for (const power of bandsOf(50)) assertLess(power, -23);
    const bands = new Bands();
    for (let i = 0; i < 10; i++) bands.measure(new Float64Array(80).fill(20_000));
    for (const power of bands.power) assertLess(power, 1e-6);
  });

  it("come to rest within 100 ms of silence: nothing lingers down to denormals", () => {
    const bands = new Bands();
    bands.measure(noise(10, -3));
    for (let i = 0; i < 10; i++) bands.measure(new Float64Array(80));
    assertEquals(Array.from(bands.power), [0, 0, 0]);
  });
});

describe("Decimator", () => {
  it("keeps 3 kHz within 1.5 dB, and takes 30 dB off what would fold onto 2 kHz", () => {
    for (const ratio of [2, 3, 6]) {
      const through = (hz: number) => {
        const decimator = new Decimator(ratio);
        let sum = 0, count = 0;
        tones(200, [hz], -20, 8000 * ratio).forEach((sample, i) => {
          if (!decimator.push(sample) || i < 400) return;
          sum += decimator.output() ** 2;
          count++;
        });
        return 10 * Math.log10(sum / count / TONE_POWER);
      };
      assertAlmostEquals(through(1000), 0, 0.3, `ratio ${ratio}`);
      assertAlmostEquals(through(3000), 0, 1.5, `ratio ${ratio}`);
      assertLess(through(6000), -30, `ratio ${ratio}`);
    }
  });

  it("gives one sample for every `ratio` samples", () => {
    const decimator = new Decimator(3);
    const due = [1, 2, 3, 4, 5, 6, 7].map((sample) => decimator.push(sample));
    assertEquals(due, [false, false, true, false, false, true, false]);
  });
});

describe("FloorTracker", () => {
  it("stays under a second of speech, rises after its window, falls at once", () => {
    const floor = new FloorTracker(150, -60);
    for (let i = 0; i < 100; i++) floor.update(-50, true);
    for (let i = 0; i < 100; i++) floor.update(-20, false);
    assertAlmostEquals(floor.floorDbfs, -50, 3);
    for (let i = 0; i < 100; i++) floor.update(-20, false);
    assertAlmostEquals(floor.floorDbfs, -20, 1);
    for (let i = 0; i < 15; i++) floor.update(-70, false);
    assertLess(floor.floorDbfs, -55);
  });

  it("measures how restless noise is", () => {
    const random = seeded(5);
    const calm = new FloorTracker(150, -50), restless = new FloorTracker(150, -50);
    for (let i = 0; i < 600; i++) {
      calm.update(-50 + 2 * (random() - 0.5), true);
      restless.update(-50 + 12 * (random() - 0.5), true);
    }
    assertLess(calm.deviationDb, 0.8);
    assertGreater(restless.deviationDb, 2);
  });
});

describe("SteadyWatch", () => {
  it("says so when all bands hold still for the window, not when one moves", () => {
    const still = new SteadyWatch(20, 4), moving = new SteadyWatch(20, 4);
    let stillSeen = 0, movingSeen = 0;
    for (let i = 0; i < 60; i++) {
      if (still.update(Float64Array.of(-40, -45 + (i % 3), -50))) stillSeen++;
      if (moving.update(Float64Array.of(-40, -45 + (i % 8), -50))) movingSeen++;
    }
    assertGreater(stillSeen, 5);
    assertEquals(movingSeen, 0);
    assertAlmostEquals(still.meanDbfs[1]!, -44, 0.2);
  });
});

describe("isDtmf", () => {
  it("knows a key with 6 dB of twist in noise 15 dB below, and no other tones", () => {
    const key = mix(tones(10, [770], -20), tones(10, [1477], -26));
    assert(isDtmf(mix(key, noise(10, -36))));
    for (const hz of [440, 697, 1000, 1336]) assert(!isDtmf(tones(10, [hz], -20)), `${hz} Hz`);
    assert(!isDtmf(tones(10, [440, 480], -20)), "ringing tone");
    assert(!isDtmf(new Float64Array(80)), "silence");
  });

  it("takes fewer than 1 in 100 hops of speech or noise for a key", () => {
    for (const signal of [speech(20_000, { restMs: 0 }), noise(20_000, -20)]) {
      let taken = 0, hops = 0;
      for (let at = 0; at + 80 <= signal.length; at += 80, hops++) {
        if (isDtmf(signal.slice(at, at + 80))) taken++;
      }
      assertLess(taken, hops / 100);
    }
  });
});

describe("Segmenter", () => {
  /** Feeds hops written S (speech), a (ambiguous), . (silence); writes < start, > end, - nothing. */
  function run(segmenter: Segmenter, hops: string, holdMs = 0): string {
    const verdicts: Record<string, HopVerdict> = { S: SPEECH, a: AMBIGUOUS, ".": SILENCE };
    let ms = 0, out = "";
    for (const hop of hops) {
      ms += 10;
      const turning = segmenter.hop(verdicts[hop]!, ms, holdMs);
      out += turning === STARTED ? "<" : turning === ENDED ? ">" : "-";
    }
    return out;
  }

  it("starts on the fifth speech hop, through an ambiguous one, not across a gap", () => {
    assertEquals(run(new Segmenter(50, 100, 0.5), "SSSSS"), "----<");
    assertEquals(run(new Segmenter(50, 100, 0.5), "SSSaSS"), "-----<");
    assertEquals(run(new Segmenter(50, 100, 0.5), "SSSS....SSSS"), "------------");
  });

  it("ends after the silence asked for; ambiguous hops count in part; the hold comes first", () => {
    assertEquals(run(new Segmenter(50, 50, 0.5), "SSSSS....."), "----<---->");
    assertEquals(run(new Segmenter(50, 50, 0.5), "SSSSSaaaaaaaaaa"), "----<--------->");
    assertEquals(run(new Segmenter(50, 50, 0.5), "SSSSS........", 30), "----<------->");
  });

  it("lets one click in the silence pass, and three speech hops take it back", () => {
    const clicked = new Segmenter(50, 100, 0.5);
    assertEquals(run(clicked, "SSSSS.....S....."), "----<---------->");
    assertEquals(clicked.endMs, 50);
    const resumed = new Segmenter(50, 100, 0.5);
    assertEquals(run(resumed, "SSSSS.....SSS....."), "----<-------------");
    assertEquals(resumed.endMs, 120);
  });
});
