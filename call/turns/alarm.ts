/**
 * Somebody may be breaking in: playback is held until it is sure that they speak. Then it is dropped,
 * or it goes on where the caller stopped hearing it.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { wasHeard } from "./answers.ts";
import { openAnswer } from "./deadlines.ts";
import type { EventOf, Heard } from "./events.ts";
import { interrupt } from "./interruption.ts";
import { LOCAL_VOICE_MS } from "./owing.ts";
import type { CallState, Utterance } from "./state.ts";
import { endTurn, isLocal, keepRest } from "./utterances.ts";

const FORGET_VOICE: CallAction = { type: "ignore_voice", untilSilence: false };

/** Called off, and heard again within this time of its last voice: it is one attempt. */
export const AGAIN_MS = 600;
/** With local turns: a burst of less voice than this, before any sound of ours, is a click. */
const WORD_MS = 150;
/** A false alarm over this much of an answer, or less, may have been meant after all. */
const MAYBE_MEANT_MS = 2500;
/** After so many answers that no sound came of, a voice before the next one has to wait for it. */
const MAX_OVERTAKEN = 3;
/**
 * Whoever speaks into so little of an answer is answering it: people don't wait for its end. What is
 * left of it is not said any more.
 */
export const TAIL_MS = 600;
export const MAX_WITHDRAWN = 8;
/** What began earlier than an alarm by more than this is not what raised it. */
const SAME_VOICE_MS = 100;
/** For this long the brain may begin an answer to what was withdrawn. */
export const STRAY_MS = 2500;

/**
 * Holds our sound, or the answer in the making, until it is sure that somebody speaks.
 *
 * @param voice `goesOn` when it belongs to what was being said before there was a sound of ours: then
 * it needs no doubt.
 */
export function raiseAlarm(
  s: CallState,
  { goesOn, onsetMs }: { goesOn: boolean; onsetMs: number },
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  if (alarm) {
    s.alarm = { ...alarm, burstFromMs: alarm.burstFromMs ?? onsetMs };
    return;
  }
  const open = openAnswer(s);
  const making = open !== undefined && !open.cancelled;
  if (s.phase !== "open" || s.held || (!making && s.soundSinceMs === null)) return;
  // A line that is never quiet would take every answer back: now one is heard first.
  const noisy = s.overtaken >= MAX_OVERTAKEN;
  if (noisy && s.soundSinceMs === null) return;
  // What was said before our sound began is no interruption of it, however late we hear of it.
  const over = s.soundSinceMs !== null && ((onsetMs >= s.soundSinceMs && !goesOn) || noisy);
  const again = s.lastAlarm !== null && onsetMs - s.lastAlarm.endMs < AGAIN_MS;
  s.alarm = {
    onsetMs,
    heldAtMs: nowMs,
    spokenMs: again ? s.lastAlarm!.spokenMs : 0,
    burstFromMs: onsetMs,
    pausedFromMs: onsetMs,
    audible: over,
  };
  s.held = true;
  out.push({ type: "hold" });
}

/** An answer has come into being while the caller speaks: it waits, and may be overtaken. */
export function speaksMeanwhile(s: CallState, out: CallAction[], nowMs: number): void {
  const { speaking, voiceSinceMs, settings } = s;
  if (!speaking || s.alarm || s.earlyUtterance !== 0) return;
  const recent = voiceSinceMs !== null && nowMs < voiceSinceMs + LOCAL_VOICE_MS;
  const local = settings.turns === "local" ? voiceSinceMs !== null : recent;
  const { onsetMs } = speaking;
  if (local) raiseAlarm(s, { goesOn: true, onsetMs }, out, nowMs);
}

export function callerPaused(
  s: CallState,
  { endMs, playing }: Pick<EventOf<"caller_paused">, "endMs" | "playing">,
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  if (!alarm || alarm.burstFromMs === null) return;
  const spokenMs = alarm.spokenMs + Math.max(0, endMs - alarm.burstFromMs);
  s.alarm = { ...alarm, spokenMs, burstFromMs: null, pausedFromMs: endMs };
  if (!isBegun(s, playing)) beforeSound(s, playing, out, nowMs);
  else if (leftMs(s, playing) <= TAIL_MS) overtake(s, playing, out, nowMs);
}

