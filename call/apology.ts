/**
 * What the caller hears when the brain fails: never silence, and never the reason.
 *
 * `apology.txt` is base64 of µ-law, spoken by espeak-ng: `espeak-ng -v en-us+f3 -s 165 "Sorry,
 * something went wrong on our side. Please call again in a moment."`, brought to 8 kHz and −6 dBFS
 * by sox, and companded by `media/mulaw.ts`.
 *
 * @module
 */

import { encodeBase64 } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs, PCMU, sameFormat } from "../media/format.ts";
import APOLOGY from "./apology.txt" with { type: "text" };
import { Transcoder } from "./transcoder.ts";

/** The apology as base64 in `format`. */
export function apologyIn(format: AudioFormat): string {
  if (sameFormat(format, PCMU)) return APOLOGY;
  const bytes = Uint8Array.fromBase64(APOLOGY);
  const transcoder = new Transcoder(PCMU, format, bytes.length / bytesPerMs(PCMU));
  return encodeBase64(transcoder.convert(bytes));
}
