/**
 * The settings of the echo brain: names, units, defaults, and what is refused.
 *
 * @module
 */

import { type EchoClock, systemClock } from "./clock.ts";

/** Everything that can be set. Sizes and times bound one session, never all of them together. */
export interface EchoSettings {
  /** Named by `session.model` when the URL names none. */
  readonly model: string;
  /** Between `response.created` and the first delta, ms. */
  readonly thinkMs: number;
  /** How many times faster than real time an answer is streamed. */
  readonly streamRate: number;
  /** Audio in one `response.output_audio.delta`, ms. */
  readonly deltaMs: number;
  /** Between a commit and its transcription event, ms. */
  readonly transcribeMs: number;
  /** The largest client event, counted in UTF-16 units of its text. */
  readonly maxMessageBytes: number;
  /** Life of a session, ms: OpenAI ends them at 60 minutes. */
  readonly sessionLimitMs: number;
  /** Conversation items kept; the oldest goes first. */
  readonly maxItems: number;
  /** Uncommitted input audio kept, ms; the oldest goes first. */
  readonly maxInputAudioMs: number;
  /** Audio and images kept with items before the newest, bytes; the oldest goes first. */
  readonly maxKeptBytes: number;
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
  /** Length of the tones that stand in for a spoken text, ms a character. */
  readonly msPerChar: number;
  /** The longest such stand-in, ms. */
  readonly maxSpokenMs: number;
  readonly clock: EchoClock;
}

/** The defaults. */
export const ECHO_DEFAULTS: EchoSettings = {
  model: "echo",
  thinkMs: 250,
  streamRate: 8,
  deltaMs: 200,
  transcribeMs: 120,
  maxMessageBytes: 16 * 1024 * 1024,
  sessionLimitMs: 60 * 60 * 1000,
  maxItems: 500,
  maxInputAudioMs: 120_000,
  maxKeptBytes: 4 * 1024 * 1024,
  maxTextChars: 64 * 1024,
  maxTools: 128,
  maxSideResponses: 8,
  minCommitMs: 100,
  maxContextTokens: 96_000,
  msPerChar: 60,
  maxSpokenMs: 12_000,
  clock: systemClock,
};

const WHOLE: readonly (keyof EchoSettings)[] = [
  "maxMessageBytes",
  "maxItems",
  "maxKeptBytes",
  "maxTextChars",
  "maxTools",
  "maxSideResponses",
  "maxContextTokens",
];

// deno-fmt-ignore
const RANGES: Partial<Record<keyof EchoSettings, readonly [number, number]>> = {
  thinkMs:          [0, 60_000],
  streamRate:       [0.5, 1000],
  deltaMs:          [10, 2000],
  transcribeMs:     [0, 60_000],
  maxMessageBytes:  [256, 64 * 1024 * 1024],
  sessionLimitMs:   [1, 24 * 3_600_000],
  maxItems:         [4, 100_000],
  maxInputAudioMs:  [1000, 3_600_000],
  maxKeptBytes:     [0, 1024 * 1024 * 1024],
  maxTextChars:     [1, 16 * 1024 * 1024],
  maxTools:         [0, 10_000],
  maxSideResponses: [0, 1000],
  minCommitMs:      [0, 10_000],
  maxContextTokens: [1, 10_000_000],
  msPerChar:        [1, 1000],
  maxSpokenMs:      [100, 600_000],
};

/**
 * Fills in the defaults and checks every number.
 *
 * @throws {RangeError} Naming the field, the value had and the value wanted.
 */
export function resolveEchoSettings(given: Partial<EchoSettings> = {}): EchoSettings {
  const settings = { ...ECHO_DEFAULTS, ...given };
  for (const [field, range] of Object.entries(RANGES)) {
    const value = settings[field as keyof EchoSettings] as number;
    const whole = !WHOLE.includes(field as keyof EchoSettings) || Number.isInteger(value);
    if (typeof value !== "number" || !(value >= range[0] && value <= range[1]) || !whole) {
      throw new RangeError(
        `Echo brain: ${field} is ${String(value)}, wants a number ${range[0]}..${range[1]}`,
      );
    }
  }
  if (typeof settings.model !== "string" || settings.model === "") {
    throw new RangeError(`Echo brain: model is ${JSON.stringify(settings.model)}, wants a name`);
  }
  return settings;
}
