/**
 * The settings of a Realtime server: names, units, defaults, and what is refused.
 *
 * @module
 */

import { type Clock, systemClock } from "../../runtime/clock.ts";

/** Everything that can be set. Sizes and times bound one session, never all of them together. */
export interface RealtimeSettings {
  /** Named by `session.model` when the URL names none. */
  readonly model: string;
  /** After `response.created`, before the answerer is asked for its first piece, ms. */
  readonly thinkMs: number;
  /** How many times faster than real time an answer is streamed. */
  readonly streamRate: number;
  /** Audio in one `response.output_audio.delta`, ms. */
  readonly deltaMs: number;
  /** After a commit, before the answerer is asked for its transcription, ms. */
  readonly transcribeMs: number;
  /** The largest client event, counted in UTF-16 units of its text: an append of audio. */
  readonly maxMessageBytes: number;
  /** The largest of all other events, which have to be parsed: images and instructions fit in. */
  readonly maxEventChars: number;
  /** Life of a session, ms: OpenAI ends them at 60 minutes. */
  readonly sessionLimitMs: number;
  /** Conversation items kept; the oldest goes first. */
  readonly maxItems: number;
  /** Uncommitted input audio kept, ms; the oldest goes first. */
  readonly maxInputAudioMs: number;
  /** Audio and images kept with items before the newest, bytes; the oldest goes first. */
  readonly maxKeptBytes: number;
  /** Text kept with items before the newest, characters; the oldest item goes first. */
  readonly maxKeptChars: number;
  /** A session as its events show it, characters: instructions and tools for the most part. */
  readonly maxSessionChars: number;
  /** Instructions, one text or one argument string, in characters. */
  readonly maxTextChars: number;
  /** Tools of a session or response. */
  readonly maxTools: number;
  /** Responses outside the conversation (`conversation: "none"`) at one time. */
  readonly maxSideResponses: number;
  /** A commit with less audio than this is refused, ms. */
  readonly minCommitMs: number;
  /** Tokens of input that one response may have (the 2.x models take 128k with the output). */
  readonly maxContextTokens: number;
  readonly clock: Clock;
}

/** The defaults. */
export const REALTIME_DEFAULTS: RealtimeSettings = {
  model: "realtime",
  thinkMs: 0,
  streamRate: 8,
  deltaMs: 200,
  transcribeMs: 0,
  // 16 s of PCM at 24 kHz. A message of 13 MB held the loop that carries calls for 244 ms.
  maxMessageBytes: 1024 * 1024,
  // A megabyte of brackets, or of keys, takes 130 ms to parse and to refuse.
  maxEventChars: 256 * 1024,
  sessionLimitMs: 60 * 60 * 1000,
  maxItems: 500,
  maxInputAudioMs: 120_000,
  maxKeptBytes: 4 * 1024 * 1024,
  maxKeptChars: 1024 * 1024,
  maxSessionChars: 256 * 1024,
  maxTextChars: 64 * 1024,
  maxTools: 128,
  maxSideResponses: 8,
  minCommitMs: 100,
  maxContextTokens: 96_000,
  clock: systemClock,
};

/** The least and the most that a setting may be; `whole` for what is counted. */
export type Range = readonly [least: number, most: number, whole?: "whole"];

// deno-fmt-ignore
const RANGES: Partial<Record<keyof RealtimeSettings, Range>> = {
  thinkMs:          [0, 60_000],
  streamRate:       [0.5, 1000],
  deltaMs:          [10, 2000],
  transcribeMs:     [0, 60_000],
  maxMessageBytes:  [256, 64 * 1024 * 1024, "whole"],
  maxEventChars:    [256, 64 * 1024 * 1024, "whole"],
  sessionLimitMs:   [1, 24 * 3_600_000],
  maxItems:         [4, 100_000, "whole"],
  maxInputAudioMs:  [1000, 3_600_000],
  maxKeptBytes:     [0, 1024 * 1024 * 1024, "whole"],
  maxKeptChars:     [0, 1024 * 1024 * 1024, "whole"],
  maxSessionChars:  [4096, 16 * 1024 * 1024, "whole"],
  maxTextChars:     [1, 16 * 1024 * 1024, "whole"],
  maxTools:         [0, 10_000, "whole"],
  maxSideResponses: [0, 1000, "whole"],
  minCommitMs:      [0, 10_000],
  maxContextTokens: [1, 10_000_000, "whole"],
};

/** @throws {RangeError} Naming the field, the value had and the value wanted. */
export function checkRanges<T extends object>(
  settings: T,
  ranges: Partial<Record<keyof T, Range>>,
): void {
  for (const [field, [least, most, whole]] of Object.entries(ranges) as [string, Range][]) {
    const value: unknown = settings[field as keyof T];
    const fits = typeof value === "number" && value >= least && value <= most;
    if (!fits || (whole && !Number.isInteger(value))) {
      throw new RangeError(
        `Embedded brain: ${field} is ${String(value)}, wants a number ${least}..${most}`,
      );
    }
  }
}

/**
 * Fills in the defaults and checks every number.
 *
 * @throws {RangeError} Naming the field, the value had and the value wanted.
 */
export function resolveSettings(given: Partial<RealtimeSettings> = {}): RealtimeSettings {
  const settings = { ...REALTIME_DEFAULTS, ...given };
  checkRanges(settings, RANGES);
  if (typeof settings.model !== "string" || settings.model === "") {
    throw new RangeError(
      `Embedded brain: model is ${JSON.stringify(settings.model)}, wants a name`,
    );
  }
  return settings;
}
