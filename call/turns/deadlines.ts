/**
 * Nothing owed without a timer: when the next thing has to happen if nobody does anything. All
 * deadlines follow from the state, so none can be forgotten, left behind, or lost when a call moves.
 *
 * @module
 */

import type { TimerName } from "./events.ts";
import type { Answer, CallState } from "./state.ts";

/** Asked for, or committed for the brain to answer, and not created: we ask again. */
const CREATED_MS = 2500;
/** Created and without a sound: the caller is told to wait ... */
const SOUND_MS = 3500;
/**
 * ... and after this it is called off and asked for again. A brain that is always slow gets longer
 * each time.
 */
const SILENT_MS = 5000;
const MAX_SILENT_MS = 20_000;
/** It has begun to sound, and nothing more of it comes. */
const GAP_MS = 5000;
/** Called off, and the brain has not closed it: it is forgotten. */
const CLOSED_MS = 2000;
/** Something went wrong and the caller waits: they are told after this much silence. */
const TELL_TO_WAIT_MS = 2500;
/** The longest that last words may take to begin, and to be said, and the longest silence among them. */
const GOODBYE_MS = 15_000;
const LAST_WORDS_MS = 60_000;
const GOODBYE_SILENCE_MS = 6000;
/**
 * A supposed interruption that pauses this long is over. The 160 ms of `Ears` are a pause between
 * two words: "stop, wait" has one of 200 ms, and the agent talked into it.
 */
const CALL_OFF_MS = 360;
/** Before any sound of ours, a voice that lasts this long (with its pause) goes on with a turn. */
const GOES_ON_MS = 360;
/** Beyond its own silence, the brain has this long to end a turn. */
const ENDPOINT_SLACK_MS = 2000;
/** A voice that only the brain hears has to end within this. */
const BRAIN_ALONE_MS = 15_000;
/** People breathe: what our detector hears without a pause for longer is no voice. */
const MAX_VOICE_MS = 20_000;
/** A false alarm that may have been meant counts if this much silence follows the answer. */
const MEANT_MS = 1500;
/** All of an answer's sound came, and the brain never says that it is over. */
const NEVER_DONE_MS = 20_000;
/** The brain's detector wakes up at most this much later than ours. */
export const UNHEARD_WAIT_MS = 600;
/** The caller has spoken, the brain heard nothing: after this they are asked to say it again. */
const UNHEARD_MS = 3000;
/** What nobody has heard is taken for words from this length on. */
export const UNHEARD_WORD_MS = 350;
/** A deadline that is nobody's. */
const NEVER = Infinity;

/** The answer that is open at the brain, cancelled or not: at most one. */
export function openAnswer(s: Readonly<CallState>): Answer | undefined {
  return s.answers.find((answer) => !answer.over);
}

/** Whether the caller is owed a sound of ours. What the brain still listens to is not owed yet. */
export function isOwed(s: Readonly<CallState>): boolean {
  return s.awaiting.length > 0 || s.owes.length > 0 || s.answers.some(isSilent(s)) ||
    waitsForSession(s);
}

/** Words that no session was there to hear. */
function waitsForSession({ phase, sessionLostMs, speaking, voiceSinceMs }: Readonly<CallState>) {
  const isThere = phase !== "opening" && sessionLostMs === null;
  if (isThere || !speaking || voiceSinceMs !== null) return false;
  return speaking.endMs - speaking.onsetMs >= UNHEARD_WORD_MS;
}

/** Neither side makes a sound, nobody is in the middle of anything, and nothing is owed. */
export function isResting(s: Readonly<CallState>): boolean {
  return s.phase === "open" && s.quietSinceMs !== null && s.speaking === null && !isOwed(s);
}

/** An answer of which something is to come, and of which nothing is to be heard now. */
const isSilent = (s: Readonly<CallState>) => ({ cancelled, over, sounds, spoken }: Answer) =>
  !cancelled && !over && (!sounds || (s.soundSinceMs === null && !spoken));

