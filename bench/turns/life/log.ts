/**
 * What is known of a conversation when it is over: what the caller said and expected, what was heard,
 * and what the brain has written down. The same from a real call and from a simulated one.
 *
 * @module
 */

import type { Answer } from "../answering.ts";
import type { CallerItem } from "../caller_audio.ts";
import { readStamps, runsOfStamps, type StampedRun } from "../stamps.ts";
import type { Conversation, Refusal } from "../conversation.ts";
import type { LifeCaller, Need, Utterance } from "./caller.ts";
import { type PhraseHeard, phrasesIn } from "./phrases_heard.ts";

export interface CallLog {
  readonly seed: string;
  /** Under which the server knows the call. */
  readonly callId: string;
  readonly needs: readonly Need[];
  readonly utterances: readonly Utterance[];
  /** What was heard of the agent, in ms of the phone's clock. */
  readonly runs: readonly StampedRun[];
  /** What the server said itself, likewise. */
  readonly phrases: readonly PhraseHeard[];
  readonly answers: readonly Answer[];
  readonly items: readonly CallerItem[];
  readonly refusals: readonly Refusal[];
  /** Why the call ended before the caller had finished; empty when the caller hung up. */
  readonly ended: string;
  /** When any sound was first heard at or after then; null for never. */
  soundAfter(ms: number): number | null;
}

/** The phone's side. */
export interface Heard {
  heard(fromMs: number, toMs: number): Uint8Array<ArrayBuffer>;
  firstHeardAfter(fromMs: number): number | null;
}

export function logOf(
  seed: string,
  caller: LifeCaller,
  phone: Heard,
  fromMs: number,
  conversation: Conversation | null,
  ended: string,
  callId = "",
): CallLog {
  const bytes = phone.heard(fromMs, caller.nowMs);
  const stamps = readStamps(bytes);
  const runs = runsOfStamps(stamps);
  for (const run of runs) {
    run.fromMs += fromMs;
    run.toMs += fromMs;
  }
  return {
    seed,
    callId,
    needs: caller.needs,
    utterances: caller.utterances,
    runs,
    phrases: phrasesIn(bytes, stamps).map((phrase) => ({
      fromMs: phrase.fromMs + fromMs,
      toMs: phrase.toMs + fromMs,
    })),
    answers: conversation?.responses ?? [],
    items: conversation?.callerItems ?? [],
    refusals: conversation?.refusals ?? [],
    ended,
    soundAfter: (ms) => phone.firstHeardAfter(ms),
  };
}
