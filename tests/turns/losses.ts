/**
 * Liveness where sessions are lost: once and replaced, soon or late; each time that something is asked
 * of one; and never replaced at all.
 *
 * @module
 */

import { takeRequest } from "./brain_moves.ts";
import { unheardByBrain } from "./caller_moves.ts";
import { checkCalm, checkStorm, settleCaller } from "./calm.ts";
import { hear } from "./hearing.ts";
import { deliver, ring } from "./moves.ts";
import { breaksOff, stands } from "./session_moves.ts";
import { breaks, fork, isClosed, isLost, type World } from "./world.ts";

/** A link that dies whenever something is asked is given up after so many moves. */
const MAX_MOVES = 400;
/** Another session stands after this much time at least. */
const UPGRADE_MS = 200;

/** Of a brain that announces nothing, nobody can tell which of several utterances it has committed. */
const canBreak = <S>(w: World<S>) =>
  w.ready && !w.gone && !isClosed(w) &&
  (w.settings.announces || w.said.filter(({ kind }) => kind !== "typed").length <= 1);

/** The session is lost here; another one stands after a time, and all goes well. */
export function checkLoss<S>(from: World<S>, afterMs: number): World<S> {
  const w = fork(from);
  if (!canBreak(w)) return w;
  breaksOff(w);
  if (afterMs > 0) {
    settleCaller(w);
    passes(w, afterMs);
  }
  if (w.broken.length > 0 || isClosed(w)) return w;
  return checkCalm(w);
}

/** The session is lost, and no other can be had. */
export function checkNoOther<S>(from: World<S>): World<S> {
  const w = fork(from);
  if (!canBreak(w)) return w;
  breaksOff(w);
  return checkStorm(w, "mute");
}

/** Each session dies of the first thing that is asked of it, or that it hears. */
export function checkFlaps<S>(from: World<S>): World<S> {
  const w = fork(from);
  if (!canBreak(w)) return w;
  settleCaller(w);
  for (let n = 0; !isClosed(w) && w.broken.length === 0; n++) {
    if (n > MAX_MOVES) return breaks(w, "each session dies, and the call goes on for ever"), w;
    if (isLost(w)) {
      passes(w, UPGRADE_MS);
      if (!isClosed(w) && w.broken.length === 0) stands(w);
    } else if (w.up[0]?.type === "create_response") breaksOff(w);
    else if (w.settings.turns !== "local" && unheardByBrain(w)) breaksOff(w);
    else if (w.up.length > 0) takeRequest(w, "none");
    else if (w.down.length > 0) deliver(w);
    else if (w.audible && !w.held) hear(w, Infinity);
    else {
      const next = w.subject.next(w.state);
      if (!next || (/limit/.test(next.name) && !w.settings.limits)) break;
      ring(w);
    }
  }
  return w;
}

function passes<S>(w: World<S>, ms: number): void {
  const untilMs = w.nowMs + ms;
  while (!isClosed(w) && w.broken.length === 0) {
    const next = w.subject.next(w.state);
    if (!next || next.atMs > untilMs) break;
    ring(w);
  }
  if (w.nowMs >= untilMs || isClosed(w)) return;
  if (w.audible && !w.held) hear(w, untilMs - w.nowMs);
  w.nowMs = untilMs;
}
