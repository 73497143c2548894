/**
 * What we say ourselves, in place of a brain that can't: never silence, and never the reason.
 *
 * The files are base64 of µ-law at 8 kHz, peak −6 dBFS, made with espeak-ng 1.51 and sox 14.4.2:
 *
 * ```sh
 * say() {
 *   espeak-ng -v en-us+f3 -s 165 -w said.wav "$2"
 *   sox -D said.wav -t ul -c 1 -r 8000 said.ul rate -v 8000 silence 1 0.005 0.5% reverse \
 *     silence 1 0.005 0.5% reverse gain -n -6 pad 0.02 0.08
 *   base64 -w 0 said.ul > "call/phrases/$1.txt"
 * }
 * say apology "Sorry, something went wrong on our side. Please call again in a moment."
 * say one_moment "One moment, please."
 * say say_again "Sorry, I didn't get that. Could you say it again?"
 * ```
 *
 * @module
 */

import { encodeBase64 } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs, PCMU, sameFormat } from "../media/format.ts";
import apology from "./phrases/apology.txt" with { type: "text" };
import oneMoment from "./phrases/one_moment.txt" with { type: "text" };
import sayAgain from "./phrases/say_again.txt" with { type: "text" };
import { Transcoder } from "./transcoder.ts";

export const PHRASES = { apology, one_moment: oneMoment, say_again: sayAgain };

export type PhraseName = keyof typeof PHRASES;

/** What has been converted: as many as there are phrases and formats, so it needs no bound. */
const converted = new Map<string, string>();

/** The phrase as base64 in `format`. */
export function phraseIn(name: PhraseName, format: AudioFormat): string {
  if (sameFormat(format, PCMU)) return PHRASES[name];
  const key = `${name} ${format.encoding} ${format.sampleRateHz}`;
  let payload = converted.get(key);
  if (payload === undefined) {
    const bytes = Uint8Array.fromBase64(PHRASES[name]);
    const transcoder = new Transcoder(PCMU, format, bytes.length / bytesPerMs(PCMU));
    payload = encodeBase64(transcoder.convert(bytes));
    converted.set(key, payload);
  }
  return payload;
}
