/**
 * The settings of the echo brain: those of its server, and how it sounds.
 *
 * @module
 */

import {
  checkRanges,
  type Range,
  REALTIME_DEFAULTS,
  type RealtimeSettings,
} from "../realtime/settings.ts";

/** How the echo brain sounds. */
export interface EchoVoice {
  /** Length of the tones that stand in for a spoken text, ms a character. */
  readonly msPerChar: number;
  /** The longest such stand-in, ms. */
  readonly maxSpokenMs: number;
}

/** Everything that can be set. */
export type EchoSettings = RealtimeSettings & EchoVoice;

/** The defaults. It takes its time as a model would. */
const ECHO_DEFAULTS: EchoSettings = {
  ...REALTIME_DEFAULTS,
  model: "echo",
  thinkMs: 250,
  transcribeMs: 120,
  msPerChar: 60,
  maxSpokenMs: 12_000,
};

const RANGES: Record<keyof EchoVoice, Range> = {
  msPerChar: [1, 1000],
  maxSpokenMs: [100, 600_000],
};

/** @throws {RangeError} When how it sounds is out of range; the rest is for the server to check. */
export function resolveEchoSettings(given: Partial<EchoSettings> = {}): EchoSettings {
  const settings = { ...ECHO_DEFAULTS, ...given };
  checkRanges(settings, RANGES);
  return settings;
}
