import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { findSpeech } from "../../cli/latency/measure_speech.ts";
import { loadSpeech, SPEECH_NAMES, speechFacts } from "./speech.ts";

/** G.711 µ-law to linear by the formula of the standard, apart from `media/` on purpose. */
function expand(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const code = ~byte & 0xff;
    const magnitude = (((code & 0x0f) * 2 + 33) << ((code >> 4) & 7)) * 4 - 132;
    return code & 0x80 ? -magnitude : magnitude;
  });
}

describe("speech fixtures", () => {
  for (const name of SPEECH_NAMES) {
    it(`${name}: the stored edges agree with the stored bytes within 5 ms`, () => {
      const facts = speechFacts(name);
      const found = findSpeech(expand(loadSpeech(name)), 8000);
      assertAlmostEquals(found.startMs, facts.startMs, 5);
      assertAlmostEquals(found.endMs, facts.endMs, 5);
      assertEquals(found.pauses.length, facts.pauses.length);
    });

    it(`${name}: whole 20 ms frames that begin and end in µ-law silence`, () => {
      const bytes = loadSpeech(name);
      assertEquals(bytes.length % 160, 0);
      assertEquals(bytes.length, speechFacts(name).durationMs * 8);
      assertEquals([...bytes.subarray(0, 160)].filter((byte) => (byte | 0x80) !== 0xff), []);
      assertEquals(bytes[bytes.length - 1], 0xff);
    });
  }

  it("booking_pause: pauses once, longer than any end-of-turn silence in use", () => {
    const [pause] = speechFacts("booking_pause").pauses;
    assert(pause !== undefined && pause.endMs - pause.startMs >= 700);
  });
});
