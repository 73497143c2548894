/**
 * What the caller types.
 *
 * @module
 */

import { type CallAction, textName } from "./actions.ts";
import { callOff } from "./alarm.ts";
import { openAnswer } from "./deadlines.ts";
import { reopen } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { interrupt } from "./interruption.ts";
import type { CallState } from "./state.ts";
import { awaitAnswer, take, utterance } from "./utterances.ts";

export function callerWrote(
  s: CallState,
  { ref, playing }: EventOf<"caller_wrote">,
  out: CallAction[],
  nowMs: number,
): void {
  s.lastActivityMs = nowMs;
  reopen(s);
  if (s.phase === "ending") return;
  s.prompted = false;
  s.toldToWait = false;
  const wrote = utterance(s, "text", nowMs);
  if (s.phase === "opening") return awaitAnswer(s, { ...wrote, unsentRef: ref }, out);
  // Whoever types hasn't said anything.
  if (s.alarm && s.voiceSinceMs === null) callOff(s, playing, out, nowMs);
  const open = openAnswer(s);
  if (s.soundSinceMs !== null || s.alarm || (open && !open.cancelled)) {
    interrupt(s, playing, out, nowMs);
  }
  if (s.sessionLostMs !== null) return awaitAnswer(s, { ...wrote, unsentRef: ref }, out);
  out.push({ type: "send_text", utterance: wrote.id, ref });
  awaitAnswer(s, wrote, out);
}

/** What was written stands in the conversation. */
export function textTaken(s: CallState, { name }: EventOf<"text_taken">): void {
  take(s, ({ id }) => textName(id) === name);
}

/** A key was pressed: somebody is there, though nothing is to be heard. */
export function callerTypes(
  s: CallState,
  _event: EventOf<"caller_types">,
  _out: CallAction[],
  nowMs: number,
): void {
  s.lastActivityMs = nowMs;
  s.prompted = false;
}
