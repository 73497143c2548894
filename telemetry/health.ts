/**
 * What `GET /health` answers.
 *
 * @module
 */

import type { LatencySummary } from "./rolling_histogram.ts";
import type { LoopDelay } from "./loop_delay.ts";

/** What carries a call: a leg's name in labels, the history and logs. */
export type CallKind = "twilio" | "browser";

/** The calls of this instance: whoever admits them counts them, and is asked. */
export interface CallCounts {
  readonly maxCalls: number;
  readonly live: number;
  readonly liveByKind: Readonly<Record<CallKind, number>>;
  /** Why no new call is taken just now, or null. */
  readonly closedBecause: "draining" | "full" | null;
}

/** The state of one instance, for people and checks. */
export interface HealthReport {
  /** `ok` and `degraded` take calls; `full` and `draining` don't. */
  readonly status: "ok" | "degraded" | "full" | "draining";
  /** What callers notice of a brain in trouble, in words; empty when all is well. */
  readonly degradedBecause: readonly string[];
  /** Why calls may sound bad just now, in words; empty when all is well. */
  readonly warnings: readonly string[];
  readonly uptimeMs: number;
  readonly version: string;
  readonly region: string;
  readonly instance: string;
  readonly calls: { readonly live: number; readonly max: number };
  /** End of speech → answer heard, over the last `windowMs`. */
  readonly latencyMs: LatencySummary & { readonly windowMs: number };
  /** Times that something was owed and nobody made a sound for too long, since the start. */
  readonly deadAirs: number;
  readonly eventLoopDelayMs: LoopDelay;
  /** Share of CPU time that the host took, 0..1; null where the system does not tell. */
  readonly cpuSteal: number | null;
  readonly memory: { readonly rssBytes: number };
}

/** Beyond these, callers may hear it: half a frame of delay one time in a hundred; one tick in ten. */
const LOOP_P99_LIMIT_MS = 10;
const STEAL_LIMIT = 0.1;

/** The warnings that measurements deserve. */
export function warningsFor(loop: LoopDelay, cpuSteal: number | null): string[] {
  const warnings: string[] = [];
  if (loop.p99 !== null && loop.p99 > LOOP_P99_LIMIT_MS) {
    warnings.push(
      `The event loop is ${loop.p99.toFixed(0)} ms late one time in a hundred: too little CPU`,
    );
  }
  if (cpuSteal !== null && cpuSteal > STEAL_LIMIT) {
    warnings.push(`The host takes ${(cpuSteal * 100).toFixed(0)} % of the CPU time: a shared CPU`);
  }
  return warnings;
}

/** Tenths are as fine as anyone reads a millisecond. */
export function tenths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

/** In tenths of a millisecond. */
export function rounded(s: LatencySummary): LatencySummary {
  return {
    count: s.count,
    avg: tenths(s.avg),
    min: tenths(s.min),
    max: tenths(s.max),
    p50: tenths(s.p50),
    p95: tenths(s.p95),
    p99: tenths(s.p99),
  };
}
