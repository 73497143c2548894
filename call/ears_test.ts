import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import { seeded } from "../tests/random.ts";
import { loadSpeech, speechFacts, type SpeechName } from "../tests/speech/speech.ts";
import { type AudioFormat, bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { MULAW_SILENCE, mulawToPcm16, pcm16ToMulaw } from "../media/mulaw.ts";
import { Ears, type EarsSettings } from "./ears.ts";
import { Transcoder } from "./transcoder.ts";

const PCM_48K: AudioFormat = { encoding: "pcm16", sampleRateHz: 48000 };

/** The call's clock when the first frame comes. */
const BEGAN_MS = 50_000;

/** Ears that write down what they tell, in order. */
class Rig {
  readonly told: string[] = [];
  readonly onsetsMs: number[] = [];
  readonly endsMs: number[] = [];
  readonly maybeEndsMs: number[] = [];
  readonly pausesMs: number[] = [];
  readonly ears: Ears;
  nowMs = BEGAN_MS;
  echoDbfs = -Infinity;

  constructor(
    settings: Partial<EarsSettings> = {},
    readonly format: AudioFormat = PCMU,
    silenceMs?: () => number,
  ) {
    this.ears = new Ears(format, {
      started: (onsetMs) => {
        this.told.push("started");
        this.onsetsMs.push(onsetMs);
      },
      paused: () => this.told.push("paused"),
      resumed: (pauseMs) => {
        this.told.push("resumed");
        this.pausesMs.push(pauseMs);
      },
      maybeDone: (endMs) => {
        this.told.push("maybeDone");
        this.maybeEndsMs.push(endMs);
      },
      stopped: (endMs) => {
        this.told.push("stopped");
        this.endsMs.push(endMs);
      },
      silenceMs,
    }, settings);
  }

  /** Hears µ-law, in the rig's own format, in frames of 20 ms as they come in time. */
  hear(mulaw: Uint8Array): void {
    const transcoder = new Transcoder(PCMU, this.format, 20);
    for (let at = 0; at < mulaw.length; at += 160) {
      this.nowMs += 20;
      const frame = mulaw.subarray(at, at + 160);
      this.ears.hear(
        transcoder.idle ? frame : transcoder.convert(frame),
        this.nowMs,
        this.echoDbfs,
      );
    }
  }

  silence(ms: number): void {
    this.hear(new Uint8Array(ms * 8).fill(MULAW_SILENCE));
  }

  times(word: string): number {
    return this.told.filter((told) => told === word).length;
  }
}

/** Half a second of silence, a fixture, and silence behind it. */
function said(name: SpeechName, settings: Partial<EarsSettings> = {}, format = PCMU): Rig {
  const rig = new Rig(settings, format);
  rig.silence(500);
  rig.hear(loadSpeech(name));
  rig.silence(2000);
  return rig;
}

test("a sentence is told once, with its true beginning and end on the call's clock", () => {
  for (const name of ["question_open", "question_hear", "question_order"] as const) {
    const { told, onsetsMs, endsMs } = said(name, { silenceMs: 500 });
    assertEquals(told, ["started", "paused", "stopped"], name);
    const { startMs, endMs } = speechFacts(name);
    const lateMs = onsetsMs[0]! - (BEGAN_MS + 500 + startMs);
    // Soft first sounds after perfect silence are found late; never before they are there.
    assert(lateMs > -40 && lateMs < 250, `${name}: onset ${lateMs} ms late`);
    const offMs = endsMs[0]! - (BEGAN_MS + 500 + endMs);
    assert(Math.abs(offMs) <= 40, `${name}: end ${offMs} ms off`);
  }
});

test("every format of a leg is heard alike", () => {
  const wanted = said("question_open", { silenceMs: 500 });
  for (const format of [PCMA, PCM_24K, PCM_48K]) {
    const rig = said("question_open", { silenceMs: 500 }, format);
    assertEquals(rig.told, wanted.told);
    assert(Math.abs(rig.onsetsMs[0]! - wanted.onsetsMs[0]!) <= 120);
    assert(Math.abs(rig.endsMs[0]! - wanted.endsMs[0]!) <= 40);
  }
});

test("a pause inside a sentence is told when it begins and, with its length, when it ends", () => {
  const rig = said("booking_pause", { silenceMs: 1500, pauseMs: 120 });
  assertEquals(rig.told, ["started", "paused", "resumed", "paused", "stopped"]);
  const { startMs, endMs } = speechFacts("booking_pause").pauses[0]!;
  assert(Math.abs(rig.pausesMs[0]! - (endMs - startMs)) < 100, `${rig.pausesMs[0]} ms`);
});

test("a pause that may be the end of the turn is told early, with the end as it will be", () => {
  const rig = said("question_open", { silenceMs: 500, speculateMs: 150 });
  assertEquals(rig.told, ["started", "paused", "maybeDone", "stopped"]);
  assert(Math.abs(rig.maybeEndsMs[0]! - rig.endsMs[0]!) <= 80);
  assertEquals(said("question_open", { silenceMs: 500 }).maybeEndsMs, []);
});

test("who decides how long the silence has to be is asked while it lasts", () => {
  let asked = 0;
  const rig = new Rig({ silenceMs: 200 }, PCMU, () => {
    asked++;
    return 1500;
  });
  rig.silence(500);
  rig.hear(loadSpeech("booking_pause"));
  rig.silence(2000);
  assertEquals(rig.times("started"), 1, "200 ms of silence would have cut it in two");
  assert(asked > 50);
});

test("while the agent speaks, what is no louder than its echo is not told at all", () => {
  const rig = new Rig({ silenceMs: 500 });
  rig.silence(500);
  rig.echoDbfs = 0;
  rig.hear(loadSpeech("question_open"));
  rig.silence(2000);
  assertEquals(rig.told, []);
});

test("while the agent speaks, a louder caller is heard, once it has lasted gateMs", () => {
  const rig = new Rig({ silenceMs: 500, gateMs: 40 });
  rig.silence(500);
  rig.echoDbfs = -50;
  rig.hear(loadSpeech("question_open"));
  assertEquals(rig.told[0], "started");
  const { startMs, endMs } = speechFacts("question_open");
  const onsetMs = rig.onsetsMs[0]! - BEGAN_MS - 500;
  assert(onsetMs > startMs - 40 && onsetMs < endMs - 500, `${onsetMs} ms`);
  rig.echoDbfs = -Infinity;
  rig.silence(2000);
  assertEquals(rig.told.at(-1), "stopped");
  const slow = new Rig({ silenceMs: 500, gateMs: 1700 });
  slow.silence(500);
  slow.echoDbfs = -50;
  slow.hear(loadSpeech("question_open"));
  assertEquals(slow.told, []);
});

test("speech that was called off ends without a word, and may begin again", () => {
  const speech = loadSpeech("question_open");
  const rig = new Rig({ silenceMs: 500 });
  rig.silence(500);
  rig.hear(speech.subarray(0, 800 * 8));
  rig.silence(240);
  assertEquals(rig.told, ["started", "paused"]);
  rig.ears.callOff();
  rig.silence(2000);
  assertEquals(rig.told, ["started", "paused"]);
  rig.hear(speech);
  rig.silence(2000);
  assertEquals(rig.told.slice(2), ["started", "paused", "stopped"]);
  // And without a long silence between: what goes on passes the gate anew.
  const goesOn = new Rig({ silenceMs: 500 });
  goesOn.silence(500);
  goesOn.hear(speech.subarray(0, 800 * 8));
  goesOn.silence(240);
  goesOn.ears.callOff();
  goesOn.hear(speech.subarray(800 * 8));
  goesOn.silence(2000);
  assertEquals(goesOn.told, ["started", "paused", "started", "paused", "stopped"]);
});

test("lastVoiceMs is now while the caller speaks, and stands still in a pause", () => {
  const rig = new Rig({ silenceMs: 1500 });
  assertEquals(rig.ears.lastVoiceMs(7), 7);
  rig.silence(500);
  rig.hear(loadSpeech("question_open"));
  rig.silence(300);
  const { endMs } = speechFacts("question_open");
  const lastMs = rig.ears.lastVoiceMs(rig.nowMs) - BEGAN_MS - 500;
  assert(Math.abs(lastMs - endMs) < 100, `${lastMs} ms`);
  assert(rig.ears.pauseMs > 200);
});

test("silence alone is never told, and odd frame lengths are heard too", () => {
  const rig = new Rig();
  rig.silence(3000);
  assertEquals(rig.told, []);
  const speech = loadSpeech("question_open");
  for (let at = 0, n = 1; at < speech.length; n = n % 300 + 37) {
    const frame = speech.subarray(at, at + n);
    at += n;
    rig.ears.hear(frame, rig.nowMs += frame.length / bytesPerMs(PCMU), -Infinity);
  }
  rig.silence(1000);
  assert(rig.times("started") >= 1 && rig.times("started") === rig.times("stopped"));
});

/** `ms` of hiss at this level, as µ-law. */
function hiss(ms: number, levelDbfs: number, seed = 1): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length: ms * 8 }, () => {
    // Uniform numbers have a third of the power of their peak.
    return pcm16ToMulaw(
      Math.round((random() * 2 - 1) * Math.sqrt(3) * 32768 * 10 ** (levelDbfs / 20)),
    );
  });
}

