import { describe, it } from "node:test";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { VAD_DEFAULTS, type VadOptions } from "./options.ts";
import { concat, mix, noise, nothing, pcm16, samplesOf, speech } from "./test_signals.ts";
import { Vad, type VadEvent } from "./vad.ts";

const RATES = [8000, 16000, 24000, 48000] as const;

/** Two turns over a noisy line. */
function call(rateHz: (typeof RATES)[number] = 8000): Int16Array {
  const talk = concat(
    nothing(700, rateHz),
    speech(900, { rateHz, seed: 3 }),
    nothing(700, rateHz),
    speech(600, { rateHz, seed: 8 }),
    nothing(700, rateHz),
  );
  return pcm16(mix(talk, noise(3600, -50, 4, rateHz)));
}

function events(pcm: Int16Array, options: Partial<VadOptions>, frames?: readonly number[]) {
  const out: VadEvent[] = [];
  const vad = new Vad(options, (event) => out.push(event));
  if (!frames) vad.push(pcm);
  else {
    for (let at = 0, i = 0; at < pcm.length; i++) {
      const length = frames[i % frames.length]!;
      vad.push(pcm.subarray(at, at + length));
      at += length;
    }
  }
  return out;
}

describe("Vad", () => {
  it("gives the same events whatever the frame sizes, at every rate", () => {
    for (const rateHz of RATES) {
      const pcm = call(rateHz);
      const whole = events(pcm, { sampleRateHz: rateHz });
      assertEquals(whole.length, 4);
      const sizes = fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 12 })
        .filter((frames) => frames.some((length) => length > 20));
      fc.assert(
        fc.property(sizes, (frames) => {
          assertEquals(events(pcm, { sampleRateHz: rateHz }, frames), whole);
        }),
        { numRuns: 12, seed: 1 },
      );
    }
  });

  it("hears the same call alike at 8, 16, 24 and 48 kHz", () => {
    const at8 = events(call(), {});
    for (const rateHz of RATES) {
      const own = events(call(rateHz), { sampleRateHz: rateHz });
      assertEquals(own.map((e) => e.type), at8.map((e) => e.type), `${rateHz} Hz`);
      for (const [i, event] of own.entries()) {
        assertAlmostEquals(event.decidedMs, at8[i]!.decidedMs, 130, `${rateHz} Hz, event ${i}`);
      }
    }
  });

  it("orders its events: start, end, start, end, each decided after what it dates", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        (seed) => {
          const pcm = pcm16(mix(
            concat(
              nothing(300),
              speech(700, { seed }),
              nothing(500),
              speech(500, { seed: seed + 1 }),
            ),
            noise(2400, -45, seed),
          ));
          let previous = 0, speaking = false;
          for (const event of events(pcm, {})) {
            assertEquals(event.type, speaking ? "speech_ended" : "speech_started");
            const datedMs = event.type === "speech_started" ? event.startMs : event.endMs;
            assert(datedMs >= previous && datedMs <= event.decidedMs, JSON.stringify(event));
            previous = datedMs;
            speaking = !speaking;
          }
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });

  it("keeps its numbers finite and its position exact for any samples and absences", () => {
    const step = fc.oneof(
      fc.int16Array({ maxLength: 400 }),
      fc.integer({ min: 0, max: 90 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const vad = new Vad({}, () => {});
        let ms = 0;
        for (const one of steps) {
          if (typeof one === "number") vad.pushSilence(one);
          else vad.push(one);
          ms += typeof one === "number" ? one : one.length / 8;
          assertAlmostEquals(vad.positionMs, ms, 1e-6);
          for (const value of [vad.levelDbfs, vad.floorDbfs, vad.thresholdDbfs, vad.silenceMs]) {
            assert(Number.isFinite(value));
          }
          assert(vad.confidence >= 0 && vad.confidence <= 1);
        }
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it("is as new after reset", () => {
    const out: VadEvent[] = [];
    const vad = new Vad({}, (event) => out.push(event));
    const pcm = call();
    vad.push(pcm);
    const first = out.splice(0);
    vad.push(pcm.subarray(0, 12_345));
    vad.reset();
    assertEquals([vad.positionMs, vad.speaking, vad.silenceMs], [0, false, 0]);
    out.length = 0;
    vad.push(pcm);
    assertEquals(out, first);
  });

  it("takes minSilenceMs while running: a longer one bridges the pause", () => {
    const out: string[] = [];
    const vad = new Vad({}, (event) => out.push(event.type));
    const pcm = call();
    vad.push(pcm.subarray(0, samplesOf(1200)));
    assert(vad.speaking);
    vad.minSilenceMs = 1200;
    assertEquals(vad.minSilenceMs, 1200);
    vad.push(pcm.subarray(samplesOf(1200)));
    assertEquals(out, ["speech_started"]);
    assertGreater(vad.silenceMs, 200);
    vad.minSilenceMs = 200;
    vad.push(new Int16Array(80));
    assertEquals(out, ["speech_started", "speech_ended"]);
  });

  it("counts silenceMs only while speaking, and back to 0 when speech goes on", () => {
    const vad = new Vad({ minSilenceMs: 1000 }, () => {});
    const pcm = call();
    vad.push(pcm.subarray(0, samplesOf(600)));
    assertEquals(vad.silenceMs, 0);
    vad.push(pcm.subarray(samplesOf(600), samplesOf(2200)));
    assertGreater(vad.silenceMs, 250);
    vad.push(pcm.subarray(samplesOf(2200), samplesOf(2600)));
    assertLess(vad.silenceMs, 100);
  });

  it("endSpeech ends at once, and only when there is something to end", () => {
    const out: VadEvent[] = [];
    const vad = new Vad({}, (event) => out.push(event));
    vad.endSpeech();
    assertEquals(out, []);
    vad.push(call().subarray(0, samplesOf(1300)));
    vad.endSpeech();
    vad.endSpeech();
    assertEquals(out.map((e) => e.type), ["speech_started", "speech_ended"]);
    assertEquals(out[1]!.decidedMs, 1300);
    assertEquals(vad.speaking, false);
  });

  it("pushSilence in parts is pushSilence at once", () => {
    const run = (parts: readonly number[]) => {
      const out: VadEvent[] = [];
      const vad = new Vad({}, (event) => out.push(event));
      vad.push(call().subarray(0, samplesOf(1300)));
      for (const ms of parts) vad.pushSilence(ms);
      return { out, position: vad.positionMs };
    };
    assertEquals(run([5, 7, 20, 3, 565]), run([600]));
  });

  it("refuses bad options by name, value and range", () => {
    const bad: [Record<string, unknown>, string][] = [
      [{ sampleRateHz: 11025 }, "sampleRateHz is 11025"],
      [{ minSpeechMs: NaN }, "minSpeechMs is NaN"],
      [{ minSilenceMs: 5 }, "minSilenceMs is 5, wants a number 20..10000"],
      [{ steadyShare: "0.3" }, "steadyShare is 0.3"],
      [{ steadyShare: 0.7 }, "restlessShare is 0.5, wants a number 0.7..0.98"],
      [{ minThresholdDb: 12 }, "maxThresholdDb is 10, wants a number 12..60"],
      [{ sensitivity: 3 }, "sensitivity is not a setting"],
    ];
    for (const [options, message] of bad) {
      assertThrows(() => new Vad(options as Partial<VadOptions>, () => {}), RangeError, message);
    }
    const vad = new Vad({}, () => {});
    assertThrows(() => vad.minSilenceMs = Infinity, RangeError, "minSilenceMs is Infinity");
    assertThrows(() => vad.pushSilence(-1), RangeError, "pushSilence ms is -1");
    assertEquals(vad.minSilenceMs, VAD_DEFAULTS.minSilenceMs);
  });

  it("measures level on the dBFS scale of a full-scale square wave", () => {
    const vad = new Vad({}, () => {});
    // 1 kHz sine at −20 dBFS: the bands' gentle slopes overlap and lose little.
    vad.push(
      Int16Array.from({ length: 800 }, (_, i) => 3276.8 * Math.SQRT2 * Math.sin(i * 0.7854)),
    );
    assertAlmostEquals(vad.levelDbfs, -20, 2);
  });

  it("toJSON tells what it sees, in plain data", () => {
    const vad = new Vad({}, () => {});
    const pcm = call();
    vad.push(pcm.subarray(0, samplesOf(1100)));
    for (let at = samplesOf(1100); vad.confidence < 0.6; at += 80) {
      vad.push(pcm.subarray(at, at + 80));
    }
    const seen = JSON.parse(JSON.stringify(vad));
    assertEquals(seen.speaking, true);
    assertEquals(seen.bandFloorsDbfs.length, 3);
    assertGreater(seen.levelDbfs, seen.thresholdDbfs);
    assertGreater(seen.thresholdDbfs, seen.floorDbfs);
    assertEquals(seen.confidence, vad.confidence);
  });
});
