/**
 * Liveness: from here on the caller is silent, and the brain is well again, or mute, or refuses
 * everything. Either way the caller must hear something, and what was asked must be answered.
 *
 * @module
 */

import { activeOf, commitHeard, finish, saysAll, speak, takeRequest } from "./brain_moves.ts";
import { brainHears, isDoubted, pauses, stops, unheardByBrain } from "./caller_moves.ts";
import { tell } from "./effects.ts";
import { hear } from "./hearing.ts";
import { deliver, ring } from "./moves.ts";
import { stands } from "./session_moves.ts";
import {
  breaks,
  fork,
  isClosed,
  isLost,
  isOpening,
  playingOf,
  type Said,
  type World,
} from "./world.ts";

/** More than this many moves without rest is a circle. */
const MAX_MOVES = 400;
/** The longest silence, while something that was asked is not answered. */
const SILENT_MS = 9000;
/** Rest for this long is rest. */
const REST_MS = 60_000;
/** After no more than these, a brain that is well again is not given up. */
const FEW_TROUBLES = 1;

/** What nobody could hear nobody has to answer; what the brain misses twice is not asked for again. */
const isUnanswered = ({ kind, answeredBy, faint, repeated, items }: Said) =>
  kind !== "cough" && answeredBy.length === 0 && !((faint || repeated) && items.length === 0);

/** All goes well from here on: whatever was asked is answered, once, and everything comes to rest. */
export function checkCalm<S>(from: World<S>, slowMs = 0): World<S> {
  const w = fork(from);
  const deadAirs = w.subject.deadAirs(w.state);
  settleCaller(w);
  const startMs = w.nowMs;
  for (let n = 0; !isClosed(w) && w.broken.length === 0; n++) {
    if (n > MAX_MOVES) return breaks(w, "goes round in circles"), w;
    if (!goWell(w, slowMs)) break;
    patience(w, startMs);
    const { silencePromptMs } = w.settings;
    if (isRest(w) && w.nowMs > startMs + REST_MS && silencePromptMs === 0) break;
  }
  if (w.broken.length > 0) return w;
  if (isClosed(w)) return checkEnd(from, w, startMs, slowMs), w;
  if (w.settings.silencePromptMs > 0) breaks(w, "never says goodbye to a silent caller");
  if (w.hopeless && w.ready) breaks(w, "goes on without hope");
  const asked = w.said.find((said) =>
    isUnanswered(said) && !(said.faint && said.items.every((item) => w.deleted.includes(item)))
  );
  if (asked) breaks(w, `a ${asked.kind} is never answered`);
  if (w.held) breaks(w, "playback is held for ever");
  const greeted = w.greetingsHeard > 0 || w.tools.some(({ ran }) => ran);
  if (w.settings.greets && !greeted) breaks(w, "never greets");
  if (w.subject.deadAirs(w.state) > deadAirs) breaks(w, "the last net had to catch");
  const { resumes } = w.settings;
  const welcomed = w.brain.responses.some(({ kind, heardMs }) =>
    kind === "welcome_back" && heardMs > 0
  );
  if (resumes === "welcome_back" && !welcomed && !greeted && w.said.length === 0) {
    breaks(w, "never welcomes back");
  }
  if (w.cutOff) breaks(w, "an answer that was cut off never goes on");
  if (w.uplinkOpen !== (w.settings.turns !== "local")) breaks(w, "leaves the uplink wrong");
  if (w.muted) breaks(w, "leaves the line muted");
  const tool = w.tools.find(({ wanted, ran, responseId }) =>
    wanted && !ran && !w.brain.responses.find(({ id }) => id === responseId)!.cancelled
  );
  if (tool) breaks(w, "a tool is never run");
  checkMemory(w);
  const left = w.subject.left(w.state);
  if (left.length > 0) breaks(w, `rests with ${left.join(", ")}`);
  return w;
}

