/**
 * Bounds of a phone's stream, and what is counted of it.
 *
 * @module
 */

import { STALL_DEFAULTS, type StallSettings } from "./stall_watch.ts";

export interface TwilioSettings extends StallSettings {
  /** A jump of the timestamps is filled up to this; OpenAI's own adapter caps at 10 s too. */
  readonly maxGapMs: number;
  /** The longest audio that one message may bring. */
  readonly maxFrameMs: number;
  /** How long a socket may stay open before its `start`. */
  readonly startTimeoutMs: number;
  /** After this many broken messages the stream is closed: it isn't Twilio. */
  readonly maxProblems: number;
}

/** What the leg counts, for telemetry: plain numbers, so that a frame costs an addition. */
export interface FrameCounts {
  framesIn: number;
  framesSlowPath: number;
}

export const TWILIO_DEFAULTS: TwilioSettings = {
  ...STALL_DEFAULTS,
  maxGapMs: 10_000,
  maxFrameMs: 2000,
  startTimeoutMs: 10_000,
  maxProblems: 100,
};
