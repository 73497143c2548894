/**
 * Puts fine bins together into the few bars that a report draws.
 *
 * @module
 */

import { BIN_MS } from "./stats.ts";

/** One bar. */
export interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

/** Widths that people read easily. */
const WIDTHS_MS = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/**
 * @param bins Non-empty bins: from (ms) and count, in order.
 * @param maxBars The most bars to make.
 * @returns Bars of one width from the first to the last filled one, with empty ones between.
 */
export function makeBars(bins: readonly (readonly [number, number])[], maxBars: number): Bar[] {
  const first = bins[0];
  const last = bins.at(-1);
  if (first === undefined || last === undefined) return [];
  const spanMs = last[0] + BIN_MS;
  const widthMs =
    WIDTHS_MS.find((width) =>
      Math.ceil(spanMs / width) - Math.floor(first[0] / width) <= maxBars
    ) ?? WIDTHS_MS.at(-1)!;
  const startMs = Math.floor(first[0] / widthMs) * widthMs;
  const counts: number[] = [];
  for (const [fromMs, count] of bins) {
    const index = Math.floor((fromMs - startMs) / widthMs);
    while (counts.length <= index) counts.push(0);
    counts[index]! += count;
  }
  return counts.map((count, i) => ({
    fromMs: startMs + i * widthMs,
    toMs: startMs + (i + 1) * widthMs,
    count,
  }));
}
