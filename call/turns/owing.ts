/**
 * What the agent owes: all answers are asked for here, one at a time, and again when they come to
 * nothing.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { newAnswer } from "./answers.ts";
import { openAnswer } from "./deadlines.ts";
import { apologise } from "./ending.ts";
import type { Answer, AnswerKind, CallState, Utterance } from "./state.ts";

/** Pauses before asking again, by how often it failed. */
export const BACKOFF_MS = [150, 500, 1500, 3000];
/** Requests and answers that may come to nothing in a row before we give up. */
const MAX_FAILURES = 5;
/** A brain that wants us to wait for longer has given up on the call. */
export const MAX_RETRY_AFTER_MS = 20_000;
/** Where the brain ends turns, a voice that it can't hear puts an answer off for no longer. */
export const LOCAL_VOICE_MS = 1000;

/** What is owed first is asked for first; one answer serves all utterances that wait. */
const ORDER: readonly AnswerKind[] = [
  "goodbye",
  "greeting",
  "welcome_back",
  "declined",
  "go_on",
  "tool",
  "unheard",
  "still_there",
];

export function owe(s: CallState, kind: AnswerKind): void {
  // Whoever spoke into it is there: nobody says goodbye to them any more.
  if (kind === "goodbye" && s.phase !== "ending") return;
  if (!s.owes.includes(kind)) s.owes = [...s.owes, kind];
}

/** These wait for an answer that we have to ask for, before those that wait already. */
export function giveBack(s: CallState, utterances: readonly Utterance[]): void {
  const ours = utterances.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  s.awaiting = [...ours, ...s.awaiting];
}

/** What the answer was for is owed as before. */
export function owedAgain(s: CallState, answer: Answer): void {
  giveBack(s, answer.utterances);
  if (answer.kind !== null && answer.kind !== "turn") owe(s, answer.kind);
}

/** The one place where answers are asked for: runs after every event. */
export function pursue(s: CallState, out: CallAction[], nowMs: number): void {
  s.retryAtMs = null;
  const ending = s.phase === "ending" && s.owes.includes("goodbye");
  if ((s.phase !== "open" && !ending) || s.sessionLostMs !== null) return;
  // Who says something needs no prompt, and whoever is answered hears from us.
  if (s.awaiting.length > 0) s.owes = s.owes.filter((kind) => !isPrompt(kind));
  if (s.awaiting.length === 0 && s.owes.length === 0) return;
  if (openAnswer(s) || (s.alarm && !ending)) return;
  // The brain is about to begin one by itself, and it will answer all that waits.
  if (s.awaiting.some(({ brainAnswersSinceMs }) => brainAnswersSinceMs !== null)) return;
  if (!ending && callerHasFloor(s, nowMs)) return;
  // Prompts are for a silence: what still plays may make them needless.
  if (s.soundSinceMs !== null && s.awaiting.length === 0 && s.owes.every(isPrompt)) return;
  if (nowMs < s.notBeforeMs) s.retryAtMs = s.notBeforeMs;
  else ask(s, out, nowMs);
}

const isPrompt = (kind: AnswerKind) => kind === "still_there" || kind === "unheard";

/** Whether the caller is speaking, by the word of whoever ends turns. */
function callerHasFloor(s: CallState, nowMs: number): boolean {
  if (s.earlyUtterance !== 0) return false;
  if (s.settings.turns === "local") return s.voiceSinceMs !== null;
  // What our own detector heard the brain will hear too, if it is anything.
  if (s.brainItem !== null || s.speaking !== null && s.voiceSinceMs === null) return true;
  if (s.voiceSinceMs === null || nowMs >= s.voiceSinceMs + LOCAL_VOICE_MS) return false;
  s.retryAtMs = s.voiceSinceMs + LOCAL_VOICE_MS;
  return true;
}

function ask(s: CallState, out: CallAction[], nowMs: number): void {
  const kind = ORDER.find((wanted) => s.owes.includes(wanted)) ?? "turn";
  for (const { id, uncommitted } of s.awaiting) {
    if (uncommitted) out.push({ type: "commit", utterance: id });
  }
  const utterances = s.awaiting.map((u) => u.uncommitted ? { ...u, uncommitted: false } : u);
  s.awaiting = [];
  s.owes = s.owes.filter((owed) => owed !== kind);
  // Whoever is answered needs nothing beside it.
  if (utterances.length > 0) s.owes = [];
  if (s.maybeMeant?.taken) s.maybeMeant = null;
  if (kind === "unheard") s.askedToRepeat = true;
  const { id } = newAnswer(s, {
    kind,
    utterances,
    responseId: null,
    early: s.earlyUtterance !== 0,
    cancelled: false,
  }, nowMs);
  if (!s.turnBegan) {
    s.turnBegan = true;
    const turn = kind === "tool" ? "tool" : kind === "turn" ? "answer" : "greeting";
    out.push({ type: "begin_turn", kind: turn, startedMs: nowMs });
  }
  out.push({ type: "create_response", answer: id, kind });
}

/** The brain's limits count for whatever is asked next, also when this was not wanted any more. */
export function waitAtLeast(s: CallState, waitMs: number, nowMs: number): void {
  s.notBeforeMs = Math.max(s.notBeforeMs, nowMs + waitMs);
}

/** Counts a failure; nothing is asked for until its pause is over. */
export function putOff(s: CallState, out: CallAction[], nowMs: number): void {
  s.failures++;
  if (s.failures >= MAX_FAILURES) return apologise(s, "brain_failed", out, nowMs);
  const backoffMs = BACKOFF_MS[Math.min(s.failures, BACKOFF_MS.length) - 1]!;
  waitAtLeast(s, backoffMs, nowMs);
}
