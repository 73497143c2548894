/**
 * What the turn machine is told of a call's settings.
 *
 * @module
 */

import type { CallSettings } from "./parts.ts";
import type { TurnSettings } from "./turns/state.ts";

/** The longest silence that `semantic` turns wait out, by eagerness (Realtime guide, VAD). */
const SEMANTIC_SILENCE_MS = { low: 8000, medium: 4000, auto: 4000, high: 2000 } as const;

export function turnSettings(settings: CallSettings): TurnSettings {
  const { turns, silenceMs, eagerness } = settings.wish;
  const { bargeInMs, silencePromptMs, deadAirMs } = settings;
  const { sessionTimeoutMs, callLimitMs, idleLimitMs } = settings;
  return {
    turns,
    bargeInMs,
    greets: Boolean(settings.instructions.greeting),
    silencePromptMs,
    brainSilenceMs: turns === "semantic" ? SEMANTIC_SILENCE_MS[eagerness] : silenceMs,
    deadAirMs,
    sessionTimeoutMs,
    callLimitMs,
    idleLimitMs,
  };
}
