/**
 * The caller's voice, as our detector and the brain's hear it begin, pause and end.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import {
  AGAIN_MS,
  callerPaused,
  callOff,
  isEndedByBrain,
  MAX_WITHDRAWN,
  raiseAlarm,
} from "./alarm.ts";
import { UNHEARD_WAIT_MS } from "./deadlines.ts";
import { takeBack } from "./early_answer.ts";
import { reopen } from "./ending.ts";
import type { EventOf, Heard } from "./events.ts";
import type { CallState, Utterance } from "./state.ts";
import { endTurn, isLocal, REST_MS, utterance, withItem } from "./utterances.ts";

/** What is said so soon after the caller's own turn goes on with it, though an answer has begun. */
const GOES_ON_WITHIN_MS = 1100;
/** Two detectors may differ by this much about where a voice began. */
const LATE_MS = 1000;

export function callerStarted(
  s: CallState,
  { by, onsetMs, itemId }: EventOf<"caller_started">,
  out: CallAction[],
  nowMs: number,
): void {
  const local = by === "local";
  if (local) s.voiceSinceMs = onsetMs;
  s.lastActivityMs = nowMs;
  reopen(s);
  if (s.phase === "ending") return;
  if (local && s.uplinkMuted) {
    s.uplinkMuted = false;
    out.push({ type: "mute_uplink", on: false });
  }
  if (!local) {
    s.brainItem = itemId ?? "";
    s.brainOnsetMs = onsetMs;
    s.brainEnded = false;
    s.brainAnnounces = true;
    s.askedToRepeat = false;
  }
  s.prompted = false;
  s.toldToWait = false;
  if (!local && isStale(s, onsetMs, nowMs)) return withdraw(s, itemId, nowMs);
  // Older words than those that are being said: they get an answer of their own.
  if (!local && s.speaking && onsetMs < s.speaking.onsetMs - LATE_MS) return;
  if (!local) {
    s.speaking ??= s.unheard;
    s.unheard = null;
  }
  // Said before anything of ours was to be heard.
  const goesOn = s.speaking !== null && s.speaking.onsetMs < (s.soundSinceMs ?? Infinity);
  s.speaking = withItem(
    s.speaking ?? (local ? takeUpAgain(s, onsetMs) : null) ?? utterance(s, "voice", onsetMs),
    itemId,
  );
  // The voice goes on, or was over before the brain woke up to it.
  if (local) s.speaking = { ...s.speaking, endMs: s.speaking.onsetMs };
  else if (s.voiceSinceMs === null && s.voiceEndMs > s.speaking.onsetMs) {
    s.speaking = { ...s.speaking, endMs: s.voiceEndMs };
  }
  // What only the brain hears counts when it has committed it.
  if (!local && (s.voiceSinceMs === null || s.alarm)) return;
  if (isLocal(s)) openUplink(s, onsetMs, out);
  const follows = onsetMs - s.turnEndMs < GOES_ON_WITHIN_MS;
  raiseAlarm(s, { goesOn: goesOn || follows || !local, onsetMs }, out, nowMs);
}

/** The brain's slower detector wakes up to what ours has already called off. */
function isStale(s: CallState, onsetMs: number, nowMs: number): boolean {
  return s.voiceSinceMs === null && s.speaking === null && s.alarm === null &&
    s.lastAlarm !== null && nowMs - s.lastAlarm.endMs < UNHEARD_WAIT_MS &&
    onsetMs - s.lastAlarm.endMs < UNHEARD_WAIT_MS;
}

function withdraw(s: CallState, itemId: string | undefined, nowMs: number): void {
  const gone = withItem(utterance(s, "voice", nowMs), itemId);
  s.withdrawn = [...s.withdrawn, gone].slice(-MAX_WITHDRAWN);
}

