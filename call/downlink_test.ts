import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Leg } from "../legs/leg.ts";
import { type AudioFormat, bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { Downlink } from "./downlink.ts";
import { Transcoder } from "./transcoder.ts";

fc.configureGlobal({ seed: 20 });

const PCM_48K: AudioFormat = { encoding: "pcm16", sampleRateHz: 48000 };
const MAX_PIECE_MS = 240;

/** A leg that keeps what it is to play. */
class FakeLeg implements Leg {
  readonly texts: string[] = [];
  readonly pieces: Uint8Array[] = [];
  clears = 0;
  readonly brainFormat = PCM_24K;
  readonly hasScreen = false;
  readonly wire: "base64" | "bytes";
  constructor(readonly kind: "twilio" | "browser", readonly format: AudioFormat) {
    this.wire = kind === "twilio" ? "base64" : "bytes";
  }

  playBase64(payload: string): void {
    this.texts.push(payload);
  }
  playBytes(bytes: Uint8Array): void {
    this.pieces.push(bytes.slice());
  }
  clear(): void {
    this.clears++;
  }
  mark(): void {}
  tell(): void {}
  cork(write: () => void): void {
    write();
  }
  end(): void {}

  get heard(): Uint8Array {
    return join(this.pieces);
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Samples that differ from one another, of a given length. */
function sound(format: AudioFormat, ms: number): Uint8Array {
  return new Uint8Array(ms * bytesPerMs(format)).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
}

test("what a phone and its brain both speak is forwarded as the text it came in", () => {
  const leg = new FakeLeg("twilio", PCMU);
  const downlink = new Downlink(leg, PCMU, MAX_PIECE_MS);
  downlink.send("f39/");
  assertEquals([leg.texts, leg.pieces], [["f39/"], []]);
});

test("a browser that speaks the brain's format gets its bytes untouched", () => {
  const leg = new FakeLeg("browser", PCM_24K);
  const bytes = sound(PCM_24K, 240);
  new Downlink(leg, PCM_24K, MAX_PIECE_MS).send(bytes.toBase64());
  assertEquals([leg.texts, leg.pieces], [[], [bytes]]);
});

test("another format is converted, in the longest piece too", () => {
  for (
    const [brain, kind, format] of [
      [PCM_24K, "twilio", PCMU],
      [PCMA, "twilio", PCMU],
      [PCMU, "browser", PCM_48K],
      [PCM_24K, "browser", PCM_48K],
    ] as const
  ) {
    const leg = new FakeLeg(kind, format);
    const downlink = new Downlink(leg, brain, MAX_PIECE_MS);
    const transcoder = new Transcoder(brain, format, MAX_PIECE_MS);
    const wanted: Uint8Array[] = [];
    for (const ms of [240, 20, 100]) {
      const bytes = sound(brain, ms);
      downlink.send(bytes.toBase64());
      wanted.push(transcoder.convert(bytes).slice());
    }
    assertEquals(leg.pieces, wanted);
    assertEquals(leg.texts, []);
  }
});

test("what isn't base64, is empty or too long is not played", () => {
  for (const brain of [PCM_24K, PCMA]) {
    const leg = new FakeLeg("twilio", PCMU);
    const downlink = new Downlink(leg, brain, MAX_PIECE_MS);
    for (const payload of ["", "A", "AAA", "!!!!", "AA AA", "A".repeat(400_000)]) {
      downlink.send(payload);
    }
    assertEquals([leg.texts, leg.pieces], [[], []]);
  }
});

test("a brain may cut its PCM in the middle of a sample", () => {
  // Reported of speech services; one byte lost would turn all that follows into noise.
  const cuts = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 30 });
  for (const [kind, format] of [["browser", PCM_24K], ["twilio", PCMU]] as const) {
    fc.assert(
      fc.property(cuts, (lengths) => {
        const leg = new FakeLeg(kind, format);
        const downlink = new Downlink(leg, PCM_24K, MAX_PIECE_MS);
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const bytes = sound(PCM_24K, Math.ceil(total / 48)).subarray(0, total);
        let at = 0;
        for (const length of lengths) {
          downlink.send(bytes.subarray(at, at + length).toBase64());
          at += length;
        }
        const whole = bytes.subarray(0, total & ~1);
        const transcoder = new Transcoder(PCM_24K, format, Math.ceil(total / 48));
        assertEquals(leg.heard, format === PCM_24K ? whole : transcoder.convert(whole).slice());
        assert(leg.pieces.every((piece) => piece.length > 0));
      }),
      { numRuns: 50 },
    );
  }
});

test("clear clears the leg, and what comes next has no seam with what was", () => {
  const leg = new FakeLeg("twilio", PCMU);
  const downlink = new Downlink(leg, PCM_24K, MAX_PIECE_MS);
  downlink.send(sound(PCM_24K, 100).subarray(0, 4799).toBase64());
  downlink.clear();
  assertEquals(leg.clears, 1);
  leg.pieces.length = 0;
  downlink.send(sound(PCM_24K, 20).toBase64());
  const fresh = new Transcoder(PCM_24K, PCMU, 20);
  assertEquals(leg.heard, fresh.convert(sound(PCM_24K, 20)).slice());
});
