import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BrainLink } from "../brain/brain.ts";
import { type AudioFormat, bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { Transcoder } from "./transcoder.ts";
import { Uplink, UPLINK_DEFAULTS, type UplinkSettings } from "./uplink.ts";

fc.configureGlobal({ seed: 20 });

const PCM_48K: AudioFormat = { encoding: "pcm16", sampleRateHz: 48000 };
const PCM_8K: AudioFormat = { encoding: "pcm16", sampleRateHz: 8000 };

/** A link that keeps what it takes. */
class FakeLink implements BrainLink {
  readonly sent: string[] = [];
  buffered = 0;
  takes = true;

  send(text: string): boolean {
    if (this.takes) this.sent.push(text);
    return this.takes;
  }
  bufferedBytes(): number {
    return this.buffered;
  }
  close(): void {}

  /** The audio of all appends, each checked to be one. */
  get audio(): Uint8Array[] {
    return this.sent.map((text) => {
      const { type, audio } = JSON.parse(text);
      assertEquals(type, "input_audio_buffer.append");
      return Uint8Array.fromBase64(audio);
    });
  }
}

class Rig {
  readonly link = new FakeLink();
  readonly uplink: Uplink;
  dropped = 0;

  constructor(
    readonly format: AudioFormat = PCMU,
    open = true,
    settings: Partial<UplinkSettings> = {},
  ) {
    this.uplink = new Uplink(this.link, format, open, () => this.dropped++, settings);
  }

  /** 20 ms whose bytes are all `n`. */
  push(n: number, asBase64 = this.format.encoding !== "pcm16"): void {
    const bytes = new Uint8Array(20 * bytesPerMs(this.format)).fill(n);
    this.uplink.push(bytes, asBase64 ? bytes.toBase64() : null);
  }

  pushAll(from: number, to: number): void {
    for (let n = from; n <= to; n++) this.push(n);
  }

  /** The numbers of the frames that were sent. */
  get numbers(): number[] {
    return this.link.audio.map((bytes) => bytes[0]!);
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

test("between equal formats the text from the wire goes on untouched, frame by frame", () => {
  const rig = new Rig();
  rig.uplink.start(PCMU);
  rig.uplink.push(new Uint8Array([1, 2, 3]), "AQID");
  // The bytes are not looked at: the text is what counts.
  rig.uplink.push(new Uint8Array(160), "f39/");
  assertEquals(rig.link.sent, [
    '{"type":"input_audio_buffer.append","audio":"AQID"}',
    '{"type":"input_audio_buffer.append","audio":"f39/"}',
  ]);
});

test("bytes without a text are encoded, between equal formats too", () => {
  const rig = new Rig(PCM_24K);
  rig.uplink.start(PCM_24K);
  rig.push(7);
  assertEquals(rig.link.audio, [new Uint8Array(960).fill(7)]);
});

test("what the caller said before the session stood goes first, in order", () => {
  const rig = new Rig();
  rig.pushAll(1, 50);
  assertEquals(rig.link.sent, []);
  rig.uplink.start(PCMU);
  rig.pushAll(51, 60);
  assertEquals(rig.numbers, range(1, 60));
  assertEquals(rig.dropped, 0);
});

test("of early frames at most maxEarlyFrames are kept, and the oldest are lost first", () => {
  const rig = new Rig(PCMU, true, { maxEarlyFrames: 10 });
  rig.pushAll(1, 25);
  assertEquals(rig.dropped, 15);
  rig.uplink.start(PCMU);
  assertEquals(rig.numbers, range(16, 25));
});

test("early frames are not taken for a brain that reads slowly, however many there are", () => {
  const rig = new Rig();
  const send = rig.link.send.bind(rig.link);
  // As a TLS socket does, which takes nothing before the present task is over.
  rig.link.send = (text) => {
    rig.link.buffered += text.length;
    return send(text);
  };
  rig.pushAll(1, 250);
  for (let i = 0; i < 250; i++) rig.push(i % 256);
  rig.uplink.start(PCMU);
  assertEquals([rig.link.sent.length, rig.dropped], [500, 0]);
});

test("early frames and later ones go through one converter: no seam, no loss", () => {
  const rig = new Rig(PCM_48K);
  const frames = range(1, 10).map((n) => new Uint8Array(1920).map((_, i) => (i * n * 7) & 0x3f));
  for (const frame of frames.slice(0, 5)) rig.uplink.push(frame, null);
  rig.uplink.start(PCM_24K);
  for (const frame of frames.slice(5)) rig.uplink.push(frame, null);
  const transcoder = new Transcoder(PCM_48K, PCM_24K, 20);
  assertEquals(rig.link.audio, frames.map((frame) => transcoder.convert(frame).slice()));
});

test("a frame of 2 s passes, converted too", () => {
  const rig = new Rig(PCMU);
  rig.uplink.start(PCM_24K);
  const bytes = new Uint8Array(16_000);
  rig.uplink.push(bytes, bytes.toBase64());
  assert(rig.link.audio[0]!.length > 95_000);
});

test("with local turns nothing is sent until the caller speaks, and then the pre-roll goes first", () => {
  const rig = new Rig(PCMU, false);
  rig.uplink.start(PCMU);
  rig.pushAll(1, 100);
  assertEquals(rig.link.sent, []);
  rig.uplink.open();
  rig.uplink.open();
  rig.pushAll(101, 110);
  // 300 ms are 15 frames.
  assertEquals(rig.numbers, range(86, 110));
  rig.uplink.close();
  rig.pushAll(111, 150);
  rig.uplink.open();
  assertEquals(rig.numbers, [...range(86, 110), ...range(136, 150)]);
  assertEquals(rig.dropped, 0);
});

test("the pre-roll lasts preRollMs whatever the formats are", () => {
  for (
    const [from, to] of [[PCM_8K, PCM_24K], [PCM_48K, PCM_24K], [PCM_48K, PCMU], [
      PCMU,
      PCMA,
    ]] as const
  ) {
    const rig = new Rig(from, false);
    rig.uplink.start(to);
    rig.pushAll(1, 100);
    rig.uplink.open();
    const bytes = rig.link.audio.reduce((sum, piece) => sum + piece.length, 0);
    const ms = bytes / bytesPerMs(to);
    const name = `${from.encoding} ${from.sampleRateHz} to ${to.encoding} ${to.sampleRateHz}`;
    assert(
      ms > UPLINK_DEFAULTS.preRollMs - 21 && ms <= UPLINK_DEFAULTS.preRollMs,
      `${name}: ${ms} ms`,
    );
  }
});

test("a caller who speaks before the session stands is heard when it does, in its format", () => {
  const rig = new Rig(PCM_48K, false);
  rig.pushAll(1, 3);
  rig.uplink.open();
  assertEquals(rig.link.sent, []);
  rig.push(4);
  rig.uplink.start(PCM_24K);
  rig.push(5);
  assertEquals(rig.link.sent.length, 5);
  const bytes = rig.link.audio.reduce((sum, piece) => sum + piece.length, 0);
  // 100 ms at 24 kHz, less the filter's delay.
  assert(bytes > 4500 && bytes <= 4800, `${bytes} bytes`);
});

test("for a brain that reads slowly five frames wait, and the oldest is dropped and counted", () => {
  const rig = new Rig();
  rig.uplink.start(PCMU);
  rig.push(1);
  rig.link.buffered = UPLINK_DEFAULTS.slowBytes + 1;
  rig.pushAll(2, 10);
  assertEquals([rig.numbers, rig.dropped], [[1], 4]);
  rig.link.buffered = 0;
  rig.push(11);
  assertEquals(rig.numbers, [1, ...range(6, 11)]);
});

test("a frame that the link doesn't take is counted", () => {
  const rig = new Rig();
  rig.uplink.start(PCMU);
  rig.link.takes = false;
  rig.pushAll(1, 3);
  assertEquals(rig.dropped, 3);
});

test("in any order of events frames are sent in order, none twice, and none that is dropped", () => {
  const event = fc.constantFrom("push", "push", "push", "open", "close", "slow", "quick", "start");
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 10, maxLength: 120 }),
      fc.boolean(),
      (events, open) => {
        const rig = new Rig(PCMU, open, { maxEarlyFrames: 8, maxSlowFrames: 3, preRollMs: 60 });
        let pushed = 0;
        let started = false;
        for (const name of events) {
          if (name === "push") rig.push(++pushed);
          else if (name === "open") rig.uplink.open();
          else if (name === "close") rig.uplink.close();
          else if (name === "start" && !started) {
            started = true;
            rig.uplink.start(PCMU);
          } else rig.link.buffered = name === "slow" ? 1e6 : 0;
          if (!started) assertEquals(rig.link.sent, []);
        }
        const { numbers } = rig;
        for (let i = 1; i < numbers.length; i++) {
          assert(
            numbers[i]! > numbers[i - 1]!,
            `${numbers}`,
          );
        }
        assert(numbers.length + rig.dropped <= pushed);
      },
    ),
    { numRuns: 300 },
  );
});

test("with local turns, what is said before the session stands is all kept, and sent though it is over", () => {
  const rig = new Rig(PCMU, false);
  rig.pushAll(1, 40); // 800 ms of nobody: only the pre-roll stays
  rig.uplink.open();
  rig.pushAll(41, 140); // two seconds
  rig.uplink.close();
  rig.pushAll(141, 150);
  rig.uplink.start(PCMU);
  const sent = rig.link.audio.map((bytes) => bytes[0]);
  assertEquals(sent, Array.from({ length: 150 - 25 }, (_, i) => i + 26));
  rig.pushAll(151, 152);
  assertEquals(rig.link.sent.length, sent.length, "the caller is silent again");
});

test("muted, the brain gets silence of the same length, and its clock goes on", () => {
  const rig = new Rig();
  rig.uplink.start(PCMU);
  rig.push(7);
  rig.uplink.mute(true);
  rig.push(8);
  rig.uplink.mute(false);
  rig.push(9);
  assertEquals(rig.link.audio.map((bytes) => [bytes[0], bytes.length]), [
    [7, 160],
    [0xff, 160],
    [9, 160],
  ]);
  assertEquals(rig.uplink.sentMs, 60);
});
