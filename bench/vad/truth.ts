/**
 * Where a clean recording holds speech: the ground truth, from its energy alone.
 *
 * @module
 */

/** A stretch of time, ms. */
export interface Span {
  startMs: number;
  endMs: number;
}

export const RATE_HZ = 8000;
const HOP_SAMPLES = 80;
const HOP_MS = 10;

/** Speech is what lies less than this below the recording's loud hops (its 95th percentile). */
const BELOW_LOUD_DB = 28;
/** And it is never fainter than this, so that recorded room noise is not speech. */
const FAINTEST_DBFS = -58;
/** A pause shorter than this is part of the speech around it: the detectors' silence setting. */
const BRIDGE_MS = 200;
/** A burst shorter than this is a lip or a switch. */
const SHORTEST_MS = 40;

/** Level of each 10 ms hop, mean square in dB. */
function hopLevels(samples: Float32Array): Float64Array {
  const out = new Float64Array(Math.floor(samples.length / HOP_SAMPLES));
  for (let h = 0; h < out.length; h++) {
    let sum = 0;
    for (let i = h * HOP_SAMPLES; i < (h + 1) * HOP_SAMPLES; i++) sum += samples[i]! * samples[i]!;
    out[h] = 10 * Math.log10(sum / HOP_SAMPLES + 1e-12);
  }
  return out;
}

/** The speech of a clean recording, pauses under 200 ms bridged. */
export function speechSpans(samples: Float32Array): Span[] {
  const levels = hopLevels(samples);
  if (levels.length === 0) return [];
  const sorted = levels.toSorted();
  const loud = sorted[Math.floor(sorted.length * 0.95)]!;
  const threshold = Math.max(FAINTEST_DBFS, loud - BELOW_LOUD_DB);
  const spans: Span[] = [];
  for (let h = 0; h < levels.length; h++) {
    if (levels[h]! < threshold) continue;
    const startMs = h * HOP_MS;
    const last = spans[spans.length - 1];
    if (last && startMs - last.endMs < BRIDGE_MS) last.endMs = startMs + HOP_MS;
    else spans.push({ startMs, endMs: startMs + HOP_MS });
  }
  return spans.filter((span) => span.endMs - span.startMs >= SHORTEST_MS);
}

/** Root mean square over the spans: the active speech level, linear. */
export function activeRms(samples: Float32Array, spans: readonly Span[]): number {
  let sum = 0, count = 0;
  for (const span of spans) {
    const from = (span.startMs * RATE_HZ) / 1000;
    const to = Math.min(samples.length, (span.endMs * RATE_HZ) / 1000);
    for (let i = from; i < to; i++) sum += samples[i]! * samples[i]!;
    count += to - from;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
