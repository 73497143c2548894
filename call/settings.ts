/**
 * What a call is told when it begins. The names are those of the environment: `EARSHOT_BARGE_IN_MS` is
 * `bargeInMs` down to the line that uses it. Defaults stand in `config.ts`.
 *
 * @module
 */

import type { SessionWish } from "../brain/openai/session.ts";
import type { CallContext } from "./context.ts";
import type { AnswerKind, TurnSettings } from "./turns/state.ts";

export interface CallSettings extends Omit<SessionWish, "format"> {
  /** What the model is told beyond the session's instructions, for answers of these kinds. */
  readonly prompts: Partial<Record<AnswerKind, string>>;
  readonly minSpeechMs: number;
  /** With local turns: whether the silence that ends a turn is learned from the caller. */
  readonly endpointing: "fixed" | "adaptive";
  readonly minSilenceMs: number;
  readonly maxSilenceMs: number;
  /** With local turns: the silence at which an answer is asked for early; 0 for never. */
  readonly speculateMs: number;
  /** Speech over the agent that lasts this long is an interruption. */
  readonly bargeInMs: number;
  /** Speech over the agent has to last this long to be taken for speech at all. */
  readonly gateMs: number;
  /** ... and has to be this much louder than the expected echo. */
  readonly gateDb: number;
  readonly silencePromptMs: number;
  /** Something is owed and nobody has made a sound for this long. */
  readonly deadAirMs: number;
  /** The longest that one attempt at a session of the brain may take ... */
  readonly connectTimeoutMs: number;
  /** ... and all attempts together, until the call is given up. */
  readonly sessionTimeoutMs: number;
  /** A session is replaced in a pause when it is this old. */
  readonly sessionLimitMs: number;
  /** So much of the caller's answered voice is kept for another session, where nobody writes it down. */
  readonly keepVoiceMs: number;
  /** What becomes of the phone call when no brain can be had: `hang_up`, a number to dial, or words. */
  readonly afterFailure: string;
  readonly callLimitMs: number;
  readonly idleLimitMs: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

/** The longest silence that `semantic` turns wait out, by eagerness (Realtime guide, VAD). */
const SEMANTIC_SILENCE_MS = { low: 8000, medium: 4000, auto: 4000, high: 2000 } as const;

/**
 * What the turn machine is told of them.
 *
 * @param resumes Set for a call that went on elsewhere before: it is greeted only if it wasn't yet.
 */
export function turnSettings(settings: CallSettings, resumes?: CallContext): TurnSettings {
  const { turns, silenceMs, eagerness, bargeInMs, silencePromptMs, deadAirMs } = settings;
  const { sessionTimeoutMs, callLimitMs, idleLimitMs } = settings;
  return {
    turns,
    bargeInMs,
    greets: Boolean(settings.prompts.greeting) && (!resumes || resumes.owes === "greeting"),
    silencePromptMs,
    brainSilenceMs: turns === "semantic" ? SEMANTIC_SILENCE_MS[eagerness] : silenceMs,
    deadAirMs,
    sessionTimeoutMs,
    callLimitMs,
    idleLimitMs,
  };
}