/** Why a call may come to an end while all goes well. */
function checkEnd<S>(from: World<S>, w: World<S>, startMs: number, slowMs: number): void {
  const { reason } = w.closed!;
  const lingersMs = w.nowMs - Math.max(w.lastSoundMs, startMs);
  const calm = !w.disturbed && slowMs === 0;
  if (calm && lingersMs > 1000 && !reason.endsWith("limit") && !isClosed(from)) {
    breaks(w, "lingers after its last words");
  }
  if (reason === "brain_failed") {
    const despairs = w.hopeless || isClosed(from) || w.subject.isEnding(from.state) ||
      isOpening(from) || from.troubles > FEW_TROUBLES || activeOf(from)?.stalled ||
      from.up.length + from.down.length > 0;
    if (!despairs) breaks(w, "gives up on a brain that is well");
    return;
  }
  const hungUp = w.tools.some(({ hangsUp, ran }) => hangsUp && ran);
  if (reason === "agent_hung_up" && hungUp) return;
  const waited = w.nowMs >= w.endingMs + 3000;
  // A cough into the goodbye takes the count of prompts back.
  const once = w.prompts <= 1 && (w.goodbyes === 1 || waited);
  if (reason === "caller_silent" && (once || w.disturbed || w.tools.length > 0)) {
    // Whoever speaks into it is there.
    if (w.said.some((said) => isUnanswered(said) && !said.faint)) {
      breaks(w, "says goodbye to a question");
    }
    return;
  }
  if (reason.endsWith("limit")) return;
  breaks(w, `closes for ${reason}`);
}

/** What the model remembers is what was said, and of its answers what the caller heard. */
function checkMemory<S>(w: World<S>): void {
  const holdsWords = (item: string) =>
    w.said.some(({ guarded, items }) => !guarded && items.includes(item));
  for (const { guarded, items } of w.said) {
    const kept = items.some((item) => !w.deleted.includes(item) && !holdsWords(item));
    if (guarded && kept) breaks(w, "the model remembers a cough");
  }
  for (const { itemId, audioMs, heardMs, keptMs, stalled } of w.brain.responses) {
    // One that fell silent half way was heard to where it came; how much more it says nobody knows.
    if (stalled && heardMs > 0) continue;
    // At an answer that comes before its commit nobody looks at what plays.
    if (!w.settings.commitsFirst) continue;
    if (itemId === "" || w.deleted.includes(itemId) || heardMs === audioMs) continue;
    if (keptMs < 0) breaks(w, "the model remembers what nobody heard");
  }
}

/** Whoever has asked something is not left in silence. */
function patience<S>(w: World<S>, startMs: number): void {
  const lastMs = Math.max(w.lastSoundMs, startMs);
  // A voice that only the brain hears it may hear for long.
  if (w.said.some(({ faint }) => faint)) return;
  if (w.nowMs - lastMs <= SILENT_MS || w.audible || isOpening(w) || !w.said.some(isUnanswered)) {
    return;
  }
  breaks(w, "leaves the caller in silence");
}

type Storm = "mute" | "refuses" | "stalls" | "empties";

/** The brain says nothing more, or no to everything: the caller hears of it, and is let go. */
export function checkStorm<S>(from: World<S>, storm: Storm): World<S> {
  const w = fork(from);
  settleCaller(w);
  const startMs = w.nowMs;
  // What only the brain can hear, and never hears the end of, it may take for speech for long.
  if (w.brain.item !== "" && w.said.some(({ faint }) => faint)) return w;
  // What a brain commits without a word before, nobody knows the length of.
  const owed = w.said.some((said) => !said.faint && isUnanswered(said)) && !isOpening(w) &&
    w.settings.announces;
  if (storm === "mute") {
    w.down = [];
    w.downAtMs = [];
  }
  for (let n = 0; !isClosed(w) && w.broken.length === 0; n++) {
    if (n > MAX_MOVES) return breaks(w, `goes round in circles when the brain ${storm}`), w;
    if (w.audible && !w.held) hear(w, Infinity);
    if (w.settings.announces) patience(w, startMs);
    if (storm !== "mute" && w.down.length > 0) {
      deliver(w);
      continue;
    }
    if (storm !== "mute" && w.ready && w.up.length > 0) {
      const hears = storm === "empties" && w.up[0]!.type === "commit";
      takeRequest(w, hears ? "none" : storm);
      continue;
    }
    const next = w.subject.next(w.state);
    if (!next || (/limit/.test(next.name) && !w.settings.limits)) break;
    ring(w);
  }
  if (isClosed(w) || w.broken.length > 0) return w;
  if (isLost(w)) breaks(w, "a session is waited for without end");
  if (!owed) return w;
  if (w.lastSoundMs < startMs) breaks(w, `the brain ${storm}, and the caller waits for ever`);
  return w;
}

