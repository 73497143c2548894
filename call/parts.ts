/**
 * What the pieces of one call share. `Call` makes it, owns all that is in it, and closes it.
 *
 * @module
 */

import type { Brain } from "../brain/brain.ts";
import type { SessionWish } from "../brain/openai/session.ts";
import type { Leg, LegStart } from "../legs/leg.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { BrainSession } from "./brain_session.ts";
import type { Clock } from "./clock.ts";
import type { Ears } from "./ears.ts";
import type { EndpointingSettings } from "./endpointing.ts";
import type { Playback } from "./playback.ts";
import type { CallEvent } from "./turns/events.ts";
import type { AnswerKind, CallState } from "./turns/state.ts";
import type { Timeline } from "./timeline.ts";
import type { Transcript } from "./transcript.ts";
import type { Typing } from "./typing.ts";
import type { Uplink } from "./uplink.ts";

export interface CallSettings {
  readonly wish: Omit<SessionWish, "format">;
  /** What the model is told beyond the session's instructions, for answers of these kinds. */
  readonly instructions: Partial<Record<AnswerKind, string>>;
  readonly minSpeechMs: number;
  readonly endpointing: EndpointingSettings;
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
  readonly sessionTimeoutMs: number;
  readonly callLimitMs: number;
  readonly idleLimitMs: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

/** What a call is given. */
export interface CallDeps {
  readonly brain: Brain;
  readonly settings: CallSettings;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

export interface CallParts {
  readonly start: LegStart;
  readonly deps: CallDeps;
  readonly leg: Leg;
  readonly clock: Clock;
  readonly brain: BrainSession;
  readonly ears: Ears;
  readonly uplink: Uplink;
  readonly playback: Playback;
  readonly timeline: Timeline;
  readonly transcript: Transcript;
  readonly typing: Typing;
  /** The brain has said that it takes nothing before this. */
  limitedUntilMs: number;
  state(): CallState;
  /** Queues an event; each is decided, and its actions done, before the next. */
  step(event: CallEvent): void;
  problem(error: Error): void;
  close(reason: string, hangUp: boolean): void;
}
