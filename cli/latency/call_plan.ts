/**
 * What all calls of a latency test share: how its callers behave, and what they say.
 *
 * @module
 */

import type { PhoneOptions } from "../phone/phone.ts";
import type { Scenario } from "./args.ts";
import type { Clips } from "./clips.ts";

/** How callers behave, ms; a pair is the least and the most of a random time. */
export interface Timings {
  /** A greeting that has not come by now will not come; the caller speaks first. */
  readonly greetingWaitMs: number;
  /** An answer that takes longer counts as none. */
  readonly answerWaitMs: number;
  /** The agent has finished when this much silence was heard. */
  readonly finishedMs: number;
  /** People leave a moment before they speak. */
  readonly pauseMs: readonly [number, number];
  /** Barge-ins begin this long after the first sound of the answer. */
  readonly bargeAfterMs: readonly [number, number];
}

/** What a test uses unless told otherwise. */
export const TIMINGS: Timings = {
  greetingWaitMs: 5000,
  answerWaitMs: 15_000,
  finishedMs: 700,
  pauseMs: [300, 1000],
  bargeAfterMs: [300, 700],
};

/** What all calls of a test share. */
export interface CallPlan {
  readonly phone: PhoneOptions;
  readonly scenario: Scenario;
  readonly clips: Clips;
  readonly timings: Timings;
  /** True when no new turn should begin. */
  over(): boolean;
  /** The test is broken off: calls end at once, and an open turn does not count. */
  readonly abort: AbortSignal;
  /** 0 to 1, uniform; passed in so that a test can repeat. */
  random(): number;
}
