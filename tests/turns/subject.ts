/**
 * What is explored, seen from the world around it: something that takes events at times and answers
 * with actions, and says when it next wants to be woken. The machine is one; a machine of another
 * day can be made another.
 *
 * @module
 */

import { nextDeadline } from "../../call/deadlines.ts";
import { step } from "../../call/machine.ts";
import {
  type CallAction,
  type CallEvent,
  type CallState,
  openingState,
  type TurnSettings,
} from "../../call/state.ts";

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
  /** Whether a piece of audio of this response is still wanted. */
  wants(state: S, responseId: string): boolean;
  /** Times that the last net caught. */
  deadAirs(state: S): number;
}

/** The machine as it is. */
export const machine: Subject<CallState> = {
  open: openingState,
  step,
  next: nextDeadline,
  timer: (_state, name, playing) =>
    ({ type: "timer", name, playing }) as Extract<CallEvent, { type: "timer" }>,
  isClosed: ({ phase }) => phase === "closed",
  wants: ({ answers }, id) => answers.some((a) => a.responseId === id && !a.cancelled),
  deadAirs: ({ deadAirs }) => deadAirs,
};
