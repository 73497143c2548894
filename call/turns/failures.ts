/**
 * Answers that come to nothing: they fail, stay empty or silent, or the brain stops them.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { callOffAnswer, remove, replace } from "./answers.ts";
import { apologise } from "./ending.ts";
import type { Heard } from "./events.ts";
import { BACKOFF_MS, giveBack, owe, owedAgain, putOff, waitAtLeast } from "./owing.ts";
import type { Answer, CallState } from "./state.ts";

/** Some brains call an answer off when they hear a voice, though they were asked not to. */
export function stoppedByBrain(s: CallState, answer: Answer): void {
  if (answer.sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  if (!answer.sounds) owedAgain(s, answer);
  else if (s.phase === "open") oweRest(s, answer);
}

/**
 * What is left of an answer that has sounded. One that was to finish another is not finished again,
 * and neither is a goodbye.
 */
export function oweRest(s: CallState, { kind }: Answer): void {
  if (kind !== "go_on" && kind !== "goodbye" && !s.heldTool?.hangsUp) owe(s, "go_on");
}

/** It came to nothing: it is asked for again, later each time, and not for ever. */
export function fail(
  s: CallState,
  answer: Answer,
  fatal: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  // What came of it plays on, and may still be cut off before a word of it was heard.
  const plays = answer.sounds && s.soundSinceMs !== null;
  if (plays) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  s.heldTool = null;
  if (s.phase === "ending") return waitAtLeast(s, BACKOFF_MS[0]!, nowMs);
  if (fatal) return apologise(s, "brain_failed", out, nowMs);
  if (answer.sounds) oweRest(s, answer);
  else owedAgain(s, answer);
  putOff(s, out, nowMs);
}

/** Complete, and without a sound: the brain is asked to say so, or we say it. */
export function empty(s: CallState, answer: Answer, out: CallAction[], nowMs: number): void {
  remove(s, answer.id);
  if (s.phase === "ending") return;
  if (answer.kind === "declined" || answer.kind === "unheard") {
    s.turnBegan = false;
    s.soundSinceMs ??= nowMs;
    out.push({ type: "say", phrase: "say_again", why: "empty" });
  } else if (answer.utterances.length > 0 || answer.kind === "tool") {
    giveBack(s, answer.utterances);
    owe(s, "declined");
  }
}

/** Not created, or silent for so long, that it counts as lost. */
export function lost(
  s: CallState,
  answer: Answer,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  // It was complete, and the brain doesn't say so.
  if (answer.spoken) return callOffAnswer(s, answer, out, nowMs);
  if (answer.responseId === null) {
    remove(s, answer.id);
    if (s.echoesNames === "doubtful") s.echoesNames = "no";
  } else callOffAnswer(s, answer, out, nowMs);
  s.silences++;
  for (const itemId of answer.items) {
    const heardMs = playing.find((heard) => heard.itemId === itemId)?.heardMs ?? 0;
    if (!answer.sounds) out.push({ type: "delete_item", itemId });
    // What was on its way is dropped.
    else if (heardMs > 0) out.push({ type: "truncate", itemId, audioEndMs: heardMs });
  }
  if (!answer.sounds) owedAgain(s, answer);
  else if (s.awaiting.length === 0) oweRest(s, answer);
  putOff(s, out, nowMs);
}
