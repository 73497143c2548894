/**
 * What the pieces of one call share. `Call` makes it, owns all that is in it, and closes it.
 *
 * @module
 */

import type { Leg, LegStart } from "../legs/leg.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Ears } from "./ears.ts";
import type { Playback } from "./playback.ts";
import type { Upstream } from "./session/choice.ts";
import type { Retelling } from "./session/retelling.ts";
import type { BrainSession } from "./session/session.ts";
import type { CallSettings } from "./settings.ts";
import type { CallEvent } from "./turns/events.ts";
import type { CallState } from "./turns/state.ts";
import type { Timeline } from "./timeline.ts";
import type { Transcript } from "./transcript.ts";
import type { Typing } from "./typing.ts";
import type { Uplink } from "./uplink.ts";

/** What a call is given. */
export interface CallDeps {
  /** Who may answer, in order. */
  readonly upstreams: readonly Upstream[];
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
  readonly retelling: Retelling;
  readonly typing: Typing;
  /** The brain has said that it takes nothing before this. */
  limitedUntilMs: number;
  state(): CallState;
  /** Queues an event; each is decided, and its actions done, before the next. */
  step(event: CallEvent): void;
  problem(error: Error): void;
  close(reason: string, hangUp: boolean): void;
}
