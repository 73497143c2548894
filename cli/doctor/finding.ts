/**
 * What the doctor finds: one line each, with a verdict and what to do about it.
 *
 * @module
 */

import type { Config } from "../../config.ts";
import type { Runtime } from "../../runtime/runtime.ts";

/** `skipped` could not or need not be looked at. */
export type Verdict = "good" | "poor" | "skipped";

/** The parts of a report, in its order. */
export type Section = "Settings" | "Brain" | "Twilio" | "Way in" | "This machine";

export interface Finding {
  readonly section: Section;
  /** What was looked at, in a word or two. */
  readonly what: string;
  readonly verdict: Verdict;
  /** What was found, in words fit for anyone's eyes: no secret, no phone number. */
  readonly measured: string;
  /** What to do; always there when the verdict is poor. */
  readonly advice?: string;
  /** The same figures for machines; names carry their units. */
  readonly values?: Readonly<Record<string, number | string | boolean | null>>;
}

/** What the checks of one visit share. */
export interface Visit {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null when the settings don't hold. */
  readonly config: Config | null;
  readonly runtime: Runtime;
  /** The longest that any one step on the network may take. */
  readonly timeoutMs: number;
  /** What other machines' clocks said, gathered on the way. */
  readonly clocks: ClockReading[];
  /** How long the machine is watched, ms. */
  readonly watchMs: number;
}

/** The `Date` header of an answer, with its place in our own time. */
export interface ClockReading {
  readonly host: string;
  /** Epoch ms, cut to the second by HTTP. */
  readonly theirMs: number;
  /** Our epoch ms when the request left and when the answer came. */
  readonly sentMs: number;
  readonly heardMs: number;
}

/** A check tells what it finds as it finds it, and never throws. */
export type Check = (visit: Visit) => AsyncIterable<Finding>;

/** Findings of one section, with less to type. */
export function findingsOf(section: Section) {
  const make = (verdict: Verdict) =>
  (
    what: string,
    measured: string,
    rest: Pick<Finding, "advice" | "values"> = {},
  ): Finding => ({ section, what, verdict, measured, ...rest });
  return { good: make("good"), poor: make("poor"), skipped: make("skipped"), section };
}

/** Milliseconds for people: as many digits as matter. */
export function showMs(ms: number): string {
  return `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** The value in the middle; `values` is not empty. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}

/** Counts with their noun. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}