/** The caller stops talking, and from then on is silent. */
export function settleCaller<S>(w: World<S>): void {
  for (const said of [...w.said]) {
    if (said.finished) continue;
    // Words that are doubted last until they are believed.
    for (let n = 0; n < 5 && said.voiced && isDoubted(w, said); n++) ring(w);
    const now = w.said.find(({ id }) => id === said.id)!;
    if (now.voiced && !isClosed(w)) pauses(w);
    if (!isClosed(w)) stops(w);
  }
}

/** What was asked for is on its way for a while. @returns Whether it has still to arrive. */
function isUnderway<S>(w: World<S>, slowMs: number): boolean {
  const atMs = w.upAtMs[0]! + slowMs;
  if (w.nowMs >= atMs) return false;
  const next = w.subject.next(w.state);
  if (next && next.atMs <= atMs) ring(w);
  else {
    const ms = atMs - w.nowMs;
    w.nowMs = atMs;
    if (w.audible && !w.held) hear(w, ms);
  }
  return true;
}

/** The next good thing. @returns False when there is none: only time can help. */
function goWell<S>(w: World<S>, slowMs: number): boolean {
  const due = w.subject.next(w.state);
  if (w.settings.limits && due && /limit/.test(due.name) && due.atMs <= w.nowMs) {
    return ring(w), true;
  }
  if (!w.gone) {
    if (!w.ready) return stands(w), true;
    if (w.down.length > 0) return deliver(w), true;
    if (w.up.length > 0 && isUnderway(w, slowMs)) return true;
    if (w.up.length > 0) return takeRequest(w, "none"), true;
    if (listens(w)) return true;
    const active = activeOf(w);
    // One that stalls stays so: that much of the storm is not over.
    if (active && !active.stalled) {
      if (active.audioMs === 0 && !active.usedTool) speak(w, active, 1200);
      else if (active.audioMs > 0 && !active.spoken) saysAll(w, active);
      else finish(w, active, "none");
      return true;
    }
  }
  if (w.audible && !w.held) {
    w.nowMs += 10;
    hear(w, Infinity);
    return true;
  }
  const next = w.subject.next(w.state);
  if (!next || (/limit/.test(next.name) && !w.settings.limits)) return false;
  ring(w);
  return true;
}

function listens<S>(w: World<S>): boolean {
  if (w.settings.turns === "local") return false;
  if (unheardByBrain(w, "question")) return brainHears(w), true;
  const { item, stuck } = w.brain;
  if (item === "" || stuck === "always" || stuck === "noise" && !w.muted) return false;
  commitHeard(w, "none");
  return true;
}

function isRest<S>(w: World<S>): boolean {
  return w.down.length === 0 && w.up.length === 0 && !activeOf(w) && !w.audible;
}

/** What is true in every state, whatever comes: those who leave are let go, and no timer runs early. */
export function checkStill<S>(from: World<S>): World<S> {
  const w = fork(from);
  const { subject, state, nowMs } = w;
  if (isClosed(w)) {
    const late = subject.step(state, { type: "agent_silent" }, nowMs);
    if (late.actions.length > 0) breaks(w, "decides after the close");
    return w;
  }
  // What is due now may be done by whatever comes first.
  if ((subject.next(state)?.atMs ?? Infinity) <= nowMs) return w;
  for (const name of subject.sleeping(state, nowMs)) {
    const { actions } = subject.step(state, subject.timer(state, name, playingOf(w)), nowMs);
    if (actions.length > 0) breaks(w, `does what ${name} is for before its time`);
  }
  for (const lost of [true, false]) {
    const left = fork(w);
    tell(left, { type: "caller_left", lost });
    const reason = lost ? "caller_lost" : "caller_hung_up";
    if (left.closed?.reason !== reason || left.closed.hangUp) breaks(w, "doesn't let a caller go");
  }
  const stalled = fork(w);
  tell(stalled, { type: "caller_stalled" });
  const { reason, hangUp } = stalled.closed ?? {};
  if (reason !== "caller_stalled" || hangUp) breaks(w, "goes on with a caller who takes nothing");
  const told = fork(w);
  tell(told, { type: "told_to_end", reason: "draining" });
  if (told.closed?.reason !== "draining") breaks(w, "goes on when told to end");
  return w;
}
