/**
 * From calls to a row of figures.
 *
 * @module
 */

import { percentile } from "../turns/figures.ts";
import type { Measured } from "./measured_call.ts";

/** What a caller waits when nothing happens: for the greeting, then for each answer; ms. */
export type Healthy = readonly number[];

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface Figures {
  readonly calls: number;
  /** Calls in which something was never answered. */
  readonly ended: number;
  readonly silenceMs: Spread;
  /** Of both sides, lost in a call. */
  readonly words: Spread;
  readonly agentLost: number;
  readonly callerLost: number;
  /** Of both sides, in all calls: heard or told twice. */
  readonly twice: number;
  /** Sessions of the brain a call. */
  readonly linksPerCall: number;
}

/** Silence that a call without a fault doesn't have. */
function silenceAdded({ lived, waitsMs, gapsMs }: Measured, healthy: Healthy): number {
  if (!lived) return Infinity;
  return waitsMs.reduce((sum, ms, i) => sum + Math.max(0, ms - healthy[i]!), gapsMs);
}

const spread = (list: readonly number[]): Spread => ({
  p50: percentile(list, 50),
  p95: percentile(list, 95),
});
const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);

export function figuresOf(calls: readonly Measured[], healthy: Healthy): Figures {
  return {
    calls: calls.length,
    ended: calls.filter(({ lived }) => !lived).length,
    silenceMs: spread(calls.map((call) => silenceAdded(call, healthy))),
    words: spread(calls.map(({ agentLost, callerLost }) => agentLost + callerLost)),
    agentLost: sum(calls.map(({ agentLost }) => agentLost)),
    callerLost: sum(calls.map(({ callerLost }) => callerLost)),
    twice: sum(calls.map(({ agentTwice, callerTwice }) => agentTwice + callerTwice)),
    linksPerCall: sum(calls.map(({ links }) => links)) / calls.length,
  };
}

export const HEAD = [
  "| what happens | calls | ended by it | silence added, p50 / p95 | aim | words lost in a call, p50 / p95 | " +
  "agent's / caller's lost in all | heard or told twice | sessions a call |",
  `|${" --- |".repeat(9)}`,
];

export function rowOf(
  name: string,
  { calls, ended, silenceMs, words, agentLost, callerLost, twice, linksPerCall }: Figures,
  aim?: { readonly silenceMs: number },
): string {
  const ms = (value: number) => Number.isFinite(value) ? `${value.toFixed(0)} ms` : "for ever";
  return `| ${name} | ${calls} | ${ended} | ${ms(silenceMs.p50)} / ${ms(silenceMs.p95)} | ${
    aim ? ms(aim.silenceMs) : ""
  } | ${words.p50} / ${words.p95} | ${agentLost} / ${callerLost} | ${twice} | ${
    linksPerCall.toFixed(1)
  } |`;
}
