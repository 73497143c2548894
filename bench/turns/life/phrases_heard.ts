/**
 * Phrases of the server's own ("One moment, please.") in what a phone heard: the brain's sound
 * carries stamps, theirs does not, so it is sound without stamps over some length.
 *
 * @module
 */

import type { Stamp } from "../stamps.ts";

export interface PhraseHeard {
  readonly fromMs: number;
  readonly toMs: number;
}

const BYTES_PER_MS = 8;
const BLOCK_BYTES = 80;
/** A sample that can be heard, as `LifeCaller` hears it. */
const LOUD_CODE = 0x1e;
/** One sample in so many is looked at, and so many of a block's are loud when it sounds. */
const EVERY_BYTES = 4, LOUD_SAMPLES = 2;
/** Sound this close to a stamp belongs to it: cuts may cost a stamp or two. */
const STAMPED_BYTES = 4 * BLOCK_BYTES;
/** A pause between two words of one phrase. */
const PAUSE_MS = 250;
/** Whoever heard less has understood nothing. */
const PHRASE_MS = 500;

function sounds(bytes: Uint8Array, from: number, end: number): boolean {
  let loud = 0;
  for (let at = from; at < end; at += EVERY_BYTES) if ((~bytes[at]! & 0x7f) >= LOUD_CODE) loud++;
  return loud >= LOUD_SAMPLES;
}

/** @param stamps All that stand in `bytes`, in order. */
export function phrasesIn(
  bytes: Uint8Array,
  stamps: readonly Pick<Stamp, "at">[],
): PhraseHeard[] {
  const phrases: { fromMs: number; toMs: number }[] = [];
  let next = 0;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    while (next < stamps.length && stamps[next]!.at + STAMPED_BYTES <= at) next++;
    const stamped = next < stamps.length && stamps[next]!.at < at + STAMPED_BYTES;
    const end = Math.min(bytes.length, at + BLOCK_BYTES);
    if (stamped || !sounds(bytes, at, end)) continue;
    const fromMs = at / BYTES_PER_MS, toMs = end / BYTES_PER_MS;
    const last = phrases.at(-1);
    if (last && fromMs - last.toMs <= PAUSE_MS) last.toMs = toMs;
    else phrases.push({ fromMs, toMs });
  }
  return phrases.filter(({ fromMs, toMs }) => toMs - fromMs >= PHRASE_MS);
}