test("while the agent speaks, the caller is told sooner than the detector would", () => {
  for (const name of ["question_open", "question_hear", "question_order", "stop_wait"] as const) {
    const toldAfter = (echoDbfs: number) => {
      const rig = new Rig({ silenceMs: 500 });
      rig.hear(hiss(1000, -60));
      rig.echoDbfs = echoDbfs;
      const fromMs = rig.nowMs;
      for (const bytes = loadSpeech(name); rig.told.length === 0;) {
        const at = (rig.nowMs - fromMs) * 8;
        rig.hear(bytes.subarray(at, at + 160));
      }
      return rig.nowMs - fromMs - speechFacts(name).startMs;
    };
    const gate = toldAfter(-65), detector = toldAfter(-Infinity);
    assert(gate < detector, `${name}: ${gate} ms at the gate, ${detector} ms by the detector`);
    assert(gate <= 60, `${name}: ${gate} ms`);
  }
});

test("while the agent speaks, a click is not told, and a bang is told and called off by itself", () => {
  const rig = new Rig({ silenceMs: 500 });
  rig.hear(hiss(1000, -60));
  rig.echoDbfs = -65;
  // 2 ms in the middle of a hop: the detector's smoothing lets none of it through.
  const click = hiss(20, -60);
  click.set(hiss(2, -6, 2), 3 * 8);
  rig.hear(click);
  rig.hear(hiss(500, -60));
  assertEquals(rig.told, []);
  // 40 ms are enough for the gate, and too little for the detector: nobody else would end it.
  const bang = hiss(60, -60);
  bang.set(hiss(25, -12, 3), 10 * 8);
  rig.hear(bang);
  rig.hear(hiss(500, -60));
  assertEquals(rig.told, ["started", "paused", "stopped"]);
});

