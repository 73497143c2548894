/**
 * The speech that tests and benches say into the phone: names, µ-law bytes, and where the speech
 * truly begins and ends in each file.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import table from "./speech.json" with { type: "json" };

/** The fixtures of this folder. */
export type SpeechName = keyof typeof table;

/** One fixture as `make.ts` measured it; times in ms from the start of the file. */
export interface SpeechFacts {
  /** espeak-ng's voice, or `none` for a sound that no voice made. */
  readonly voice: string;
  readonly text: string;
  readonly durationMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly pauses: readonly { readonly startMs: number; readonly endMs: number }[];
}

/** All names, in the order of `speech.json`. */
export const SPEECH_NAMES = Object.keys(table) as SpeechName[];

/** What is known of a fixture. */
export function speechFacts(name: SpeechName): SpeechFacts {
  return table[name];
}

/**
 * A fixture as µ-law at 8000 Hz: whole 20 ms frames, 8 bytes a millisecond. Every call returns a
 * fresh array, so a caller may change it.
 */
export function loadSpeech(name: SpeechName): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`./${name}.ulaw`, import.meta.url)));
}
