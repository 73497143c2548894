/**
 * The caller of the explored world, and what our own ears tell of them.
 *
 * @module
 */

import { activeOf } from "./brain_moves.ts";
import { tell } from "./effects.ts";
import {
  breaks,
  hearInBuffer,
  leftMs,
  playingOf,
  type Said,
  say,
  voiceOf,
  type World,
} from "./world.ts";

export function pass<S>(w: World<S>, ms: number): void {
  w.nowMs += ms;
}

export function newSaid<S>(w: World<S>, kind: Said["kind"], onsetMs: number): Said {
  const said = {
    id: ++w.ids,
    kind,
    onsetMs,
    voiced: kind !== "typed",
    finished: kind === "typed",
    endMs: kind === "typed" ? w.nowMs : 0,
    guarded: false,
    faint: false,
    deaf: false,
    sentMs: onsetMs,
    missed: false,
    sent: false,
    repeated: w.askedToRepeat,
    items: [],
    answeredBy: [],
  };
  w.said.push(said);
  return said;
}

/** An answer is in the middle of being spoken, and more of it may come. */
const speaksOn = <S>(w: World<S>) => {
  const active = activeOf(w);
  return active !== undefined && w.pieces.some(({ responseId }) => responseId === active.id);
};

/** The caller opens their mouth. */
export function begins<S>(w: World<S>, kind: "question" | "cough"): void {
  pass(w, 60);
  const guarded = kind === "cough" && isGuarded(w);
  newSaid(w, kind, w.nowMs - 50).guarded = guarded;
  voice(w);
}

/** Something of ours is being heard, and enough is left of it that a short sound is no answer to it. */
function isGuarded<S>(w: World<S>): boolean {
  // What a brain commits without having announced it, nobody can tell from words; and a phrase of
  // ours is nearly over when it begins.
  if (!w.settings.announces || !w.audible || w.held || w.phrases > 0) return false;
  const active = activeOf(w);
  const isHeard = w.pieces.some((p) =>
    p.heardMs >= 200 && (p.heardMs < p.receivedMs || p.responseId === active?.id)
  );
  return isHeard && (speaksOn(w) || leftMs(w) > 2700) &&
    w.said.every(({ endMs }) => endMs < w.nowMs - 1300);
}

/** The caller says something that only the brain can hear; over our own sound it counts for little. */
export function mutters<S>(w: World<S>): void {
  pass(w, 60);
  newSaid(w, w.audible ? "cough" : "question", w.nowMs - 50).faint = true;
  voice(w);
}

/** The voice is to be heard by our detector: it tells of a beginning, or of more after a pause. */
function voice<S>(w: World<S>): void {
  const said = voiceOf(w)!;
  said.voiced = true;
  w.maybeDone = false;
  if (w.settings.turns === "local" && w.uplinkOpen) hearInBuffer(w, said);
  if (said.faint) {
    if (w.muted) said.deaf = true;
    return;
  }
  if (w.told) tell(w, { type: "caller_resumed", playing: playingOf(w) });
  else {
    w.told = true;
    tell(w, { type: "caller_started", by: "local", onsetMs: w.nowMs - 50 });
  }
  // The brain is given silence in the place of these words.
  if (w.muted && !w.subject.isEnding(w.state)) breaks(w, "the caller speaks into a muted line");
}

/**
 * Words over what the caller has begun to hear last until they are believed: shorter ones can't be
 * told from a cough, unless hardly anything is left to be heard.
 */
export function isDoubted<S>(w: World<S>, said: Said): boolean {
  if (!w.held || said.kind === "cough") return false;
  const begun = w.phrases > 0 || w.pieces.some(({ heardMs }) => heardMs > 0);
  const more = !w.complete || w.cutOff || w.phrases > 0 || activeOf(w) !== undefined;
  return begun && (leftMs(w) > 550 || more || w.up.length + w.down.length > 0);
}

/** From the onset that our detector told of to its pause: words take longer than a cough. */
export const lengthMs = ({ kind }: Said) => kind === "cough" ? 250 : 600;

export function pauses<S>(w: World<S>): void {
  const said = voiceOf(w)!;
  pass(w, lengthMs(said));
  said.voiced = false;
  said.endMs = w.nowMs - 160;
  mayBeMeant(w, said);
  if (w.told) tell(w, { type: "caller_paused", endMs: said.endMs, playing: playingOf(w) });
}

/** At the very end of an answer, a sound may well be meant. */
export function mayBeMeant<S>(w: World<S>, said: Said): void {
  if (!speaksOn(w) && leftMs(w) <= 2600) said.guarded = false;
}

/** At an early silence our ears say that the turn may be over. */
export function maybeDone<S>(w: World<S>): void {
  pass(w, 10);
  w.maybeDone = true;
  tell(w, { type: "caller_maybe_done", endMs: voiceOf(w)!.endMs });
}

/** More words after a pause. What the brain has ended meanwhile was a question of its own. */
export function goesOn<S>(w: World<S>): void {
  pass(w, 60);
  const said = voiceOf(w)!;
  if (w.settings.turns !== "local" && said.items.length > 0) {
    said.finished = true;
    newSaid(w, said.kind, w.nowMs - 50);
  }
  voice(w);
}

export function stops<S>(w: World<S>): void {
  const said = voiceOf(w)!;
  pass(w, 40);
  said.voiced = false;
  said.finished = true;
  w.maybeDone = false;
  if (!w.told) return;
  w.told = false;
  tell(w, {
    type: "caller_stopped",
    by: "local",
    endMs: said.endMs,
    playing: playingOf(w),
  });
}

export function types<S>(w: World<S>): void {
  const { id } = newSaid(w, "typed", w.nowMs);
  // It ends what was to be heard, and with it the doubt about a sound over it.
  for (const said of w.said) said.guarded = false;
  tell(w, { type: "caller_wrote", ref: id, playing: playingOf(w) });
}

/** What was said and no item holds yet: the brain's detector has still to hear it. */
export function unheardByBrain<S>(w: World<S>, kind?: "question"): Said | undefined {
  return w.said.find((said) =>
    said.kind !== "typed" && (!kind || said.kind === kind) && said.items.length === 0 &&
    !said.deaf && !said.missed &&
    !w.brain.buffer.includes(said.id)
  );
}

export function brainHears<S>(w: World<S>): void {
  const said = unheardByBrain(w)!;
  hearInBuffer(w, said);
  if (w.brain.item !== "") return;
  const itemId = w.brain.item = `i${++w.ids}`;
  if (!w.settings.announces) return;
  const named = w.settings.namesItems ? itemId : "";
  say(w, { type: "caller_started", by: "brain", onsetMs: said.onsetMs, itemId: named });
}
