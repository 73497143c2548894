/**
 * What the caller says, from the first sound to the moment where an answer is owed for it: whose
 * detector heard it, whether it breaks in, goes on with a turn, or was nothing.
 *
 * @module
 */

import { interrupt, owe, putOff, wasHeard } from "./answers.ts";
import { openAnswer, UNHEARD_WAIT_MS } from "./deadlines.ts";
import {
  type CallAction,
  type CallEvent,
  type CallState,
  type Heard,
  textName,
  type Utterance,
} from "./state.ts";

type EventOf<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

/** Called off, and heard again within this time of its last voice: it is one attempt. */
const AGAIN_MS = 600;
/** With local turns: a burst of less voice than this, before any sound of ours, is a click. */
const WORD_MS = 150;
/** What our detector hears and the brain's doesn't is taken for words from this length on. */
const UNHEARD_WORD_MS = 400;
/**
 * Whoever speaks into so little of an answer is answering it: people don't wait for its end. What is
 * left of it is not said any more.
 */
const TAIL_MS = 600;
/** Utterances that may wait for answers; one answer serves them all. */
const MAX_AWAITING = 50;
const MAX_WITHDRAWN = 8;
/** Two detectors may differ by this much about where a voice began. */
const LATE_MS = 1000;
/** Two detectors may differ by this much about where a voice ended. */
const REST_MS = 300;
/** For this long the brain may begin an answer to what was withdrawn. */
const STRAY_MS = 2500;

function utterance(s: CallState, by: Utterance["by"], onsetMs: number): Utterance {
  return {
    id: ++s.lastId,
    by,
    onsetMs,
    endMs: onsetMs,
    items: [],
    taken: false,
    brainAnswersSinceMs: null,
    unsentRef: 0,
  };
}

const withItem = (u: Utterance, itemId: string | undefined): Utterance =>
  !itemId || u.items.includes(itemId) ? u : { ...u, items: [...u.items, itemId] };

