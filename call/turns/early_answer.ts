/**
 * An answer that is asked for at the first silence which may end the turn, and held until the turn is
 * over: the caller who goes on takes it back and never hears of it.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import type { EventOf, Heard } from "./events.ts";
import { interrupt } from "./interruption.ts";
import type { CallState } from "./state.ts";
import { endTurn, utterance } from "./utterances.ts";

/** Silence as at the end of a turn: the answer is asked for, and held until the turn is over. */
export function callerMaybeDone(
  s: CallState,
  { endMs }: EventOf<"caller_maybe_done">,
  out: CallAction[],
): void {
  if (s.phase !== "open" || s.settings.turns !== "local" || !s.speaking || s.held) return;
  if (s.answers.some(({ cancelled }) => !cancelled)) return;
  s.earlyUtterance = s.speaking.id;
  s.speaking = { ...s.speaking, endMs };
  s.held = true;
  out.push({ type: "commit", utterance: s.speaking.id }, { type: "hold" });
  endTurn(s, false, out);
}

/** The caller goes on: the early answer is called off, and their words stay. */
export function takeBack(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const id = s.earlyUtterance;
  interrupt(s, playing, out, nowMs);
  const back = s.awaiting.find((u) => u.id === id);
  s.awaiting = s.awaiting.filter((u) => u.id !== id);
  // Under a new name: its first commit may yet be refused, and the next one brings it all.
  s.speaking = back
    ? { ...back, id: ++s.lastId, items: [], uncommitted: false }
    : s.speaking ?? utterance(s, "voice", nowMs);
}

/** The turn is over: what was held is played, and what was put off is done. */
export function turnIsOver(s: CallState, out: CallAction[]): void {
  s.earlyUtterance = 0;
  s.held = false;
  s.answers = s.answers.map((answer) => answer.early ? { ...answer, early: false } : answer);
  out.push({ type: "resume", why: "turn_over" });
  if (s.soundSinceMs === null && !s.heldTool) s.answers = s.answers.filter(({ over }) => !over);
}