test("noise of the line does not pass the gate, however low the echo", () => {
  for (const levelDbfs of [-60, -48, -40]) {
    const rig = new Rig();
    rig.hear(hiss(1000, levelDbfs));
    rig.echoDbfs = -90;
    rig.hear(hiss(4000, levelDbfs, 5));
    assertEquals(rig.told, [], `${levelDbfs} dBFS`);
  }
});

test("a pause counts from the last voice, also where noise makes the detector wait", () => {
  for (const noiseDbfs of [-65, -46]) {
    const rig = new Rig({ silenceMs: 1500, pauseMs: 160 });
    rig.hear(hiss(1500, noiseDbfs));
    const speech = loadSpeech("mm_hm");
    const noise = hiss(speech.length / 8, noiseDbfs, 3);
    rig.hear(speech.map((byte, i) => pcm16ToMulaw(mulawToPcm16(byte) + mulawToPcm16(noise[i]!))));
    const endMs = rig.nowMs - speech.length / 8 + speechFacts("mm_hm").endMs;
    while (rig.told.at(-1) !== "paused" && rig.nowMs < endMs + 1000) {
      rig.hear(hiss(20, noiseDbfs, 9));
    }
    assert(rig.nowMs - endMs < 230, `${noiseDbfs} dBFS: ${rig.nowMs - endMs} ms`);
  }
});

test("a frame holds only our echo as long as nobody was told and echo is expected to be heard", () => {
  const rig = new Rig({ silenceMs: 500 });
  rig.hear(hiss(1000, -60));
  assertEquals(rig.ears.onlyEcho, false);
  rig.echoDbfs = -40;
  rig.hear(hiss(100, -60));
  assertEquals(rig.ears.onlyEcho, true);
  rig.echoDbfs = -70; // below the line's own noise
  rig.hear(hiss(100, -60));
  assertEquals(rig.ears.onlyEcho, false);
  rig.echoDbfs = -40;
  rig.hear(loadSpeech("question_open").subarray(0, 4800));
  assertEquals([rig.told, rig.ears.onlyEcho], [["started"], false]);
});
