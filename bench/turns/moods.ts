/**
 * What goes wrong with an API that works: about three requests in a hundred, each in its own way,
 * drawn from a seed.
 *
 * @module
 */

import type { Random } from "../vad/random.ts";

/** How a request for an answer goes wrong. */
export type Mood =
  /** An error event instead of an answer. */
  | "refused"
  /** Nothing at all. */
  | "ignored"
  /** `response.created`, and then nothing until it is cancelled. */
  | "stalled"
  /** `response.done` with status `failed`, and why. */
  | "failed"
  | "rate_limited"
  /** Completed without an item. */
  | "empty"
  /** Incomplete by `content_filter`, without a sound. */
  | "filtered"
  /** The link stands still for a while, then everything comes at once. */
  | "late";

/** Shares of the requests that go wrong. */
const SHARES: readonly (readonly [Mood, number])[] = [
  ["refused", 0.14],
  ["ignored", 0.14],
  ["stalled", 0.16],
  ["failed", 0.12],
  ["rate_limited", 0.12],
  ["empty", 0.12],
  ["filtered", 0.1],
  ["late", 0.1],
];

/** Of everything that is asked. */
export const MOODY_RATE = 0.03;

/** The mood of one request, null for none. */
export function drawMood(random: Random, rate: number): Mood | null {
  if (random.next() >= rate) return null;
  let rest = random.next();
  for (const [mood, share] of SHARES) if ((rest -= share) < 0) return mood;
  return null;
}