export function callerStarted(
  s: CallState,
  { by, onsetMs, itemId }: EventOf<"caller_started">,
  out: CallAction[],
  nowMs: number,
): void {
  const local = by === "local";
  if (local) s.voiceSinceMs = onsetMs;
  s.lastActivityMs = nowMs;
  if (s.phase === "ending") return;
  if (local && s.uplinkMuted) {
    s.uplinkMuted = false;
    out.push({ type: "mute_uplink", on: false });
  }
  if (!local) s.brainItem = itemId ?? "";
  s.prompted = false;
  if (!local && isStale(s, onsetMs, nowMs)) return withdraw(s, itemId, nowMs);
  // Older words than those that are being said: they get an answer of their own.
  if (!local && s.speaking && onsetMs < s.speaking.onsetMs - LATE_MS) return;
  if (!local) {
    s.speaking ??= s.unheard;
    s.unheard = null;
  }
  const goesOn = s.speaking !== null;
  s.speaking = withItem(
    s.speaking ?? (local ? takeUpAgain(s) : null) ?? utterance(s, "voice", onsetMs),
    itemId,
  );
  // The voice goes on, or was over before the brain woke up to it.
  if (local) s.speaking = { ...s.speaking, endMs: s.speaking.onsetMs };
  else if (s.voiceSinceMs === null && s.voiceEndMs > s.speaking.onsetMs) {
    s.speaking = { ...s.speaking, endMs: s.voiceEndMs };
  }
  if (local && s.settings.turns === "local") openUplink(s, onsetMs, out);
  raiseAlarm(s, { local, goesOn, onsetMs }, out, nowMs);
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
function takeUpAgain(s: CallState): Utterance | null {
  const again = s.withdrawn.find(({ items }) => s.brainItem && items.includes(s.brainItem));
  if (!again) return null;
  s.withdrawn = s.withdrawn.filter((u) => u !== again);
  return again;
}

/** What an old false alarm left in the brain's buffer is not part of these words. */
function openUplink(s: CallState, onsetMs: number, out: CallAction[]): void {
  if (s.lastAlarm && onsetMs - s.lastAlarm.endMs >= AGAIN_MS) {
    if (s.phase === "open") out.push({ type: "clear_input" });
    s.lastAlarm = null;
  }
  out.push({ type: "open_uplink" });
}

/**
 * Holds our sound, or the answer in the making, until it is sure that somebody speaks.
 *
 * @param voice `goesOn` when it belongs to what was being said before there was a sound of ours: then
 * it needs no doubt.
 */
export function raiseAlarm(
  s: CallState,
  { local, goesOn, onsetMs }: { local: boolean; goesOn: boolean; onsetMs: number },
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  if (alarm) {
    // The brain may only now wake up to what ours has heard already.
    if (!local && alarm.local) return;
    s.alarm = { ...alarm, local: alarm.local || local, burstFromMs: alarm.burstFromMs ?? onsetMs };
    return;
  }
  const open = openAnswer(s);
  const making = open !== undefined && !open.cancelled;
  if (s.phase !== "open" || s.held) return;
  // The brain's word for what we have heard already matters only to an answer without it.
  if (!making && (s.soundSinceMs === null || (goesOn && !local))) return;
  // What was said before our sound began is no interruption of it, however late we hear of it.
  const over = s.soundSinceMs !== null && onsetMs >= s.soundSinceMs && !goesOn;
  const again = s.lastAlarm !== null && onsetMs - s.lastAlarm.endMs < AGAIN_MS;
  s.alarm = {
    onsetMs,
    heldAtMs: nowMs,
    spokenMs: again ? s.lastAlarm!.spokenMs : 0,
    burstFromMs: onsetMs,
    pausedFromMs: onsetMs,
    local,
    audible: over,
  };
  s.held = true;
  out.push({ type: "hold" });
}

export function callerPaused(
  s: CallState,
  { endMs, playing }: Pick<EventOf<"caller_paused">, "endMs" | "playing">,
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  if (!alarm || !alarm.local || alarm.burstFromMs === null) return;
  const spokenMs = alarm.spokenMs + Math.max(0, endMs - alarm.burstFromMs);
  s.alarm = { ...alarm, spokenMs, burstFromMs: null, pausedFromMs: endMs };
  if (!isBegun(s, playing)) beforeSound(s, playing, out, nowMs);
  else if (isTail(s, playing)) overtake(s, playing, out, nowMs);
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
  out.push({ type: "ignore_voice" }, { type: "close_uplink" });
}

const isEndedByBrain = (s: CallState) =>
  s.settings.turns !== "local" && s.brainItem === null && s.speaking !== null &&
  s.speaking.items.length > 0;

/** All has been made, and hardly anything of it is left to be heard. */
function isTail(s: CallState, playing: readonly Heard[]): boolean {
  const open = openAnswer(s);
  if (open && !open.cancelled) return false;
  const leftMs = playing.reduce((sum, { receivedMs, heardMs }) => sum + receivedMs - heardMs, 0);
  return leftMs <= TAIL_MS;
}

/** The caller has said more than we are making an answer to. */
export function overtake(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  interrupt(s, playing, out, nowMs);
  if (isEndedByBrain(s)) endTurn(s, false, out);
}

export function callerResumed(
  s: CallState,
  { playing }: EventOf<"caller_resumed">,
  out: CallAction[],
  nowMs: number,
): void {
  if (s.earlyUtterance !== 0) return takeBack(s, playing, out, nowMs);
  if (s.alarm?.local && s.alarm.burstFromMs === null) {
    s.alarm = { ...s.alarm, burstFromMs: nowMs };
  } else if (s.settings.turns === "local" && s.voiceSinceMs !== null) {
    // What came before has been committed, and these words follow it.
    s.speaking ??= utterance(s, "voice", nowMs);
  }
}

/** Silence as at the end of a turn: the answer is asked for, and held until the turn is over. */
export function callerMaybeDone(
  s: CallState,
  { endMs }: EventOf<"caller_maybe_done">,
  out: CallAction[],
): void {
  if (s.phase !== "open" || s.settings.turns !== "local" || !s.speaking || s.held) return;
  if (s.answers.some(({ cancelled }) => !cancelled)) return;
  s.earlyUtterance = s.speaking.id;
  s.speaking = { ...s.speaking, endMs };
  s.held = true;
  out.push({ type: "commit", utterance: s.speaking.id }, { type: "hold" });
  endTurn(s, false, out);
}

/** The caller goes on: the early answer is called off, and their words stay. */
function takeBack(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const id = s.earlyUtterance;
  interrupt(s, playing, out, nowMs);
  const back = s.awaiting.find((u) => u.id === id);
  s.awaiting = s.awaiting.filter((u) => u.id !== id);
  // Under a new name: its first commit may yet be refused, and the next one brings it all.
  s.speaking = back ? { ...back, id: ++s.lastId } : s.speaking ?? utterance(s, "voice", nowMs);
}

export function callerStopped(
  s: CallState,
  event: EventOf<"caller_stopped">,
  out: CallAction[],
  nowMs: number,
): void {
  const { by, endMs, playing } = event;
  if (by === "local") {
    s.voiceSinceMs = null;
    s.voiceEndMs = endMs;
  } else s.brainHeardToMs = event.heardToMs ?? endMs;
  if (s.phase === "ending") return;
  if (s.speaking) endSpeaking(s, s.speaking, endMs);
  if (s.phase === "opening") return;
  if (by === "brain") brainStopped(s, playing, out, nowMs);
  else localStopped(s, event, out, nowMs);
}

function endSpeaking(s: CallState, speaking: Utterance, endMs: number): void {
  // It was over before the brain committed it: nothing went on.
  const nothing = endMs <= speaking.onsetMs && speaking.items.length === 0 &&
    s.settings.turns !== "local" && s.phase === "open";
  s.speaking = nothing ? null : { ...speaking, endMs: Math.max(endMs, speaking.onsetMs + 1) };
}

/** Where our own detector has spoken, the brain's slower one has no say. */
function brainStopped(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  if (!s.alarm || s.alarm.local) return;
  if (!isBegun(s, playing) || isTail(s, playing)) overtake(s, playing, out, nowMs);
  else callOff(s, nowMs, out, nowMs);
}

function localStopped(
  s: CallState,
  event: EventOf<"caller_stopped">,
  out: CallAction[],
  nowMs: number,
): void {
  callerPaused(s, event, out, nowMs);
  if (s.alarm?.local) return; // until it is called off, or goes on
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

/** What was being said waits for its answer from now on. */
function endTurn(s: CallState, brainAnswers: boolean, out: CallAction[], nowMs = 0): void {
  const ended = s.speaking!;
  s.speaking = null;
  awaitAnswer(s, { ...ended, brainAnswersSinceMs: brainAnswers ? nowMs : null }, out);
}

function awaitAnswer(s: CallState, u: Utterance, out: CallAction[]): void {
  s.awaiting = [...s.awaiting, u].slice(-MAX_AWAITING);
  // Prompts were for a caller who says nothing.
  s.owes = s.owes.filter((kind) => kind === "greeting" || kind === "tool");
  const kind = u.by === "text" ? "text" : s.turnBegan ? "goes_on" : "answer";
  s.turnBegan = true;
  out.push({ type: "begin_turn", kind, startedMs: u.endMs });
}

/** The brain has ended a turn, or confirms that we have. */
export function committed(
  s: CallState,
  { itemId, playing }: EventOf<"committed">,
  out: CallAction[],
  nowMs: number,
): void {
  const wasOpen = s.brainItem;
  if (wasOpen === itemId || itemId === "") s.brainItem = null;
  if (s.uplinkMuted) out.push({ type: "mute_uplink", on: false });
  s.uplinkMuted = false;
  if (s.phase !== "open" || s.settings.turns === "local") return;
  const gone = s.withdrawn.find(({ items }) => items.includes(itemId));
  if (gone) {
    s.withdrawn = s.withdrawn.filter((u) => u !== gone);
    return deleteItem(s, itemId, out, nowMs);
  }
  if (isKnown(s, itemId)) return take(s, ({ items }) => items.includes(itemId));
  s.speaking ??= s.unheard;
  s.unheard = null;
  const { speaking } = s;
  const isIt = speaking &&
    (itemId === "" || speaking.items.includes(itemId) ||
      (speaking.items.length === 0 && wasOpen !== itemId));
  if (isIt) s.speaking = { ...withItem(speaking, itemId), taken: true };
  // Whether it counts is decided with the alarm.
  if (isIt && s.alarm?.audible) return;
  const brainAnswers = openAnswer(s) === undefined;
  if (isIt) endTurn(s, brainAnswers, out, nowMs);
  else {
    const unannounced = withItem(utterance(s, "voice", nowMs), itemId);
    const brainAnswersSinceMs = brainAnswers ? nowMs : null;
    awaitAnswer(s, { ...unannounced, taken: true, brainAnswersSinceMs }, out);
  }
  if (s.speaking === null) keepRest(s);
  const open = openAnswer(s);
  const overtaken = open !== undefined && !open.cancelled && !open.sounds;
  if (s.alarm || overtaken) interrupt(s, playing, out, nowMs);
}

/** What was said after the end of the brain's item it has not heard yet. */
function keepRest(s: CallState): void {
  const rest = s.voiceEndMs > s.brainHeardToMs + REST_MS;
  const going = s.voiceSinceMs !== null;
  if (!rest && !going) return;
  const onsetMs = rest ? s.brainHeardToMs : Math.max(s.brainHeardToMs, s.voiceSinceMs!);
  const said = utterance(s, "voice", onsetMs);
  s.speaking = going ? said : { ...said, endMs: s.voiceEndMs };
}

/** We have ended it ourselves, and it has its answer or waits for one. */
function isKnown(s: CallState, itemId: string): boolean {
  const holds = ({ items }: Utterance) => items.includes(itemId);
  return s.awaiting.some(holds) || s.answers.some(({ utterances }) => utterances.some(holds));
}

function deleteItem(s: CallState, itemId: string, out: CallAction[], nowMs: number): void {
  out.push({ type: "delete_item", itemId });
  // The brain may answer it all the same.
  if (!openAnswer(s)) s.strayUntilMs = nowMs + STRAY_MS;
}

/** It was nothing: the answer goes on where the caller stopped hearing it. */
export function callOff(
  s: CallState,
  endMs: number,
  out: CallAction[],
  nowMs: number,
): void {
  const { spokenMs, local } = s.alarm!;
  s.lastAlarm = { endMs, spokenMs };
  s.alarm = null;
  s.held = false;
  s.voiceSinceMs = null;
  out.push({ type: "resume", why: "false_alarm" }, { type: "ignore_voice" });
  const gone = s.speaking;
  s.speaking = null;
  if (s.settings.turns === "local") out.push({ type: "close_uplink" });
  if (!gone) return;
  // What only the brain has heard may be words that we couldn't; they stay, and aren't answered.
  if (!local) {
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

export function callerWrote(
  s: CallState,
  { ref, playing }: EventOf<"caller_wrote">,
  out: CallAction[],
  nowMs: number,
): void {
  s.lastActivityMs = nowMs;
  if (s.phase === "ending") return;
  s.prompted = false;
  const wrote = utterance(s, "text", nowMs);
  if (s.phase === "opening") return awaitAnswer(s, { ...wrote, unsentRef: ref }, out);
  // Whoever types hasn't said anything.
  if (s.alarm?.local && s.voiceSinceMs === null) callOff(s, s.alarm.pausedFromMs, out, nowMs);
  const open = openAnswer(s);
  if (s.soundSinceMs !== null || s.alarm || (open && !open.cancelled)) {
    interrupt(s, playing, out, nowMs);
  }
  out.push({ type: "send_text", utterance: wrote.id, ref });
  awaitAnswer(s, wrote, out);
}

/** What was written stands in the conversation. */
export function textTaken(s: CallState, { name }: EventOf<"text_taken">): void {
  take(s, ({ id }) => textName(id) === name);
}

/** Answers that the brain begins from now on know it. */
function take(s: CallState, isIt: (u: Utterance) => boolean): void {
  const taken = (u: Utterance) => isIt(u) ? { ...u, taken: true } : u;
  s.awaiting = s.awaiting.map(taken);
  s.answers = s.answers.map((a) => ({ ...a, utterances: a.utterances.map(taken) }));
}

/** The session stands: what was said and typed in the meantime is said and typed now. */
export function sendWhatWaited(s: CallState, out: CallAction[]): void {
  const waited = s.awaiting;
  s.awaiting = waited.map((u) => ({ ...u, unsentRef: 0 }));
  for (const { id, unsentRef: ref } of waited) {
    if (ref > 0) out.push({ type: "send_text", utterance: id, ref });
  }
  const { speaking } = s;
  if (s.settings.turns !== "local" || !speaking || s.voiceSinceMs !== null) return;
  out.push({ type: "close_uplink" }, { type: "commit", utterance: speaking.id });
  endTurn(s, false, out);
}

/** The brain's detector doesn't end the turn: it is fed silence, and then we end it ourselves. */
export function endpointDue(s: CallState, out: CallAction[], nowMs: number): void {
  if (!s.uplinkMuted) {
    s.uplinkMuted = true;
    out.push({ type: "mute_uplink", on: true });
    return;
  }
  const itemId = s.brainItem ?? "";
  s.uplinkMuted = false;
  s.brainItem = null;
  out.push({ type: "mute_uplink", on: false });
  if (!s.speaking && s.withdrawn.some(({ items }) => items.includes(itemId))) {
    s.withdrawn = s.withdrawn.filter(({ items }) => !items.includes(itemId));
    out.push({ type: "clear_input" });
    return;
  }
  s.speaking ??= withItem(utterance(s, "voice", nowMs), itemId);
  out.push({ type: "commit", utterance: s.speaking.id });
  endTurn(s, false, out);
  if (openAnswer(s)) putOff(s, out, nowMs);
}

/** Our detector heard what the brain's did not. */
export function unheardDue(s: CallState): void {
  if (s.speaking) {
    const { onsetMs, endMs } = s.speaking;
    const isHeard = endMs <= s.brainHeardToMs + REST_MS;
    if (!isHeard && endMs - onsetMs >= UNHEARD_WORD_MS) s.unheard = s.speaking;
    s.speaking = null;
    return;
  }
  s.unheard = null;
  owe(s, "unheard");
}
