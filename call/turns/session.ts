/**
 * The brain's session stands, or is gone and is replaced: what it owed is owed by the next one, which is
 * told what was said. Meanwhile the caller is heard as before, and what we have of an answer plays on.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { remove, replace } from "./answers.ts";
import { sendWhatWaited } from "./commits.ts";
import { finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { oweRest } from "./failures.ts";
import { owe, owedAgain } from "./owing.ts";
import type { Answer, CallState, Utterance } from "./state.ts";
import { awaitAnswer, utterance } from "./utterances.ts";

export function brainReady(
  s: CallState,
  _event: EventOf<"brain_ready">,
  out: CallAction[],
  nowMs: number,
): void {
  const isFirst = s.phase === "opening";
  if (!isFirst && s.sessionLostMs === null) return;
  s.sessionLostMs = null;
  s.sessionSinceMs = nowMs;
  if (isFirst) s.phase = "open";
  else told(s);
  if (isFirst && s.settings.greets) owe(s, "greeting");
  sendWhatWaited(s, out);
}

export function brainLost(
  s: CallState,
  _event: EventOf<"brain_lost">,
  out: CallAction[],
  nowMs: number,
): void {
  // Nothing was asked of a session that never stood.
  if (s.phase === "opening" || s.sessionLostMs !== null) return;
  s.sessionLostMs = nowMs;
  for (const answer of s.answers) if (!answer.over) answerLost(s, answer);
  if (s.heldTool && !s.heldTool.hangsUp) s.heldTool = null;
  // What is being said it hears anew.
  if (s.speaking) s.speaking = { ...s.speaking, items: [], taken: false };
  s.withdrawn = [];
  s.brainItem = null;
  s.brainEnded = false;
  s.strayUntilMs = 0;
  told(s);
  if (s.uplinkMuted) out.push({ type: "mute_uplink", on: false });
  s.uplinkMuted = false;
  // Its limits were those of the session before.
  s.notBeforeMs = 0;
  s.silences = 0;
  if (s.phase === "ending") finishIfQuiet(s, out);
}

/** Nothing more comes of it: what came plays on, and the next session finishes it or makes it anew. */
function answerLost(s: CallState, answer: Answer): void {
  if (answer.cancelled) return remove(s, answer.id);
  if (answer.sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  if (!answer.sounds) owedAgain(s, answer);
  else if (!answer.spoken && s.phase === "open") oweRest(s, answer);
}

/** What has ended is told to the next session: it stands in its conversation, under other names. */
function told(s: CallState): void {
  const told = (u: Utterance): Utterance => ({
    ...u,
    items: [],
    taken: u.unsentRef === 0,
    brainAnswersSinceMs: null,
    uncommitted: false,
  });
  s.awaiting = s.awaiting.map(told);
  s.answers = s.answers.map((a) => ({ ...a, utterances: a.utterances.map(told) }));
  if (s.maybeMeant) s.maybeMeant = told(s.maybeMeant);
}

export function callResumed(
  s: CallState,
  { owes }: EventOf<"call_resumed">,
  out: CallAction[],
  nowMs: number,
): void {
  // A greeting is owed by the settings.
  if (owes === "nothing" || owes === "greeting") return;
  if (owes !== "answer") return owe(s, owes);
  // Its words are told as they were kept.
  awaitAnswer(s, { ...utterance(s, "text", nowMs), taken: true }, out);
}
