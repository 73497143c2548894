/**
 * How a call ends: with last words that are heard out, or at once; always with a reason.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import type { CallState, EndReason } from "./state.ts";

/** No new turns; what is being said is said to its end. */
export function end(s: CallState, reason: EndReason, out: CallAction[], nowMs: number): void {
  if (s.held) out.push({ type: "resume", why: "last_words" });
  s.phase = "ending";
  s.endReason = reason;
  s.endingSinceMs = nowMs;
  s.owes = [];
  s.awaiting = [];
  s.speaking = null;
  s.brainItem = null;
  s.alarm = null;
  s.held = false;
  s.earlyUtterance = 0;
  s.heldTool = null;
  s.unheard = null;
  s.maybeMeant = null;
}

/** The call ends with words of the brain's. */
export const isGoodbye = (reason: EndReason | null) =>
  reason === "caller_silent" || reason === "agent_hung_up";

/** Whoever speaks or types into a goodbye is there after all. */
export function reopen(s: CallState): void {
  if (s.phase !== "ending" || !isGoodbye(s.endReason)) return;
  s.phase = "open";
  // A cough is no reason to stay.
  s.goodbyeFor = s.endReason;
  s.endReason = null;
  s.owes = s.owes.filter((kind) => kind !== "goodbye");
}

/** Nothing more can be had from the brain: the caller is told so in our own words, and then goes. */
export function apologise(
  s: CallState,
  reason: EndReason,
  out: CallAction[],
  nowMs: number,
): void {
  if (s.phase === "ending") {
    // Whoever speaks now can't be answered any more.
    if (isGoodbye(s.endReason)) s.endReason = reason;
    return finishIfQuiet(s, out);
  }
  end(s, reason, out, nowMs);
  for (const { over, cancelled, responseId } of s.answers) {
    if (!over && !cancelled && responseId !== null) {
      out.push({ type: "cancel_response", responseId });
    }
  }
  s.answers = [];
  s.soundSinceMs ??= nowMs;
  out.push({ type: "drop", bargeIn: null }, { type: "say", phrase: "apology", why: reason });
}

/** Ends a call whose last words have been heard. */
export function finishIfQuiet(s: CallState, out: CallAction[]): void {
  const more = s.owes.length > 0 || s.answers.some(({ over, cancelled }) => !over && !cancelled);
  if (s.soundSinceMs === null && !more) finish(s, s.endReason ?? "agent_hung_up", out);
}

/** We end the call: closing a stream alone would not hang up the phone. */
export function finish(s: CallState, reason: EndReason, out: CallAction[]): void {
  close(s, reason, true, out);
}

export function close(
  s: CallState,
  reason: EndReason,
  hangUp: boolean,
  out: CallAction[],
): void {
  s.phase = "closed";
  s.endReason = reason;
  s.answers = [];
  s.owes = [];
  s.awaiting = [];
  s.withdrawn = [];
  s.speaking = null;
  s.alarm = null;
  out.push({ type: "drop", bargeIn: null }, { type: "close", reason, hangUp });
}
