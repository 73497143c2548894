/**
 * What the caller said, and where it is: being said, or waiting for its answer.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import type { CallState, Utterance } from "./state.ts";

/** Utterances that may wait for answers; one answer serves them all. */
const MAX_AWAITING = 50;
/** Two detectors may differ by this much about where a voice ended. */
export const REST_MS = 300;

export function utterance(s: CallState, by: Utterance["by"], onsetMs: number): Utterance {
  return {
    id: ++s.lastId,
    by,
    onsetMs,
    endMs: onsetMs,
    items: [],
    taken: false,
    brainAnswersSinceMs: null,
    uncommitted: false,
    unsentRef: 0,
  };
}

export const withItem = (u: Utterance, itemId: string | undefined): Utterance =>
  !itemId || u.items.includes(itemId) ? u : { ...u, items: [...u.items, itemId] };

export const isLocal = (s: CallState) => s.settings.turns === "local";

/** What was being said waits for its answer from now on. */
export function endTurn(s: CallState, brainAnswers: boolean, out: CallAction[], nowMs = 0): void {
  const ended = s.speaking!;
  s.speaking = null;
  // What an old false alarm left in the brain's buffer is committed with it.
  if (isLocal(s)) s.lastAlarm = null;
  const brainAnswersSinceMs = brainAnswers ? nowMs : null;
  awaitAnswer(s, { ...ended, endMs: endOf(s, ended), brainAnswersSinceMs }, out);
}

/** Of whoever goes on, or was heard by the brain alone, what the brain's item holds has ended. */
function endOf(s: CallState, { onsetMs, endMs }: Utterance): number {
  const known = endMs > onsetMs && (isLocal(s) || endMs <= s.brainHeardToMs + REST_MS);
  return known ? endMs : Math.max(onsetMs, s.brainHeardToMs);
}

export function awaitAnswer(s: CallState, u: Utterance, out: CallAction[]): void {
  s.awaiting = [...s.awaiting, u].slice(-MAX_AWAITING);
  // Prompts were for a caller who says nothing.
  s.owes = s.owes.filter((kind) => kind === "greeting" || kind === "tool");
  s.maybeMeant = null;
  s.goodbyeFor = null;
  if (u.by === "voice") s.turnEndMs = u.endMs;
  const kind = u.by === "text" ? "text" : s.turnBegan ? "goes_on" : "answer";
  s.turnBegan = true;
  out.push({ type: "begin_turn", kind, startedMs: u.endMs });
}

/** We have ended it ourselves, and it has its answer or waits for one. */
export function isKnown(s: CallState, itemId: string): boolean {
  const holds = ({ items }: Utterance) => items.includes(itemId);
  return s.awaiting.some(holds) || s.answers.some(({ utterances }) => utterances.some(holds));
}

/** The oldest words that we have committed ourselves, and the brain hasn't taken yet. */
export function committedByUs(s: CallState): Utterance | undefined {
  const all = [...s.answers.flatMap(({ utterances }) => utterances), ...s.awaiting];
  return all.filter(({ by, taken, items }) => by === "voice" && !taken && items.length === 0)
    .sort((a, b) => a.id - b.id)[0];
}

/** Answers that the brain begins from now on know it. */
export function take(s: CallState, isIt: (u: Utterance) => boolean): void {
  const taken = (u: Utterance) => isIt(u) ? { ...u, taken: true } : u;
  s.awaiting = s.awaiting.map(taken);
  s.answers = s.answers.map((a) => ({ ...a, utterances: a.utterances.map(taken) }));
}

/** What we have committed ourselves stands in the conversation, under this name. */
export function takeAs(s: CallState, id: number, itemId: string): void {
  const taken = (u: Utterance) => u.id === id ? { ...withItem(u, itemId), taken: true } : u;
  s.awaiting = s.awaiting.map(taken);
  s.answers = s.answers.map((a) => ({ ...a, utterances: a.utterances.map(taken) }));
}

/** What was said after the end of the brain's item it has not heard yet. */
export function keepRest(s: CallState): void {
  const rest = s.voiceEndMs > s.brainHeardToMs + REST_MS;
  const going = s.voiceSinceMs !== null;
  if (!rest && !going) return;
  const onsetMs = rest ? s.brainHeardToMs : Math.max(s.brainHeardToMs, s.voiceSinceMs!);
  const said = utterance(s, "voice", onsetMs);
  s.speaking = going ? said : { ...said, endMs: s.voiceEndMs };
}

/** Where the oldest of the caller's words begins that may have to be heard again; Infinity for none. */
export function unansweredSinceMs(s: Readonly<CallState>): number {
  let sinceMs = s.sessionLostMs ?? Infinity;
  const add = (said: Utterance | null) => {
    if (said && said.by === "voice") sinceMs = Math.min(sinceMs, said.onsetMs);
  };
  add(s.speaking);
  add(s.maybeMeant);
  add(s.unheard);
  for (const said of s.awaiting) add(said);
  for (const { utterances } of s.answers) for (const said of utterances) add(said);
  return sinceMs;
}
