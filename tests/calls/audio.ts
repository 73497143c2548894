/**
 * Finding speech in what a phone heard.
 *
 * @module
 */

import { mulawToPcm16 } from "../../media/mulaw.ts";

/**
 * Where `needle`'s loud middle stands in `haystack`, byte for byte, or -1. µ-law passes through
 * earshot untouched, so an echo holds the very bytes that were said.
 */
export function findSpeech(haystack: Uint8Array, needle: Uint8Array): number {
  const from = Math.floor(needle.length * 0.3), to = Math.floor(needle.length * 0.6);
  const middle = needle.subarray(from, to);
  outer: for (let at = 0; at + middle.length <= haystack.length; at++) {
    for (let i = 0; i < middle.length; i++) {
      if (haystack[at + i] !== middle[i]) continue outer;
    }
    return at - from;
  }
  return -1;
}

/** A steady tone as µ-law, a sound that no test mistakes for another. */
export function tone(ms: number, hz: number, encode: (sample: number) => number): Uint8Array {
  const out = new Uint8Array(ms * 8);
  for (let i = 0; i < out.length; i++) {
    out[i] = encode(Math.round(8000 * Math.sin(2 * Math.PI * hz * i / 8000)));
  }
  return out;
}

/** The loudest sample of µ-law audio. */
export function peak(ulaw: Uint8Array): number {
  let loudest = 0;
  for (const byte of ulaw) loudest = Math.max(loudest, Math.abs(mulawToPcm16(byte)));
  return loudest;
}
