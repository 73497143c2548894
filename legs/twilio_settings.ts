/**
 * The bounds of a Twilio stream.
 *
 * @module
 */

import { READ_DEFAULTS, type ReadSettings } from "./read_watch.ts";
import { STALL_DEFAULTS, type StallSettings } from "./stall_watch.ts";

export interface TwilioSettings extends StallSettings, ReadSettings {
  /** A jump of the timestamps is filled up to this; OpenAI's own adapter caps at 10 s too. */
  readonly maxGapMs: number;
  /** The longest audio that one message may bring. */
  readonly maxFrameMs: number;
  /** How long a socket may stay open before its `start`. */
  readonly startTimeoutMs: number;
  /** After this many broken messages the stream is closed: it isn't Twilio. */
  readonly maxProblems: number;
}

/** Jitter of the timestamps below this isn't a gap. */
export const GAP_TOLERANCE_MS = 20;

export const TWILIO_DEFAULTS: TwilioSettings = {
  ...STALL_DEFAULTS,
  ...READ_DEFAULTS,
  maxGapMs: 10_000,
  maxFrameMs: 2000,
  startTimeoutMs: 10_000,
  maxProblems: 100,
};