/** Something was to be heard when the voice began; what was only about to sound needs no doubt. */
function isBegun(s: CallState, playing: readonly Heard[]): boolean {
  return s.alarm!.audible &&
    (s.answers.length === 0 || s.answers.some((answer) => wasHeard(answer, playing)));
}

/** There was nothing to protect: words go on with the caller's turn, a click changes nothing. */
function beforeSound(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const heard = s.settings.turns === "local"
    ? s.alarm!.spokenMs >= WORD_MS
    : s.brainItem !== null || (s.speaking?.items.length ?? 0) > 0;
  if (heard) return overtake(s, playing, out, nowMs);
  s.alarm = null;
  s.held = false;
  out.push({ type: "resume", why: "noise" });
  if (s.settings.turns !== "local") return;
  s.speaking = null;
  s.voiceSinceMs = null;
  out.push(FORGET_VOICE, { type: "close_uplink" });
}

export const isEndedByBrain = (s: CallState) =>
  s.settings.turns !== "local" && s.brainItem === null && s.speaking !== null &&
  s.speaking.items.length > 0;

/** How much is left to be heard; more than anyone knows while it is still being spoken. */
export function leftMs(s: CallState, playing: readonly Heard[]): number {
  const open = openAnswer(s);
  // A "bye" into the end of a goodbye is no interruption of it.
  const leaves = s.heldTool?.hangsUp === true;
  const more = leaves || s.owes.includes("go_on") ||
    (open?.sounds && !open.cancelled && !open.spoken);
  if (more) return Infinity;
  return playing.reduce((sum, { receivedMs, heardMs }) => sum + receivedMs - heardMs, 0);
}

/** The caller has said more than we are making an answer to. */
export function overtake(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  if (!s.answers.some((answer) => wasHeard(answer, playing))) s.overtaken++;
  interrupt(s, playing, out, nowMs);
  if (!isEndedByBrain(s)) return;
  endTurn(s, false, out);
  keepRest(s);
}

/** It was nothing: the answer goes on where the caller stopped hearing it. */
export function callOff(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const { onsetMs, spokenMs, pausedFromMs } = s.alarm!;
  s.lastAlarm = { endMs: pausedFromMs, spokenMs };
  s.alarm = null;
  s.held = false;
  s.voiceSinceMs = null;
  out.push({ type: "resume", why: "false_alarm" }, FORGET_VOICE);
  const gone = s.speaking;
  s.speaking = null;
  if (isLocal(s)) out.push({ type: "close_uplink" });
  if (gone) putAway(s, gone, onsetMs, playing, out, nowMs);
}

/** What was said in a false alarm. */
function putAway(
  s: CallState,
  gone: Utterance,
  onsetMs: number,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  if (isLocal(s) || gone.onsetMs >= onsetMs - SAME_VOICE_MS) {
    return withhold(s, gone, playing, out, nowMs);
  }
  // It holds words from before this sound.
  s.speaking = gone;
  if (gone.taken) endTurn(s, false, out);
}

/** What was a false alarm is not answered, unless it may have been meant. */
function withhold(
  s: CallState,
  gone: Utterance,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  // So near the end, a short word may have been the caller's answer: the silence after it will tell.
  // Of an item that was never announced nobody knows how much it holds.
  // A greeting is itself the answer to a hello.
  const greets = s.answers.some(({ kind, cancelled }) => kind === "greeting" && !cancelled);
  const meant = (leftMs(s, playing) <= MAYBE_MEANT_MS && !greets) ||
    (gone.items.length > 0 && !s.brainAnnounces);
  if (meant && (gone.items.length > 0 || isLocal(s) || s.sessionLostMs !== null)) {
    s.maybeMeant = gone;
    s.strayUntilMs = nowMs + STRAY_MS;
    return;
  }
  for (const itemId of gone.items) {
    if (itemId !== s.brainItem) deleteItem(s, itemId, out, nowMs);
  }
  if (s.brainItem !== null && gone.items.includes(s.brainItem)) {
    s.withdrawn = [...s.withdrawn, { ...gone, items: [s.brainItem] }].slice(-MAX_WITHDRAWN);
  }
}

export function deleteItem(s: CallState, itemId: string, out: CallAction[], nowMs: number): void {
  out.push({ type: "delete_item", itemId });
  // The brain may answer it all the same.
  if (!openAnswer(s)) s.strayUntilMs = nowMs + STRAY_MS;
}
