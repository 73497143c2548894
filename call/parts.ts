/**
 * What the pieces of one call share. `Call` makes it, owns all that is in it, and closes it.
 *
 * @module
 */

import type { Brain } from "../brain/brain.ts";
import type { SessionWish } from "../brain/session.ts";
import type { Leg, LegStart } from "../legs/leg.ts";
import type { AudioFormat } from "../media/format.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { BrainSide } from "./brain_side.ts";
import type { Clock } from "./clock.ts";
import type { Ears } from "./ears.ts";
import type { EndpointingSettings } from "./endpointing.ts";
import type { Playback } from "./playback.ts";
import type { AnswerKind, CallEvent, CallState, TimerName } from "./state.ts";
import type { Timeline } from "./timeline.ts";
import type { Timers } from "./timers.ts";
import type { Uplink } from "./uplink.ts";

export interface CallSettings {
  readonly wish: Omit<SessionWish, "format">;
  /** What the model is told for answers that no caller asked for; an empty one means none. */
  readonly instructions: Partial<Record<AnswerKind, string>>;
  readonly minSpeechMs: number;
  readonly endpointing: EndpointingSettings;
  /** With local turns: the silence at which an answer is asked for early; 0 for never. */
  readonly speculateMs: number;
  /** Speech over the agent that lasts this long is an interruption. */
  readonly confirmMs: number;
  /** Speech over the agent has to last this long to be taken for speech at all. */
  readonly gateMs: number;
  /** ... and has to be this much louder than the expected echo. */
  readonly gateDb: number;
  readonly silencePromptMs: number;
  readonly sessionTimeoutMs: number;
  readonly callLimitMs: number;
  readonly idleLimitMs: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

/** What a call needs of the house, besides a way to end. */
export interface CallHouse {
  readonly brain: Brain;
  readonly settings: CallSettings;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

/** Moments and words that outlive one event. */
export interface CallMemory {
  /** When the caller's voice last began and ended, by our own detector. */
  onsetMs: number;
  voiceEndMs: number;
  /** When playback held its breath for the present alarm; 0 without one. */
  alarmAtMs: number;
  /** The answer whose audio came last. */
  playingResponse: string;
  /** Early answers that were taken back: their tokens are counted apart. */
  readonly discarded: Set<string>;
  /** Typed lines by their ref, until they are sent. */
  readonly words: Map<number, string>;
  /** What the brain speaks. */
  format: AudioFormat;
  /** Our leaving has to hang up the phone. */
  hangsUp: boolean;
}

export interface CallParts {
  readonly start: LegStart;
  readonly house: CallHouse;
  readonly leg: Leg;
  readonly clock: Clock;
  readonly brain: BrainSide;
  readonly ears: Ears;
  readonly uplink: Uplink;
  readonly playback: Playback;
  readonly timeline: Timeline;
  readonly timers: Timers<TimerName | "session" | "digits">;
  readonly memory: CallMemory;
  state(): CallState;
  step(event: CallEvent): void;
  /** The detector, ours or the brain's, says that the caller stopped. */
  callerStopped(by: "local" | "brain", endMs: number): void;
  problem(error: Error): void;
  close(reason: string): void;
}