/** A false alarm whose item the brain still has open: with these words it is one utterance. */
function takeUpAgain(s: CallState, onsetMs: number): Utterance | null {
  const isOpen = ({ items }: Utterance) => s.brainItem !== null && items.includes(s.brainItem);
  const again = s.maybeMeant && isOpen(s.maybeMeant) ? s.maybeMeant : s.withdrawn.find(isOpen);
  if (!again) return null;
  s.withdrawn = s.withdrawn.filter((u) => u !== again);
  if (again === s.maybeMeant) s.maybeMeant = null;
  return { ...again, onsetMs };
}

/** What an old false alarm left in the brain's buffer is not part of these words. */
function openUplink(s: CallState, onsetMs: number, out: CallAction[]): void {
  if (s.lastAlarm && onsetMs - s.lastAlarm.endMs >= AGAIN_MS) {
    if (s.phase === "open") out.push({ type: "clear_input" });
    s.lastAlarm = null;
  }
  out.push({ type: "open_uplink" });
}

export function callerResumed(
  s: CallState,
  { playing }: EventOf<"caller_resumed">,
  out: CallAction[],
  nowMs: number,
): void {
  if (s.earlyUtterance !== 0) return takeBack(s, playing, out, nowMs);
  if (s.alarm && s.alarm.burstFromMs === null) {
    s.alarm = { ...s.alarm, burstFromMs: nowMs };
  } else if (s.settings.turns === "local" && s.voiceSinceMs !== null) {
    // What came before has been committed, and these words follow it.
    s.speaking ??= utterance(s, "voice", nowMs);
  }
}

export function callerStopped(
  s: CallState,
  event: EventOf<"caller_stopped">,
  out: CallAction[],
  nowMs: number,
): void {
  const { by, endMs } = event;
  if (by === "local") {
    s.voiceSinceMs = null;
    s.voiceEndMs = endMs;
    s.lastActivityMs = nowMs;
  } else {
    s.brainEnded = true;
    // A time long before the words themselves is none.
    const heardToMs = event.heardToMs ?? endMs;
    const fromMs = Math.max(0, (s.speaking?.onsetMs ?? 0) - LATE_MS);
    s.brainHeardToMs = heardToMs > fromMs ? heardToMs : nowMs;
  }
  if (s.phase === "ending") return;
  if (s.speaking) endSpeaking(s, s.speaking, endMs);
  if (s.phase === "opening") return;
  if (by === "local") localStopped(s, event, out, nowMs);
}

function endSpeaking(s: CallState, speaking: Utterance, endMs: number): void {
  // It was over before the brain committed it: nothing went on.
  const nothing = endMs <= speaking.onsetMs + REST_MS &&
    s.voiceEndMs <= s.brainHeardToMs + REST_MS &&
    speaking.items.length === 0 &&
    s.settings.turns !== "local" && s.phase === "open";
  s.speaking = nothing ? null : { ...speaking, endMs: Math.max(endMs, speaking.onsetMs + 1) };
}

function localStopped(
  s: CallState,
  event: EventOf<"caller_stopped">,
  out: CallAction[],
  nowMs: number,
): void {
  callerPaused(s, event, out, nowMs);
  if (s.alarm) return; // until it is called off, or goes on
  if (s.settings.turns !== "local") {
    if (isEndedByBrain(s)) endTurn(s, false, out);
    return;
  }
  if (s.earlyUtterance !== 0) out.push({ type: "close_uplink" });
  else if (s.speaking) {
    out.push({ type: "close_uplink" }, { type: "commit", utterance: s.speaking.id });
    endTurn(s, false, out);
  }
}

/** No voice goes on for so long without a breath: it is noise, and until it ends it tells nothing. */
export function voiceDue(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  if (s.alarm?.audible) callOff(s, playing, out, nowMs);
  out.push({ type: "ignore_voice", untilSilence: true });
  callerStopped(
    s,
    { type: "caller_stopped", by: "local", endMs: nowMs, playing },
    out,
    nowMs,
  );
}
