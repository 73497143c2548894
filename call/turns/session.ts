/**
 * The brain's session stands, or is gone and is replaced: what it owed is owed by the next one, which is
 * told what was said. Meanwhile the caller is heard as before, and what we have of an answer plays on.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { remove, replace } from "./answers.ts";
import { sendWhatWaited } from "./commits.ts";
import { isOwed, openAnswer } from "./deadlines.ts";
import { apologise, finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { oweRest } from "./failures.ts";
import { owe, owedAgain, putOff } from "./owing.ts";
import type { Answer, CallState, Utterance } from "./state.ts";
import { awaitAnswer, REST_MS, utterance } from "./utterances.ts";

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
  const disturbs = isOwed(s) || s.speaking !== null || openAnswer(s) !== undefined;
  for (const answer of s.answers) answerLost(s, answer);
  if (!s.heldTool?.hangsUp) s.heldTool = null;
  hearAnew(s);
  told(s);
  if (s.uplinkMuted) out.push({ type: "mute_uplink", on: false });
  s.uplinkMuted = false;
  forgetBrain(s);
  if (s.phase === "ending") finishIfQuiet(s, out);
  else if (disturbs) disturbed(s, out, nowMs);
}

/** Each session may die of what it is asked: that is not tried for ever, but once without a pause. */
function disturbed(s: CallState, out: CallAction[], nowMs: number): void {
  const isFirst = s.failures === 0;
  putOff(s, out, nowMs);
  if (isFirst) s.notBeforeMs = 0;
}

/** Nothing more comes of it: what came plays on, and the next session finishes it or makes it anew. */
function answerLost(s: CallState, answer: Answer): void {
  const { sounds, spoken, over, cancelled } = answer;
  // A tool that it called and that had to wait is called anew.
  const calls = s.heldTool?.answer === answer.id && !s.heldTool.hangsUp;
  if (over && !calls) return;
  if (cancelled) return remove(s, answer.id);
  if (sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  if (!sounds) owedAgain(s, answer);
  // Also of what was to finish another: it was no fault of the answer.
  else if (answer.kind === "go_on" && !spoken && s.phase === "open") owe(s, "go_on");
  else if ((!spoken || calls) && s.phase === "open") oweRest(s, answer);
}

/** What is being said, and what this session didn't hear, the next one hears from its beginning. */
function hearAnew(s: CallState): void {
  const { speaking, unheard } = s;
  const said = speaking ?? unheard;
  s.unheard = null;
  s.brainItem = null;
  s.brainOnsetMs = null;
  s.brainEnded = false;
  s.withdrawn = [];
  s.strayUntilMs = 0;
  if (!said) return;
  const onsetMs = Math.min(said.onsetMs, unheard?.onsetMs ?? Infinity);
  s.speaking = { ...said, onsetMs, items: [], taken: false };
  // It is no last breath of what was heard before.
  if (said.items.length > 0) s.brainHeardToMs = Math.min(s.brainHeardToMs, onsetMs - REST_MS);
}

/** The next session may be another brain's: its limits and habits are not those of this one. */
function forgetBrain(s: CallState): void {
  s.notBeforeMs = 0;
  s.silences = 0;
  s.slowestSoundMs = 0;
  s.echoesNames = "unknown";
  s.brainAnnounces = false;
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

/** No session can be had any more. */
export function brainFailed(
  s: CallState,
  _event: EventOf<"brain_failed">,
  out: CallAction[],
  nowMs: number,
): void {
  if (s.phase === "open" && s.sessionLostMs !== null && s.soundSinceMs !== null) {
    // What we have of an answer is heard out first: the time for another session is up then.
    s.sessionLostMs = nowMs - s.settings.sessionTimeoutMs;
    return;
  }
  s.answers = [];
  s.owes = [];
  apologise(s, "brain_failed", out, nowMs);
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
  awaitAnswer(s, { ...utterance(s, "voice", nowMs), taken: true }, out);
}
