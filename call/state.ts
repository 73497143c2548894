/**
 * The words of the decision road: what a call remembers, what can happen to it, and what it can
 * decide. All of it is plain data without audio and without anything that was said, so a call can be
 * recorded as JSON lines and replayed.
 *
 * @module
 */

import type { TurnMode } from "../brain/session.ts";

/** `opening` until the brain's session stands; `ending` while the last words are still played. */
export type Phase = "opening" | "open" | "ending" | "closed";

/** Why an answer was asked for. */
export type AnswerKind = "greeting" | "turn" | "text" | "tool" | "still_there" | "goodbye";

/** Why a call ended. */
export type EndReason =
  | "caller_hung_up"
  | "caller_lost"
  | "agent_hung_up"
  | "brain_failed"
  | "call_limit"
  | "idle_limit"
  | "caller_silent"
  | "draining";

/** The one answer that may be in the making. */
export interface Response {
  /** Null from our request until the brain has created it. */
  readonly id: string | null;
  /** Null when the brain began it by itself. */
  readonly kind: AnswerKind | null;
  /** Its items, in order, so that those never heard can be deleted. */
  readonly items: readonly string[];
  /** Nobody wants it any more: what still comes of it is dropped. */
  readonly cancelled: boolean;
}

/** Somebody may be breaking in: playback holds its breath until that is sure. */
export interface Alarm {
  readonly sinceMs: number;
  /** Our own detector raised it, so our own detector may call it off. */
  readonly local: boolean;
  /** The item that the brain opened for it, if the brain raised it too. */
  readonly itemId: string | null;
}

export interface CallState {
  readonly turns: TurnMode;
  /** Speech that lasts this long is a barge-in, and no cough. */
  readonly confirmMs: number;
  readonly greets: boolean;
  /** After an answer, this much silence makes the agent ask, and then say goodbye; 0 for never. */
  readonly silencePromptMs: number;
  phase: Phase;
  response: Response | null;
  /** An answer that has to wait until the present one is closed. */
  wanted: AnswerKind | null;
  /** Whether a detector hears the caller. */
  callerLocal: boolean;
  callerBrain: boolean;
  /** Audio of an answer was queued and has not been heard out. */
  agentAudible: boolean;
  alarm: Alarm | null;
  /** An answer was asked for at an early silence: it is held until the turn is really over. */
  speculating: boolean;
  /** A tool that such an answer wants: it runs when the turn is over, or never. */
  heldTool: { readonly callId: string; readonly hangsUp: boolean } | null;
  /** Whether the agent has asked into the silence. */
  prompted: boolean;
  /** The brain's item of a false alarm: it is deleted, and its answer cancelled. */
  falseItem: string | null;
  /** When the last alarm was called off. */
  calledOffAtMs: number;
  /** Answers that failed in a row. */
  failures: number;
  endReason: EndReason | null;
}

/** An item that was queued for playback: how much of it came, and how much the caller heard. */
export interface Heard {
  readonly itemId: string;
  /** Whole ms. */
  readonly heardMs: number;
  readonly receivedMs: number;
}

export type TimerName =
  | "confirm"
  | "answer_due"
  | "goodbye"
  | "silence"
  | "call_limit"
  | "idle_limit";

/** What can happen. `playing` lists the items not heard out, oldest first. */
export type CallEvent =
  | { type: "brain_ready" }
  | { type: "caller_started"; by: "local" | "brain"; onsetMs: number; itemId?: string }
  /** Our detector hears a pause that is too short to end a turn, and ends an alarm. */
  | { type: "caller_paused" }
  /** Our detector hears a pause in which the turn may be over; the caller may still go on. */
  | { type: "caller_maybe_done" }
  | { type: "caller_resumed"; playing: readonly Heard[] }
  | { type: "caller_stopped"; by: "local" | "brain" }
  | { type: "committed"; itemId: string }
  /** The words stay outside; `ref` finds them again. */
  | { type: "caller_wrote"; ref: number; playing: readonly Heard[] }
  | { type: "response_created"; responseId: string }
  | { type: "output_item"; responseId: string; itemId: string }
  | { type: "response_done"; responseId: string; failed: boolean; fatal: boolean }
  | { type: "tool_called"; responseId: string; callId: string; hangsUp: boolean }
  | { type: "agent_audible" }
  | { type: "agent_silent" }
  | { type: "answer_refused" }
  | { type: "brain_failed" }
  | { type: "timer"; name: TimerName; playing: readonly Heard[] }
  | { type: "caller_left"; lost: boolean }
  | { type: "told_to_end"; reason: EndReason };

/** What a call can decide. */
export type CallAction =
  | { type: "create_response"; kind: AnswerKind }
  | { type: "cancel_response"; responseId: string }
  | { type: "truncate"; itemId: string; audioEndMs: number }
  | { type: "delete_item"; itemId: string }
  | { type: "commit" }
  | { type: "clear_input" }
  | { type: "send_text"; ref: number }
  | { type: "tool_output"; callId: string; ok: boolean }
  /** Stop at once and keep what was not heard; `resume` plays on from there, `drop` forgets it. */
  | { type: "hold" }
  | { type: "resume"; why: "false_alarm" | "turn_over" | "last_words" }
  | { type: "drop" }
  | { type: "open_uplink" }
  | { type: "close_uplink" }
  | { type: "set_timer"; name: TimerName; ms: number }
  | { type: "clear_timer"; name: TimerName }
  | { type: "apologise" }
  | { type: "hang_up" }
  | { type: "close"; reason: EndReason };

/** The first state of a call. */
export function openingState(
  settings: Pick<CallState, "turns" | "confirmMs" | "greets" | "silencePromptMs">,
): CallState {
  return {
    ...settings,
    phase: "opening",
    response: null,
    wanted: null,
    callerLocal: false,
    callerBrain: false,
    agentAudible: false,
    alarm: null,
    speculating: false,
    heldTool: null,
    prompted: false,
    falseItem: null,
    calledOffAtMs: -Infinity,
    failures: 0,
    endReason: null,
  };
}
