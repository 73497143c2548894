import test from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { type AudioFormat, bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { mulawToPcm16, pcm16ToMulaw } from "../media/mulaw.ts";
import { seeded } from "../tests/random.ts";
import { loadSpeech } from "../tests/speech/speech.ts";
import { Vad } from "../vad/vad.ts";
import { EchoGuard } from "./echo_guard.ts";
import { Transcoder } from "./transcoder.ts";

/** Eight seconds of an agent who talks without a rest, and some noise of the line. */
const AGENT = ["question_open", "booking_pause", "question_hear"] as const;
const agent = Uint8Array.from(AGENT.flatMap((name) => [...loadSpeech(name)]));

interface Line {
  readonly lossDb: number;
  readonly delayMs: number;
  readonly noiseDbfs?: number;
}

/** A line that plays the agent and hears what comes back, a frame at a time. */
class Rig {
  readonly guard: EchoGuard;
  readonly #line: Line;
  readonly #vad = new Vad({ sampleRateHz: 8000 }, () => {});
  readonly #pcm = new Int16Array(160);
  readonly #next = seeded(7);
  nowMs = 60_000;
  #frame = 0;
  heardDbfs = -Infinity;
  expectedDbfs = -Infinity;

  constructor(line: Line, format: AudioFormat = PCMU) {
    this.#line = line;
    this.guard = new EchoGuard(format, 240);
    // Playback runs ahead of the ear: the whole answer is known before it is heard.
    const transcoder = new Transcoder(PCMU, format, 240);
    for (let at = 0; at < agent.length; at += 1920) {
      const bytes = agent.subarray(at, at + 1920);
      const sent = transcoder.idle ? bytes : transcoder.convert(bytes);
      this.guard.playing(new Uint8Array(sent).toBase64(), this.nowMs + at / 8);
      if (at / 8 > 4000) break; // it remembers five seconds
    }
  }

  /** Plays on; told what happens in each frame. */
  play(ms: number, each: () => void = () => {}): void {
    const { lossDb, delayMs, noiseDbfs = -60 } = this.#line;
    const gain = 10 ** (-lossDb / 20), noise = 32768 * 10 ** (noiseDbfs / 20);
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      for (let i = 0; i < 160; i++) {
        const at = this.#frame * 160 + i - delayMs * 8;
        const echo = at >= 0 && at < agent.length ? gain * mulawToPcm16(agent[at]!) : 0;
        // Twelve of these make noise that is nearly normal; three do for a line.
        const random = this.#random() + this.#random() + this.#random();
        this.#pcm[i] = mulawToPcm16(pcm16ToMulaw(Math.round(echo + noise * 2 * random)));
      }
      this.nowMs += 20;
      this.#frame++;
      this.#vad.push(this.#pcm);
      this.heardDbfs = this.#vad.levelDbfs;
      this.expectedDbfs = this.guard.expectedDbfs(this.nowMs);
      each();
      this.guard.learn(this.heardDbfs, this.nowMs);
    }
  }

  /** Uniform between −1 and 1. */
  #random(): number {
    return this.#next() * 2 - 1;
  }
}

test("as long as nothing of ours is on the line, no echo is expected", () => {
  const guard = new EchoGuard(PCMU, 240);
  assertEquals(guard.expectedDbfs(1000), -Infinity);
  guard.playing(agent.subarray(4000, 4160).toBase64(), 5000);
  assertEquals(guard.expectedDbfs(1000), -Infinity);
  assertGreater(guard.expectedDbfs(5100), -60);
  assertEquals(guard.expectedDbfs(7000), -Infinity);
});

test("loss and delay of an echo are found within a second and a half of speech", () => {
  for (const [lossDb, delayMs] of [[12, 80], [16, 200], [20, 140], [20, 300]] as const) {
    const rig = new Rig({ lossDb, delayMs });
    rig.play(1500);
    const { guard } = rig;
    const told = `${lossDb} dB, ${delayMs} ms: found ${guard.lossDb} dB, ${guard.delayMs} ms`;
    assert(Math.abs(guard.lossDb - lossDb) < 4, told);
    assert(Math.abs(guard.delayMs - delayMs) <= 40, told);
  }
});

