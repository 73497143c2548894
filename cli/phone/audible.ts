/**
 * Tells sound from silence in µ-law bytes without decoding them: with the sign bit gone and the
 * bits inverted, a µ-law byte grows with the loudness of its sample.
 *
 * @module
 */

/** What counts as sound: a sample from about -40 dBFS up (code 0x1e stands for 356 of 32768). */
const LOUD_CODE = 0x1e;
/** 10 ms: short enough to place an onset, long enough that one click is not speech. */
export const BLOCK_BYTES = 80;
/** One sample in twenty over the line makes a block sound. Line noise at -50 dBFS stays below. */
const LOUD_SHARE = 20;

function isLoud(byte: number): boolean {
  return (~byte & 0x7f) >= LOUD_CODE;
}

/** Judged over the whole block whatever part of it is asked for, so that all questions agree. */
function blockSounds(bytes: Uint8Array, start: number, end: number): boolean {
  let loud = 0;
  for (let i = start; i < end; i++) if (isLoud(bytes[i]!)) loud++;
  return loud > 0 && loud * LOUD_SHARE >= end - start;
}

/**
 * Where sound begins in `bytes`, in blocks of 10 ms counted from the start.
 *
 * @param from First byte that may be the answer.
 * @returns Index of the first loud sample in a block that sounds, -1 when all is silence.
 */
export function firstAudible(bytes: Uint8Array, from = 0): number {
  for (let start = from - from % BLOCK_BYTES; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES);
    if (!blockSounds(bytes, start, end)) continue;
    for (let i = Math.max(from, start); i < end; i++) if (isLoud(bytes[i]!)) return i;
  }
  return -1;
}

/**
 * Where sound ends in `bytes`, by the same blocks.
 *
 * @returns Index behind the last loud sample of the last block that sounds, 0 when all is silence.
 */
export function lastAudible(bytes: Uint8Array): number {
  for (let end = bytes.length; end > 0;) {
    const start = end - 1 - (end - 1) % BLOCK_BYTES;
    if (blockSounds(bytes, start, end)) {
      for (let i = end - 1; i >= start; i--) if (isLoud(bytes[i]!)) return i + 1;
    }
    end = start;
  }
  return 0;
}
