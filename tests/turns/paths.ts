/**
 * A way through the world by the names of its moves: taken again, made shorter, and written down as a
 * call's recording.
 *
 * @module
 */

import type { CallAction } from "../../call/turns/actions.ts";
import type { CallEvent } from "../../call/turns/events.ts";
import { checkCalm, checkStill, checkStorm } from "./calm.ts";
import { checkFlaps, checkLoss, checkNoOther } from "./losses.ts";
import { moves } from "./moves.ts";
import type { Subject } from "./subject.ts";
import { openWorld } from "./open_world.ts";
import { fork, type World, type WorldSettings } from "./world.ts";

export interface Violation {
  readonly what: string;
  readonly settings: WorldSettings;
  readonly path: readonly string[];
}

/** A lawful brain may take this long to begin. */
const SLOW_MS = 1200;
/** Another session may take this long to stand. */
const LATE_MS = 3000;

/** Last moves of a path: what was asked of the state that it led to. */
export const CHECKS: Readonly<Record<string, <S>(w: World<S>) => World<S>>> = {
  "whatever comes": checkStill,
  "all goes well": (w) => checkCalm(w),
  "all goes well, slowly": (w) => checkCalm(w, SLOW_MS),
  "the brain is mute": (w) => checkStorm(w, "mute"),
  "the brain refuses everything": (w) => checkStorm(w, "refuses"),
  "the brain has nothing to say": (w) => checkStorm(w, "empties"),
  "the brain makes no sound": (w) => checkStorm(w, "stalls"),
  "the session is replaced at once": (w) => checkLoss(w, 0),
  "the session is replaced late": (w) => checkLoss(w, LATE_MS),
  "the session is lost for good": checkNoOther,
  "each session dies": checkFlaps,
};

/** Nothing is too much for a path that was gone before. */
export const ENDLESS = { says: 99, faults: 99, tools: 99 };

/** Takes a path again. @returns The world at its end, or null where a move is not there any more. */
export function retrace<S>(
  subject: Subject<S>,
  settings: WorldSettings,
  path: readonly string[],
): World<S> | null {
  let world = openWorld(subject, settings);
  for (const name of path) {
    const check = CHECKS[name];
    if (check) return check(world);
    const move = moves(world, ENDLESS).find((m) => m.name === name);
    if (!move) return null;
    world = fork(world);
    move.run(world);
  }
  return world;
}

/** Leaves out of a path whatever it goes wrong without, until nothing more can be. */
export function shrink<S>(subject: Subject<S>, violation: Violation): Violation {
  const shorter = shrinkOnce(subject, violation);
  return shorter.path.length < violation.path.length ? shrink(subject, shorter) : violation;
}

function shrinkOnce<S>(subject: Subject<S>, violation: Violation): Violation {
  let { path } = violation;
  for (let length = Math.ceil(path.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at + length <= path.length;) {
      const shorter = [...path.slice(0, at), ...path.slice(at + length)];
      const world = retrace(subject, violation.settings, shorter);
      if (world?.broken[0] === violation.what) path = shorter;
      else at += length;
    }
  }
  return { ...violation, path };
}

/**
 * A violation's path once more, as a call's recording: each event with its time and what was decided.
 * `call/recording.ts` replays it.
 */
export function recordPath<S>(
  subject: Subject<S>,
  { settings, path }: Violation,
): { atMs: number; event: CallEvent; actions: readonly CallAction[] }[] {
  const steps: ReturnType<typeof recordPath> = [];
  const recorded: Subject<S> = {
    ...subject,
    step(state, event, nowMs) {
      const decided = subject.step(state, event, nowMs);
      steps.push({ atMs: nowMs, event, actions: decided.actions });
      return decided;
    },
  };
  retrace(recorded, settings, path);
  return steps;
}
