/**
 * Liveness: from here on the caller is silent, and either everything goes well or the brain says
 * nothing more at all. Either way the caller must hear something, and what was asked must be answered.
 *
 * @module
 */

import { activeOf, commitHeard, finish, speak, takeRequest } from "./brain_moves.ts";
import {
  brainHears,
  deliver,
  isDoubted,
  pauses,
  ready,
  ring,
  stops,
  unheardByBrain,
} from "./moves.ts";
import { breaks, fork, hear, isClosed, type World } from "./world.ts";

/** More than this many moves without rest is a circle. */
const MAX_MOVES = 400;
/** From the caller's last word to a sound of ours: the longest that may be. */
export const SOUND_WITHIN_MS = 10_000;

/** All goes well from here on: whatever was asked is answered, once, and everything comes to rest. */
export function checkCalm<S>(from: World<S>): World<S> {
  const w = fork(from);
  const deadAirs = w.subject.deadAirs(w.state);
  const startMs = settleCaller(w);
  const sounds = w.lastSoundMs;
  let answeredMs = Infinity;
  for (let n = 0; !isClosed(w) && w.broken.length === 0; n++) {
    if (n > MAX_MOVES) return breaks(w, "goes round in circles"), w;
    if (w.lastSoundMs > sounds) answeredMs = Math.min(answeredMs, w.lastSoundMs);
    if (!goWell(w)) break;
    if (isRest(w) && w.nowMs > startMs + 60_000) break;
  }
  if (isClosed(w) || w.broken.length > 0) return w;
  const asked = w.said.find((said) => said.kind !== "cough" && said.answeredBy.length === 0);
  if (asked) breaks(w, `a ${asked.kind} is never answered`);
  if (w.held) breaks(w, "playback is held for ever");
  if (w.settings.greets && w.greetingsHeard === 0) breaks(w, "never greets");
  if (w.subject.deadAirs(w.state) > deadAirs) breaks(w, "the last net had to catch");
  return w;
}

/** The brain says nothing more: the caller hears of it, or is said goodbye to. */
export function checkMute<S>(from: World<S>): World<S> {
  const w = fork(from);
  const startMs = settleCaller(w);
  const owed = w.said.some((said) => said.kind !== "cough" && said.answeredBy.length === 0);
  w.down = [];
  w.downAtMs = [];
  for (let n = 0; !isClosed(w) && w.broken.length === 0; n++) {
    if (n > MAX_MOVES) return breaks(w, "goes round in circles when the brain is mute"), w;
    if (w.audible && !w.held) hear(w, Infinity);
    if (w.lastSoundMs >= startMs) return w;
    const next = w.subject.next(w.state);
    if (!next || next.atMs > startMs + 3 * SOUND_WITHIN_MS || /limit/.test(next.name)) break;
    ring(w);
  }
  if (isClosed(w) || w.broken.length > 0 || !owed) return w;
  if (!w.ready) return w;
  breaks(w, "the brain is mute, and the caller waits in silence for ever");
  return w;
}

/** The caller stops talking, and from then on is silent. @returns when that was. */
function settleCaller<S>(w: World<S>): number {
  for (const said of [...w.said]) {
    if (said.finished) continue;
    // Words that are doubted last until they are believed.
    for (let n = 0; n < 5 && said.voiced && isDoubted(w, said); n++) ring(w);
    const now = w.said.find(({ id }) => id === said.id)!;
    if (now.voiced && !isClosed(w)) pauses(w);
    if (!isClosed(w)) stops(w);
  }
  return w.nowMs;
}

/** The next good thing. @returns False when there is none: only time can help. */
function goWell<S>(w: World<S>): boolean {
  if (!w.ready) return ready(w), true;
  if (w.down.length > 0) return deliver(w), true;
  if (w.up.length > 0) return takeRequest(w, "none"), true;
  if (w.settings.turns !== "local") {
    if (unheardByBrain(w) && w.said.some((s) => s.items.length === 0 && s.kind === "question")) {
      return brainHears(w), true;
    }
    if (w.brain.item !== "") return commitHeard(w, "none"), true;
  }
  const active = activeOf(w);
  // One that stalls stays so: that much of the storm is not over.
  if (active && !active.stalled) {
    if (active.audioMs === 0) speak(w, active, 1200);
    else finish(w, active, false);
    return true;
  }
  if (w.audible && !w.held) {
    w.nowMs += 10;
    hear(w, Infinity);
    return true;
  }
  const next = w.subject.next(w.state);
  if (!next || /limit/.test(next.name)) return false;
  ring(w);
  return true;
}

function isRest<S>(w: World<S>): boolean {
  return w.down.length === 0 && w.up.length === 0 && !activeOf(w) && !w.audible;
}
