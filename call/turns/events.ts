/**
 * What can happen to a call, and when the machine has to wake up by itself.
 *
 * @module
 */

import type { EndReason } from "./state.ts";

/** An item that was queued for playback: how much of it came, and how much the caller heard. */
export interface Heard {
  readonly itemId: string;
  /** Whole ms. */
  readonly heardMs: number;
  readonly receivedMs: number;
}

export type TimerName =
  | "session"
  | "confirm"
  | "call_off"
  | "endpoint"
  | "unheard"
  | "maybe_meant"
  | "voice"
  | "created"
  | "sound"
  | "closed"
  | "retry"
  | "tell_to_wait"
  | "dead_air"
  | "silence"
  | "goodbye"
  | "call_limit"
  | "idle_limit";

/** What can happen. `playing` lists the items not heard out, oldest first. */
export type CallEvent =
  /** A session stands; when it is another one, it was told what was said so far. */
  | { type: "brain_ready" }
  /** The session is gone, and another one is being opened. */
  | { type: "brain_lost" }
  /** The call went on elsewhere before: what the agent owes. Comes first. */
  | {
    type: "call_resumed";
    owes: "nothing" | "greeting" | "answer" | "go_on" | "goodbye" | "welcome_back";
  }
  | { type: "caller_started"; by: "local" | "brain"; onsetMs: number; itemId?: string }
  /** Our detector hears a pause that is too short to end a turn. */
  | { type: "caller_paused"; endMs: number; playing: readonly Heard[] }
  /** Our detector hears a pause in which the turn may be over; the caller may still go on. */
  | { type: "caller_maybe_done"; endMs: number }
  | { type: "caller_resumed"; playing: readonly Heard[] }
  | {
    type: "caller_stopped";
    by: "local" | "brain";
    endMs: number;
    /** Up to where the brain's item reaches. */
    heardToMs?: number;
    itemId?: string;
    playing: readonly Heard[];
  }
  | { type: "committed"; itemId: string; playing: readonly Heard[] }
  /** The words stay outside; `ref` finds them again. */
  | { type: "caller_wrote"; ref: number; playing: readonly Heard[] }
  /** What was written stands in the conversation. */
  | { type: "text_taken"; name: string }
  /** A key was pressed; more may follow before they are told together. */
  | { type: "caller_types" }
  /** `name` is ours, given back, or empty. */
  | { type: "response_created"; responseId: string; name: string; playing: readonly Heard[] }
  | { type: "output_item"; responseId: string; itemId: string }
  /** Its sound begins, or goes on after a gap. */
  | { type: "audio_began"; responseId: string; itemId: string }
  | {
    type: "response_done";
    responseId: string;
    failed: boolean;
    /** The brain called it off by itself, and we hadn't. */
    stopped: boolean;
    /** It makes no sense to try again. */
    fatal: boolean;
    /** How long the brain says to wait; 0 when it doesn't. */
    retryAfterMs: number;
  }
  | { type: "tool_called"; responseId: string; callId: string; hangsUp: boolean }
  /** The last of an item's sound came. */
  | { type: "audio_done"; responseId: string }
  /** All that came of our sound was heard. */
  | { type: "agent_silent" }
  /** The brain refused a request: ours, by the name that we gave it, or its own. */
  | { type: "refused"; name: string; why: RefusalReason; retryAfterMs: number }
  /** No session can be had any more. */
  | { type: "brain_failed" }
  | { type: "timer"; name: TimerName; playing: readonly Heard[] }
  | { type: "caller_left"; lost: boolean }
  /** The caller's wire takes nothing from us any more. */
  | { type: "caller_stalled" }
  | { type: "told_to_end"; reason: EndReason };

export type EventOf<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

/** `active`: another answer is open. `empty`: there was nothing to commit. `fatal`: never again. */
export type RefusalReason = "active" | "empty" | "failed" | "fatal";

/** For an event's `playing`, which is filled in when its turn has come. */
export const NOTHING_PLAYS: readonly Heard[] = [];

/** The leg has ended, by its own word for why. */
export const LEG_ENDED = {
  caller: { type: "caller_left", lost: false },
  us: { type: "caller_left", lost: false },
  lost: { type: "caller_left", lost: true },
  stalled: { type: "caller_stalled" },
  moved: { type: "told_to_end", reason: "moved" },
} as const satisfies Readonly<Record<string, CallEvent>>;