test("of an echo that hardly stands out of the noise, the loss is found", () => {
  const rig = new Rig({ lossDb: 30, delayMs: 200 });
  rig.play(1500);
  assert(Math.abs(rig.guard.lossDb - 30) < 4, `${rig.guard.lossDb} dB`);
});

test("a known echo hardly ever stands above what is expected, and never for 60 ms", () => {
  for (const lossDb of [12, 20]) {
    const rig = new Rig({ lossDb, delayMs: 120 });
    rig.play(1500);
    let run = 0, longest = 0;
    rig.play(2500, () => {
      run = rig.heardDbfs > rig.expectedDbfs + 4 && rig.heardDbfs > -56 ? run + 1 : 0;
      longest = Math.max(longest, run);
    });
    assertLess(longest, 3, `${lossDb} dB`);
  }
});

test("between our words little is expected, so a quiet caller is heard there", () => {
  const rig = new Rig({ lossDb: 12, delayMs: 120 });
  rig.play(1500);
  const expected: number[] = [];
  rig.play(2500, () => expected.push(rig.expectedDbfs));
  expected.sort((a, b) => a - b);
  const quiet = expected[Math.floor(expected.length * 0.3)]!, loud = expected.at(-1)!;
  assertGreater(loud - quiet, 12);
});

test("a line without echo is found to have none", () => {
  const rig = new Rig({ lossDb: 100, delayMs: 100 });
  rig.play(2500);
  assertGreater(rig.guard.lossDb, 30);
  assertEquals(rig.guard.delayMs, NaN);
  assertLess(rig.expectedDbfs, -45);
});

test("an unknown line is taken for a bad one: nothing passes that echo could be", () => {
  const rig = new Rig({ lossDb: 12, delayMs: 140 });
  rig.play(1000, () => {
    assert(rig.heardDbfs < -56 || rig.heardDbfs < rig.expectedDbfs + 4, `${rig.nowMs}`);
  });
});

test("an echo that goes away is forgotten", () => {
  const rig = new Rig({ lossDb: 14, delayMs: 100 });
  rig.play(1500);
  assertLess(rig.guard.lossDb, 18);
  // From now on the line returns nothing: only its noise is heard.
  for (let i = 0; i < 120; i++) {
    rig.nowMs += 20;
    rig.guard.expectedDbfs(rig.nowMs);
    rig.guard.learn(-60, rig.nowMs);
  }
  assertGreater(rig.guard.lossDb, 25);
});

test("what was cleared comes back no more; what was heard before still may", () => {
  const guard = new EchoGuard(PCMU, 240);
  guard.playing(agent.subarray(4000, 5920).toBase64(), 1000);
  guard.cleared(1100);
  assertGreater(guard.expectedDbfs(1100), -Infinity);
  assertGreater(guard.expectedDbfs(1500), -Infinity);
  assertEquals(guard.expectedDbfs(1700), -Infinity);
});

test("every format of a brain is weighed alike", () => {
  const wanted = new Rig({ lossDb: 20, delayMs: 140 });
  wanted.play(1500);
  for (const format of [PCMA, PCM_24K]) {
    const rig = new Rig({ lossDb: 20, delayMs: 140 }, format);
    rig.play(1500);
    assert(Math.abs(rig.guard.lossDb - wanted.guard.lossDb) < 2, format.encoding);
    assertEquals(rig.guard.delayMs, wanted.guard.delayMs);
  }
});

test("what is not base64 is refused, and changes nothing", () => {
  const guard = new EchoGuard(PCMU, 240);
  assertEquals(guard.playing("no base64!", 1000), false);
  assertEquals(guard.playing(new Uint8Array(20 * bytesPerMs(PCMU)).toBase64(), 1000), true);
});

test("a line that carries nothing at all teaches nothing: a muted phone still has its echo", () => {
  const rig = new Rig({ lossDb: 14, delayMs: 100 });
  rig.play(2000);
  const { lossDb, delayMs } = rig.guard;
  for (let ms = 0; ms < 1500; ms += 20) rig.guard.learn(-96, rig.nowMs + ms);
  assertEquals([rig.guard.lossDb, rig.guard.delayMs], [lossDb, delayMs]);
});
