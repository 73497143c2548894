/**
 * The words that the rest of earshot uses to report to telemetry: one turn of a conversation, what it
 * used, and how a call ended. Types alone, so that every room may import them.
 *
 * @module
 */

/**
 * Tokens of one response, sorted the way they are billed. Cached tokens are part of the input tokens
 * of their kind, not on top of them (Realtime API, `response.done` usage).
 */
export interface UsageTokens {
  readonly inputTextTokens: number;
  readonly inputAudioTokens: number;
  readonly inputImageTokens: number;
  readonly cachedTextTokens: number;
  readonly cachedAudioTokens: number;
  readonly cachedImageTokens: number;
  readonly outputTextTokens: number;
  readonly outputAudioTokens: number;
  /** Of models that are billed by time (transcription, gpt-live); else 0. */
  readonly billedMs: number;
}

/** What a turn was: an answer to speech, the greeting, an answer to typed text, and so on. */
export type TurnKind = "answer" | "greeting" | "text" | "tool";

/**
 * Where the time of a turn went. Each stage is a duration that starts where the one before it ended,
 * so those that are present sum to the turn's total.
 */
export interface TurnStages {
  /** True end of speech → the endpoint was decided. */
  readonly endpointMs?: number;
  /** Endpoint decided → the audio was committed. */
  readonly commitMs?: number;
  /** Committed → `response.created`. */
  readonly createdMs?: number;
  /** Response created → its first audio delta. */
  readonly firstDeltaMs?: number;
  /** First delta → its first byte was handed to the leg. */
  readonly firstSentMs?: number;
  /** First byte sent → the mark says that it was heard. */
  readonly firstHeardMs?: number;
}

/** One finished turn. */
export interface TurnRecord {
  readonly callId: string;
  /** Counts from 1 within its call. */
  readonly n: number;
  readonly kind: TurnKind;
  /** Wall clock (epoch) of the turn's beginning: for an answer, the true end of speech. */
  readonly startedAtMs: number;
  readonly stages: TurnStages;
  /** Beginning → the last stage that happened. */
  readonly totalMs: number;
  /** Present when the caller spoke over this turn's audio. */
  readonly bargeIn?: {
    /** Onset of the caller's speech → `clear` was sent. */
    readonly onsetToClearMs: number;
    /** Onset of the caller's speech → the last of our audio that was heard. */
    readonly lastHeardMs: number;
  };
  readonly usage?: UsageTokens;
  /** Absent when the model's price is not known. */
  readonly costUsd?: number;
}

/** The ways a call ends that we tell apart; any other word is counted too, up to a bound. */
export type CallEndReason =
  | "caller_hung_up"
  | "caller_lost"
  | "caller_stalled"
  | "agent_hung_up"
  | "brain_failed"
  | "call_limit"
  | "idle_limit"
  | "caller_silent"
  | "draining"
  | "moved"
  // Keeps the suggestions above while letting the call's own words through.
  | (string & Record<never, never>);

/** The same three words as the brain's errors use; telemetry is a leaf and cannot import them. */
export type ErrorSeverity = "fatal" | "retryable" | "harmless";
