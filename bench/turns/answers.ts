/**
 * Long answers made of the repository's speech: as loud as an agent is, never the same stretch
 * twice, and nowhere digitally silent.
 *
 * @module
 */

import { mulawToPcm16, pcm16ToMulaw } from "../../media/mulaw.ts";
import { loadSpeech, type SpeechName } from "../../tests/speech/speech.ts";
import type { Random } from "../vad/random.ts";

const PARTS: readonly SpeechName[] = ["question_open", "question_hear", "booking_pause"];
/** Far below the speech (−22 dBFS), and above µ-law's smallest step. */
const NOISE = 32768 * 10 ** (-62 / 20);

/** µ-law of about `ms` of fluent speech. */
export function fluentSpeech(ms: number, random: Random, gainDb = 0): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(ms * 8);
  let part = new Uint8Array(0);
  let at = 0, gain = 1;
  for (let i = 0; i < out.length; i++) {
    if (at >= part.length) {
      part = loadSpeech(random.pick(PARTS));
      at = 0;
      // Nobody says a word twice with the same loudness: now its bytes tell which time it was.
      gain = 10 ** ((gainDb + random.between(-1.5, 1.5)) / 20);
    }
    const sample = mulawToPcm16(part[at++]!) * gain + NOISE * random.normal();
    out[i] = pcm16ToMulaw(Math.round(sample));
  }
  return out;
}
