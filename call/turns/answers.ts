/**
 * What the agent says: an answer's beginning and end in the state, and whether it was heard.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import type { Heard } from "./events.ts";
import type { Answer, CallState } from "./state.ts";

/** Of an answer that was stopped sooner nobody has understood a word: it is not part of the talk. */
const WORD_HEARD_MS = 200;

type NewAnswer = Pick<Answer, "kind" | "utterances" | "responseId" | "early" | "cancelled">;

/** An answer comes into being: asked for, or begun by the brain. */
export function newAnswer(s: CallState, its: NewAnswer, nowMs: number): Answer {
  const answer: Answer = {
    ...its,
    id: ++s.lastId,
    items: [],
    sinceMs: nowMs,
    sounds: false,
    spoken: false,
    usedTool: false,
    over: false,
  };
  s.answers = [...s.answers, answer];
  return answer;
}

export function replace(s: CallState, id: number, change: Partial<Answer>): void {
  s.answers = s.answers.map((answer) => answer.id === id ? { ...answer, ...change } : answer);
}

export function remove(s: CallState, id: number): void {
  s.answers = s.answers.filter((answer) => answer.id !== id);
}

/** Nobody wants this answer any more: whatever it was to answer is the caller's affair again. */
export function callOffAnswer(
  s: CallState,
  answer: Answer,
  out: CallAction[],
  nowMs: number,
): void {
  if (answer.cancelled || answer.over) return;
  if (answer.responseId !== null) {
    out.push({ type: "cancel_response", responseId: answer.responseId });
  }
  replace(s, answer.id, { cancelled: true, sinceMs: nowMs, utterances: [] });
  s.heldTool = null;
}

/**
 * Whether the caller has heard a word of it. What is over and no longer playing was heard out.
 *
 * @param playing As in the event: items that were not heard to their end.
 */
export function wasHeard(answer: Answer, playing: readonly Heard[]): boolean {
  let heardMs = 0;
  for (const itemId of answer.items) {
    const item = playing.find((heard) => heard.itemId === itemId);
    if (!item && answer.over && answer.sounds) return true;
    heardMs += item?.heardMs ?? 0;
  }
  return answer.sounds && heardMs >= WORD_HEARD_MS;
}