/** When the named thing has to happen; Infinity for never. */
export function deadline(s: Readonly<CallState>, name: TimerName): number {
  const { settings } = s;
  switch (name) {
    case "call_limit":
      return s.startedAtMs + settings.callLimitMs;
    case "idle_limit":
      // While somebody speaks nobody is idle.
      return s.phase === "ending" || s.soundSinceMs !== null || s.voiceSinceMs !== null
        ? NEVER
        : s.lastActivityMs + settings.idleLimitMs;
    case "session": {
      const sinceMs = s.phase === "opening" ? s.startedAtMs : s.sessionLostMs;
      if (sinceMs === null || s.phase === "ending") return NEVER;
      // What we have of an answer is heard out first.
      const heardMs = s.phase === "open" && s.soundSinceMs !== null ? sinceMs + LAST_WORDS_MS : 0;
      return Math.max(heardMs, sinceMs + settings.sessionTimeoutMs);
    }
    case "tell_to_wait":
      return tellToWait(s);
    case "goodbye": {
      if (s.phase !== "ending") return NEVER;
      if (s.soundSinceMs !== null) return s.endingSinceMs + LAST_WORDS_MS;
      // The silence before them doesn't count.
      const quietMs = Math.max(s.quietSinceMs ?? NEVER, s.endingSinceMs);
      return Math.min(s.endingSinceMs + GOODBYE_MS, quietMs + GOODBYE_SILENCE_MS);
    }
    case "closed": {
      const open = openAnswer(s);
      return open?.cancelled ? open.sinceMs + CLOSED_MS : NEVER;
    }
    case "created": {
      const open = openAnswer(s);
      if (open && !open.cancelled && open.responseId === null) {
        return open.sinceMs + CREATED_MS * (1 + s.silences);
      }
      return brainAnswersAt(s);
    }
    case "retry":
      return s.retryAtMs ?? NEVER;
  }
  return s.phase === "open" ? whileOpen(s, name) : NEVER;
}

function tellToWait(s: Readonly<CallState>): number {
  const { quietSinceMs, owedSinceMs, toldToWait, phase } = s;
  if (toldToWait || quietSinceMs === null) return NEVER;
  if (phase === "opening" && s.settings.greets) return quietSinceMs + TELL_TO_WAIT_MS;
  if (phase === "ending" || !isOwed(s)) return NEVER;
  const waitsUntilMs = Math.max(quietSinceMs, owedSinceMs ?? NEVER) + TELL_TO_WAIT_MS;
  if (phase === "opening" || s.failures > 0 || s.sessionLostMs !== null) return waitsUntilMs;
  const open = openAnswer(s);
  if (!open || open.responseId === null || !isSilent(s)(open)) return NEVER;
  // A gap in the middle of an answer is no reason to speak into it at once.
  return open.sounds ? quietSinceMs + SOUND_MS : Math.max(open.sinceMs + SOUND_MS, waitsUntilMs);
}

