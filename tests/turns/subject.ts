/**
 * What is explored, seen from the world around it: something that takes events at times and answers
 * with actions, and says when it next wants to be woken. The machine is one; a machine of another
 * day can be made another.
 *
 * @module
 */

import { deadline, nextDeadline, TIMERS } from "../../call/turns/deadlines.ts";
import { step } from "../../call/turns/machine.ts";
import { answerName, type CallAction } from "../../call/turns/actions.ts";
import type { CallEvent } from "../../call/turns/events.ts";
import { type CallState, openingState, type TurnSettings } from "../../call/turns/state.ts";

/** `S` is its state: plain data that it never changes in place. */
export interface Subject<S> {
  open(settings: TurnSettings, nowMs: number): S;
  step(state: S, event: CallEvent, nowMs: number): { state: S; actions: readonly CallAction[] };
  next(state: S): { name: string; atMs: number } | null;
  timer(
    state: S,
    name: string,
    playing: Extract<CallEvent, { type: "timer" }>["playing"],
  ): CallEvent;
  isClosed(state: S): boolean;
  /** It says its last words. */
  isEnding(state: S): boolean;
  /** It ends, whatever the caller says: not even a goodbye to a silent one can be spoken into. */
  isOver(state: S): boolean;
  /** Whether a piece of audio of this response is still wanted. */
  wants(state: S, responseId: string): boolean;
  /** Whether a request of this name, or what it can mean without one, still waits for its answer. */
  waitsFor(state: S, name: string): boolean;
  /** It knows that something of ours is to be heard. */
  sounds(state: S): boolean;
  /** Times that the last net caught. */
  deadAirs(state: S): number;
  /** What it has not finished, in words: of a call at rest, nothing. */
  left(state: S): string[];
  /** Of the caller's voice: what another session is told as said, and from where on it hears anew. */
  told(state: S): { ended: { onsetMs: number; endMs: number }[]; speakingFromMs: number | null };
  /** Timers that are not due. */
  sleeping(state: S, nowMs: number): string[];
}

function left(s: CallState): string[] {
  const things = {
    "a voice": s.voiceSinceMs !== null,
    "an item": s.brainItem !== null,
    "words": s.speaking !== null,
    "an utterance": s.awaiting.length > 0,
    "an alarm": s.alarm !== null,
    "an early answer": s.earlyUtterance !== 0,
    "a tool": s.heldTool !== null,
    "unheard words": s.unheard !== null,
    "words that may be meant": s.maybeMeant !== null,
    "an answer": s.answers.length > 0,
    "a debt": s.owes.length > 0,
    "a sound": s.soundSinceMs !== null,
    "a hold": s.held,
    "a retry": s.retryAtMs !== null,
    "a muted line": s.uplinkMuted,
    "no silence": s.quietSinceMs === null,
  };
  return Object.entries(things).filter(([, there]) => there).map(([name]) => name);
}

function told({ awaiting, answers, maybeMeant, speaking }: CallState) {
  const answered = answers.flatMap(({ utterances }) => utterances);
  const ended = [...awaiting, ...answered, ...maybeMeant ? [maybeMeant] : []];
  return {
    ended: ended.filter(({ by }) => by === "voice"),
    speakingFromMs: speaking?.onsetMs ?? null,
  };
}

/** The machine as it is. */
export const machine: Subject<CallState> = {
  open: openingState,
  step,
  next: nextDeadline,
  timer: (_state, name, playing) =>
    ({ type: "timer", name, playing }) as Extract<CallEvent, { type: "timer" }>,
  isClosed: ({ phase }) => phase === "closed",
  isEnding: ({ phase }) => phase === "ending",
  isOver: ({ phase, endReason }) => phase === "ending" && endReason !== "caller_silent",
  wants: ({ answers }, id) => answers.some((a) => a.responseId === id && !a.cancelled),
  waitsFor: ({ phase, answers, awaiting }, name) =>
    (name.startsWith("commit_") && phase === "open") ||
    (name === "" && awaiting.some(({ brainAnswersSinceMs }) => brainAnswersSinceMs !== null)) ||
    answers.some((a) =>
      !a.cancelled && a.responseId === null && (name === "" || answerName(a.id) === name)
    ),
  sounds: ({ soundSinceMs }) => soundSinceMs !== null,
  deadAirs: ({ deadAirs }) => deadAirs,
  left,
  told,
  sleeping: (state, nowMs) => TIMERS.filter((name) => deadline(state, name) > nowMs + 1),
};
