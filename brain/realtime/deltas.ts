/**
 * Pieces of an answer, cut to the size of events.
 *
 * @module
 */

import type { AnswerPiece } from "./answerer.ts";
import { type AudioFormat, bytesPerMs } from "../../media/format.ts";

/** Characters of text or arguments in one delta, about three words. */
const CHARS_PER_DELTA = 16;
/** A piece up to this much longer stays whole: what a resampler holds back comes with its last. */
const SLACK = 1.5;

/** One event's worth of an answer. */
export interface Delta {
  /** Name of the function that is called; undefined for words. */
  readonly call?: string;
  /** The first of its call. */
  readonly first: boolean;
  /** Words or arguments. */
  readonly text: string;
  readonly audio?: Uint8Array;
  /** How long it takes to say, which is when the next may leave at real pace. */
  readonly ms: number;
}

/** @param deltaMs Audio in one delta; text of {@linkcode CHARS_PER_DELTA} takes as long. */
export function deltasOf(
  piece: AnswerPiece,
  modality: "text" | "audio",
  format: AudioFormat,
  deltaMs: number,
): Delta[] {
  if ("call" in piece) {
    const { name, arguments: text } = piece.call;
    return textDeltas(text, deltaMs).map((delta, n) => ({ ...delta, call: name, first: n === 0 }));
  }
  if (modality === "text") return textDeltas(piece.words, deltaMs);
  const { words, audio } = piece;
  if (!audio || audio.length === 0) return [{ first: false, text: words, ms: 0 }];
  const perMs = bytesPerMs(format);
  const deltaBytes = Math.max(1, Math.round(deltaMs)) * perMs;
  if (audio.length <= deltaBytes * SLACK) {
    return [{ first: false, text: words, audio, ms: audio.length / perMs }];
  }
  const deltas: Delta[] = [];
  let said = 0;
  for (let at = 0; at < audio.length; at += deltaBytes) {
    const bytes = audio.subarray(at, at + deltaBytes);
    const upTo = Math.ceil(words.length * Math.min(1, (at + deltaBytes) / audio.length));
    deltas.push({
      first: false,
      text: words.slice(said, upTo),
      audio: bytes,
      ms: bytes.length / perMs,
    });
    said = upTo;
  }
  return deltas;
}

/** At least one, so that an empty text opens its item too. */
function textDeltas(text: string, deltaMs: number): Delta[] {
  const deltas: Delta[] = [];
  for (let at = 0; at === 0 || at < text.length; at += CHARS_PER_DELTA) {
    const piece = text.slice(at, at + CHARS_PER_DELTA);
    deltas.push({ first: false, text: piece, ms: deltaMs * piece.length / CHARS_PER_DELTA });
  }
  return deltas;
}
