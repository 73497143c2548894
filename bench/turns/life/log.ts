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

export interface CallLog {
  readonly seed: string;
  /** Under which the server knows the call. */
  readonly callId: string;
  readonly needs: readonly Need[];
  readonly utterances: readonly Utterance[];
  /** What was heard of the agent, in ms of the phone's clock. */
  readonly runs: readonly StampedRun[];
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
  const runs = runsOfStamps(readStamps(phone.heard(fromMs, caller.nowMs)));
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
    answers: conversation?.responses ?? [],
    items: conversation?.callerItems ?? [],
    refusals: conversation?.refusals ?? [],
    ended,
    soundAfter: (ms) => phone.firstHeardAfter(ms),
  };
}
