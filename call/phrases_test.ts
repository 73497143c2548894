import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import { encodeBase64 } from "../media/base64.ts";
import { bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { decodeInto } from "../media/codec.ts";
import { levelDbfsOfPcm16 } from "../media/level.ts";
import { phraseIn, type PhraseName, PHRASES } from "./phrases.ts";
import { Transcoder } from "./transcoder.ts";

const FORMATS = [PCMU, PCMA, PCM_24K];

/** How long each may take: what a caller hears, in ms. */
const LENGTHS_MS: Record<PhraseName, [min: number, max: number]> = {
  apology: [3500, 5500],
  one_moment: [900, 2000],
  say_again: [2500, 4500],
};

test("there is a phrase for each name", () => {
  assertEquals(Object.keys(PHRASES).sort(), Object.keys(LENGTHS_MS).sort());
});

for (const name of Object.keys(PHRASES) as PhraseName[]) {
  test(`${name}: canonical base64 in every format, that can be forwarded as it is`, () => {
    for (const format of FORMATS) {
      const text = phraseIn(name, format);
      assertEquals(encodeBase64(Uint8Array.fromBase64(text)), text);
    }
  });

  test(`${name}: of one length and level in every format, never clipped, silent at its end`, () => {
    const [minMs, maxMs] = LENGTHS_MS[name];
    const wholeMs = Uint8Array.fromBase64(phraseIn(name, PCMU)).length / bytesPerMs(PCMU);
    assert(wholeMs > minMs && wholeMs < maxMs, `${wholeMs} ms`);
    for (const format of FORMATS) {
      const bytes = Uint8Array.fromBase64(phraseIn(name, format));
      const ms = bytes.length / bytesPerMs(format);
      assert(Math.abs(ms - wholeMs) < 10, `${ms} ms as ${format.encoding}, ${wholeMs} as pcmu`);
      const samples = new Int16Array(bytes.length);
      const pcm = samples.subarray(0, decodeInto(format, bytes, samples));
      // All in one voice: what differs in level sounds like another speaker.
      const levelDbfs = levelDbfsOfPcm16(pcm);
      assert(levelDbfs > -25 && levelDbfs < -21, `${levelDbfs} dBFS as ${format.encoding}`);
      let loudest = 0;
      for (const sample of pcm) loudest = Math.max(loudest, Math.abs(sample));
      assert(loudest > 14_000 && loudest < 20_000, `${loudest} as ${format.encoding}`);
      const tail = pcm.subarray(-format.sampleRateHz * 40 / 1000);
      const tailDbfs = levelDbfsOfPcm16(tail);
      assert(tailDbfs < -60, `the last 40 ms have ${tailDbfs} dBFS as ${format.encoding}`);
    }
  });
}

test("a phrase is converted once for each format, and not at all as µ-law", () => {
  const { convert } = Transcoder.prototype;
  let converted = 0;
  Transcoder.prototype.convert = function (bytes) {
    converted++;
    return convert.call(this, bytes);
  };
  try {
    // Formats that no other test asks for.
    for (let i = 0; i < 3; i++) {
      for (const sampleRateHz of [16000, 48000] as const) {
        phraseIn("apology", { encoding: "pcm16", sampleRateHz });
      }
      phraseIn("apology", { ...PCMU });
    }
    assertEquals(converted, 2);
  } finally {
    Transcoder.prototype.convert = convert;
  }
});
