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
const UNHEARD_WORD_MS = 450;
/** What is said so soon after the caller's own turn goes on with it, though an answer has begun. */
const GOES_ON_WITHIN_MS = 1100;
/** A false alarm over this much of an answer, or less, may have been meant after all. */
const MAYBE_MEANT_MS = 2500;
/** After so many answers that no sound came of, a voice before the next one has to wait for it. */
const MAX_OVERTAKEN = 3;
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
/** What began earlier than an alarm by more than this is not what raised it. */
const SAME_VOICE_MS = 100;
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

const isLocal = (s: CallState) => s.settings.turns === "local";
const FORGET_VOICE: CallAction = { type: "ignore_voice", untilSilence: false };

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
  if (!local) {
    s.brainItem = itemId ?? "";
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

const isEndedByBrain = (s: CallState) =>
  s.settings.turns !== "local" && s.brainItem === null && s.speaking !== null &&
  s.speaking.items.length > 0;

/** How much is left to be heard; more than anyone knows while it is still being spoken. */
function leftMs(s: CallState, playing: readonly Heard[]): number {
  const open = openAnswer(s);
  if (open?.sounds && !open.cancelled && !open.spoken) return Infinity;
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
  const { by, endMs } = event;
  if (by === "local") {
    s.voiceSinceMs = null;
    s.voiceEndMs = endMs;
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

/** What was being said waits for its answer from now on. */
function endTurn(s: CallState, brainAnswers: boolean, out: CallAction[], nowMs = 0): void {
  const ended = s.speaking!;
  s.speaking = null;
  // What an old false alarm left in the brain's buffer is committed with it.
  if (isLocal(s)) s.lastAlarm = null;
  awaitAnswer(s, { ...ended, brainAnswersSinceMs: brainAnswers ? nowMs : null }, out);
}

function awaitAnswer(s: CallState, u: Utterance, out: CallAction[]): void {
  s.awaiting = [...s.awaiting, u].slice(-MAX_AWAITING);
  // Prompts were for a caller who says nothing.
  s.owes = s.owes.filter((kind) => kind === "greeting" || kind === "tool");
  s.maybeMeant = null;
  if (u.by === "voice") s.turnEndMs = u.endMs;
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
  // Not every server names the item before it is committed, or says where its voice ended.
  if (s.settings.turns !== "local" && (wasOpen === null || !s.brainEnded)) {
    s.brainHeardToMs = nowMs;
  }
  s.brainItem = null;
  if (s.uplinkMuted) out.push({ type: "mute_uplink", on: false });
  s.uplinkMuted = false;
  if (s.phase !== "open" || s.settings.turns === "local") return;
  const gone = s.withdrawn.find(({ items }) => items.includes(itemId));
  if (gone) {
    s.withdrawn = s.withdrawn.filter((u) => u !== gone);
    return deleteItem(s, itemId, out, nowMs);
  }
  if (s.maybeMeant?.items.includes(itemId)) {
    s.maybeMeant = { ...s.maybeMeant, taken: true };
    s.strayUntilMs = nowMs + STRAY_MS;
    return;
  }
  if (isKnown(s, itemId)) return take(s, ({ items }) => items.includes(itemId));
  s.speaking ??= s.unheard;
  s.unheard = null;
  s.askedToRepeat = false;
  const { speaking } = s;
  const isIt = speaking &&
    (itemId === "" || speaking.items.includes(itemId) || speaking.items.includes(wasOpen ?? "") ||
      wasOpen === null || (speaking.items.length === 0 && wasOpen !== itemId));
  if (isIt) s.speaking = { ...withItem(speaking, itemId), taken: true };
  // Whether it counts is decided with the alarm.
  if (isIt && s.alarm?.audible) return;
  if (isIt && !s.alarm && isBesides(s, playing)) {
    // Only the brain has heard it, over our sound: it stays, and isn't answered.
    s.speaking = null;
    s.strayUntilMs = nowMs + STRAY_MS;
    return;
  }
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
  if (s.alarm || overtaken || s.soundSinceMs !== null) interrupt(s, playing, out, nowMs);
}

/** A short sound over an answer, which our own detector has not heard at all. */
function isBesides(s: CallState, playing: readonly Heard[]): boolean {
  const { onsetMs, endMs } = s.speaking!;
  return s.soundSinceMs !== null && onsetMs >= s.soundSinceMs &&
    s.voiceSinceMs === null && s.voiceEndMs < onsetMs &&
    endMs - onsetMs < s.settings.bargeInMs && leftMs(s, playing) > TAIL_MS;
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
  if (s.settings.turns === "local") out.push({ type: "close_uplink" });
  if (!gone) return;
  if (!isLocal(s) && gone.onsetMs < onsetMs - SAME_VOICE_MS) {
    // It holds words from before this sound.
    s.speaking = gone;
    if (gone.taken) endTurn(s, false, out);
    return;
  }
  // So near the end, a short word may have been the caller's answer: the silence after it will tell.
  // Of an item that was never announced nobody knows how much it holds.
  // A greeting is itself the answer to a hello.
  const greets = s.answers.some(({ kind, cancelled }) => kind === "greeting" && !cancelled);
  const meant = (leftMs(s, playing) <= MAYBE_MEANT_MS && !greets) ||
    (gone.items.length > 0 && !s.brainAnnounces);
  if (meant && (gone.items.length > 0 || isLocal(s))) {
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

export function callerWrote(
  s: CallState,
  { ref, playing }: EventOf<"caller_wrote">,
  out: CallAction[],
  nowMs: number,
): void {
  s.lastActivityMs = nowMs;
  if (s.phase === "ending") return;
  s.prompted = false;
  s.toldToWait = false;
  const wrote = utterance(s, "text", nowMs);
  if (s.phase === "opening") return awaitAnswer(s, { ...wrote, unsentRef: ref }, out);
  // Whoever types hasn't said anything.
  if (s.alarm && s.voiceSinceMs === null) callOff(s, playing, out, nowMs);
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
    out.push({ type: "clear_input" });
    return;
  }
  s.speaking = withItem(s.speaking ?? utterance(s, "voice", nowMs), itemId);
  out.push({ type: "commit", utterance: s.speaking.id });
  endTurn(s, false, out);
  if (openAnswer(s)) putOff(s, out, nowMs);
}

/** Our detector heard what the brain's did not. */
export function unheardDue(s: CallState): void {
  if (s.speaking) {
    const { onsetMs, endMs } = s.speaking;
    const isHeard = endMs <= s.brainHeardToMs + REST_MS || s.askedToRepeat;
    if (!isHeard && endMs - onsetMs >= UNHEARD_WORD_MS) s.unheard = s.speaking;
    s.speaking = null;
    return;
  }
  s.unheard = null;
  s.askedToRepeat = true;
  owe(s, "unheard");
}

/** Nobody has said more since: the short word near the end of the answer was one. */
export function maybeMeantDue(s: CallState, out: CallAction[]): void {
  const meant = s.maybeMeant!;
  if (isLocal(s)) out.push({ type: "commit", utterance: meant.id });
  awaitAnswer(s, meant, out);
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

/** A key was pressed: somebody is there, though nothing is to be heard. */
export function callerTypes(
  s: CallState,
  _event: EventOf<"caller_types">,
  _out: CallAction[],
  nowMs: number,
): void {
  s.lastActivityMs = nowMs;
  s.prompted = false;
}
