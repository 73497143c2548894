/**
 * What the callers of a latency test say, with where the speech begins and ends in each clip.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { decodeMulawInto } from "../../media/mulaw.ts";
import { findSpeech } from "./measure_speech.ts";
import questionHear from "./speech/question_hear.txt" with { type: "text" };
import questionOpen from "./speech/question_open.txt" with { type: "text" };
import questionOrder from "./speech/question_order.txt" with { type: "text" };
import stopWait from "./speech/stop_wait.txt" with { type: "text" };
import { wavToMulaw } from "./wav.ts";

/** µ-law at 8000 Hz; times in ms from the start of the clip. */
export interface Clip {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly startMs: number;
  readonly endMs: number;
}

/** The longest clip that makes sense as a turn. */
const MAX_CLIP_MS = 60_000;

/** The clips of a test. */
export interface Clips {
  readonly questions: readonly Clip[];
  /** Said to interrupt. */
  readonly interruption: Clip;
}

/**
 * The built-in questions, or the file that was asked for.
 *
 * @throws {Error} If the file cannot be read or used; the message names it.
 */
export function loadClips(path: string | undefined): Clips {
  const interruption = measure(decode(stopWait));
  if (path === undefined) {
    const questions = [questionOpen, questionHear, questionOrder].map((text) =>
      measure(decode(text))
    );
    return { questions, interruption };
  }
  try {
    const bytes = wavToMulaw(readFileSync(path));
    if (bytes.length / 8 > MAX_CLIP_MS) {
      throw new RangeError(`${Math.round(bytes.length / 8000)} s long, wanted at most 60 s`);
    }
    return { questions: [measure(bytes)], interruption };
  } catch (error) {
    throw new Error(`--speech ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(base64.trim());
}

function measure(bytes: Uint8Array<ArrayBuffer>): Clip {
  const pcm = new Int16Array(bytes.length);
  decodeMulawInto(bytes, pcm);
  const { startMs, endMs } = findSpeech(pcm, 8000);
  return { bytes, startMs, endMs };
}