function whileOpen(s: Readonly<CallState>, name: TimerName): number {
  const { settings, alarm } = s;
  const open = openAnswer(s);
  const quietFor = (ms: number) => s.quietSinceMs === null ? NEVER : s.quietSinceMs + ms;
  /** ... while something was owed: the silence before that was nobody's fault. */
  const waitsFor = (ms: number) => Math.max(quietFor(ms), (s.owedSinceMs ?? NEVER) + ms);
  switch (name) {
    case "confirm": {
      if (!alarm || alarm.burstFromMs === null) return NEVER;
      const neededMs = alarm.audible ? settings.bargeInMs : GOES_ON_MS;
      return alarm.burstFromMs + Math.max(0, neededMs - alarm.spokenMs);
    }
    case "call_off":
      return alarm && alarm.burstFromMs === null ? alarm.pausedFromMs + CALL_OFF_MS : NEVER;
    case "endpoint":
      return endpoint(s);
    case "unheard":
      if (s.sessionLostMs !== null) return NEVER;
      if (s.speaking && !s.alarm && isUnheard(s)) {
        return Math.max(s.speaking.endMs, s.sessionSinceMs) + UNHEARD_WAIT_MS;
      }
      if (s.unheard === null) return NEVER;
      return Math.max(s.unheard.endMs + UNHEARD_MS, s.sessionSinceMs + UNHEARD_MS, quietFor(0));
    case "maybe_meant":
      return s.maybeMeant && !isOwed(s) && !open && !s.speaking ? quietFor(MEANT_MS) : NEVER;
    case "voice":
      return s.voiceSinceMs === null ? NEVER : s.voiceSinceMs + MAX_VOICE_MS;
    case "sound":
      if (!open || open.responseId === null || open.cancelled) return NEVER;
      // Something else waits for its end.
      if (open.spoken) return quietFor(isOwed(s) ? SOUND_MS : NEVER_DONE_MS);
      if (!isSilent(s)(open)) return NEVER;
      if (open.sounds) return quietFor(GAP_MS);
      return open.sinceMs + patienceMs(s);
    case "dead_air":
      return isOwed(s) ? waitsFor(settings.deadAirMs) : NEVER;
    case "silence": {
      const busy = isOwed(s) || open || s.speaking || s.sessionLostMs !== null;
      if (s.goodbyeFor && !busy && !s.unheard && !s.maybeMeant) return quietFor(0);
      const waits = busy || settings.silencePromptMs === 0;
      // Keys are pressed in silence.
      const activeMs = s.lastActivityMs + settings.silencePromptMs;
      return waits ? NEVER : Math.max(quietFor(settings.silencePromptMs), activeMs);
    }
  }
  return NEVER;
}

/** Our detector heard an utterance end of which the brain's detector has heard nothing. */
function isUnheard(s: Readonly<CallState>): boolean {
  return s.settings.turns !== "local" && s.voiceSinceMs === null && s.brainItem === null &&
    s.speaking!.items.length === 0;
}

/** How long a created answer may make no sound. */
const patienceMs = ({ silences, slowestSoundMs }: Readonly<CallState>) =>
  Math.min(MAX_SILENT_MS, Math.max(SILENT_MS * (1 + 1.5 * silences), 2 * slowestSoundMs));

/** When the brain must have ended the turn that it hears. Muted, it gets as long once more. */
function endpoint(s: Readonly<CallState>): number {
  if (s.brainItem === null || s.voiceSinceMs !== null) return NEVER;
  const waitMs = s.settings.brainSilenceMs + ENDPOINT_SLACK_MS;
  return heardUntil(s) + (s.uplinkMuted ? 2 * waitMs : waitMs);
}

/** The end of what the brain's open item holds, as far as we know. */
function heardUntil({ speaking, lastActivityMs }: Readonly<CallState>): number {
  // Words of another day, or a false alarm.
  if (!speaking) return lastActivityMs;
  const { onsetMs, endMs } = speaking;
  return endMs > onsetMs ? endMs : onsetMs + BRAIN_ALONE_MS;
}

/** When we ask ourselves for what the brain was to answer. */
function brainAnswersAt(s: Readonly<CallState>): number {
  let atMs = NEVER;
  for (const { brainAnswersSinceMs } of s.awaiting) {
    if (brainAnswersSinceMs !== null) atMs = Math.min(atMs, brainAnswersSinceMs + CREATED_MS);
  }
  return atMs;
}

/** Of two that are due together the first is done first. */
export const TIMERS: readonly TimerName[] = [
  "session",
  "confirm",
  "call_off",
  "endpoint",
  "unheard",
  "maybe_meant",
  "voice",
  "created",
  "sound",
  "closed",
  "retry",
  "tell_to_wait",
  "dead_air",
  "silence",
  "goodbye",
  "call_limit",
  "idle_limit",
];

/** The next thing that has to happen, and when. */
export function nextDeadline(s: Readonly<CallState>): { name: TimerName; atMs: number } | null {
  if (s.phase === "closed") return null;
  let next: TimerName | null = null;
  let atMs = NEVER;
  for (const name of TIMERS) {
    const dueMs = deadline(s, name);
    if (dueMs >= atMs) continue;
    next = name;
    atMs = dueMs;
  }
  return next === null ? null : { name: next, atMs };
}
