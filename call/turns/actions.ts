/**
 * What a call can decide, and the names under which the brain knows what we asked of it.
 *
 * @module
 */

import type { AnswerKind, EndReason } from "./state.ts";

/** Why playback goes on. */
type ResumeReason = "false_alarm" | "turn_over" | "last_words" | "noise";

/** `interrupted`: the caller broke in before it was run. */
export type ToolOutcome = "hangs_up" | "unknown" | "interrupted";

/** Our own words, spoken without the brain. */
type Phrase = "apology" | "one_moment" | "say_again";

/** What a call can decide. Actions carry what they need. */
export type CallAction =
  | { type: "create_response"; answer: number; kind: AnswerKind }
  | { type: "cancel_response"; responseId: string }
  | { type: "truncate"; itemId: string; audioEndMs: number }
  | { type: "delete_item"; itemId: string }
  | { type: "commit"; utterance: number }
  | { type: "clear_input" }
  | { type: "send_text"; utterance: number; ref: number }
  | { type: "tool_output"; callId: string; outcome: ToolOutcome }
  /** Stop at once and keep what was not heard; `resume` plays on from there, `drop` forgets it. */
  | { type: "hold" }
  | { type: "resume"; why: ResumeReason }
  /** `bargeIn`: the caller's onset, and when our sound stopped for it. */
  | { type: "drop"; bargeIn: { onsetMs: number; heldAtMs: number } | null }
  /** What our detector hears is nobody's voice: it has to prove itself anew. */
  | { type: "ignore_voice"; untilSilence: boolean }
  /** Something that the brain should say does not come: the session may be dead. */
  | { type: "suspect_session" }
  | { type: "open_uplink" }
  | { type: "close_uplink" }
  /** The brain is sent silence in the place of the line's noise, or no longer. */
  | { type: "mute_uplink"; on: boolean }
  /** The milliseconds of a turn are counted from here. */
  | { type: "begin_turn"; kind: TurnStart; startedMs: number }
  | { type: "say"; phrase: Phrase; why: string }
  | { type: "close"; reason: EndReason; hangUp: boolean };

/** `goes_on`: the turn that is being measured is not over yet, the caller said more. */
type TurnStart = "answer" | "goes_on" | "greeting" | "text" | "tool";

/** The names of our request for an answer, of a commit, and of an item that was written. */
export const answerName = (id: number) => `answer_${id}`;

export const commitName = (id: number) => `commit_${id}`;

export const textName = (id: number) => `text_${id}`;
