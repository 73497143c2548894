/**
 * What the agent owes and says: asked for in one place, matched to what the brain makes of it, and
 * taken up again when it comes to nothing.
 *
 * @module
 */

import { apologise, finish, finishIfQuiet } from "./ending.ts";
import { openAnswer } from "./deadlines.ts";
import {
  type Answer,
  type AnswerKind,
  answerName,
  type CallAction,
  type CallEvent,
  type CallState,
  commitName,
  type Heard,
  type Utterance,
} from "./state.ts";

type EventOf<T extends CallEvent["type"]> = Extract<CallEvent, { type: T }>;

/** Pauses before asking again, by how often it failed. */
const BACKOFF_MS = [150, 500, 1500, 3000];
/** Requests and answers that may come to nothing in a row before we give up. */
export const MAX_FAILURES = 5;
/** The brain has an answer open that we know nothing of: so often we ask again. */
const ACTIVE_MS = 1000;
/** A brain that wants us to wait for longer has given up on the call. */
export const MAX_RETRY_AFTER_MS = 20_000;
/** Of an answer that was stopped sooner nobody has understood a word: it is not part of the talk. */
const WORD_HEARD_MS = 200;
/** Where the brain ends turns, a voice that it can't hear puts an answer off for no longer. */
export const LOCAL_VOICE_MS = 1000;

/** What is owed first is asked for first; one answer serves all utterances that wait. */
const ORDER: readonly AnswerKind[] = [
  "goodbye",
  "greeting",
  "declined",
  "go_on",
  "tool",
  "unheard",
  "still_there",
];

export function owe(s: CallState, kind: AnswerKind): void {
  if (!s.owes.includes(kind)) s.owes = [...s.owes, kind];
}

/** These wait for an answer that we have to ask for, before those that wait already. */
export function giveBack(s: CallState, utterances: readonly Utterance[]): void {
  const ours = utterances.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  s.awaiting = [...ours, ...s.awaiting];
}

function replace(s: CallState, id: number, change: Partial<Answer>): void {
  s.answers = s.answers.map((answer) => answer.id === id ? { ...answer, ...change } : answer);
}

export function remove(s: CallState, id: number): void {
  s.answers = s.answers.filter((answer) => answer.id !== id);
}

/** The one place where answers are asked for: runs after every event. */
export function pursue(s: CallState, out: CallAction[], nowMs: number): void {
  s.retryAtMs = null;
  const ending = s.phase === "ending" && s.owes.includes("goodbye");
  if (s.phase !== "open" && !ending) return;
  // Who says something needs no prompt, and whoever is answered hears from us.
  if (s.awaiting.length > 0) s.owes = s.owes.filter((kind) => !isPrompt(kind));
  if (s.awaiting.length === 0 && s.owes.length === 0) return;
  if (openAnswer(s) || (s.alarm && !ending)) return;
  // The brain is about to begin one by itself, and it will answer all that waits.
  if (s.awaiting.some(({ brainAnswersSinceMs }) => brainAnswersSinceMs !== null)) return;
  if (!ending && callerHasFloor(s, nowMs)) return;
  // Prompts are for a silence: what still plays may make them needless.
  if (s.soundSinceMs !== null && s.awaiting.length === 0 && s.owes.every(isPrompt)) return;
  if (nowMs < s.notBeforeMs) s.retryAtMs = s.notBeforeMs;
  else ask(s, out, nowMs);
}

const isPrompt = (kind: AnswerKind) => kind === "still_there" || kind === "unheard";

/** Whether the caller is speaking, by the word of whoever ends turns. */
function callerHasFloor(s: CallState, nowMs: number): boolean {
  if (s.earlyUtterance !== 0) return false;
  if (s.settings.turns === "local") return s.voiceSinceMs !== null;
  // What our own detector heard the brain will hear too, if it is anything.
  if (s.brainItem !== null || s.speaking !== null && s.voiceSinceMs === null) return true;
  if (s.voiceSinceMs === null || nowMs >= s.voiceSinceMs + LOCAL_VOICE_MS) return false;
  s.retryAtMs = s.voiceSinceMs + LOCAL_VOICE_MS;
  return true;
}

function ask(s: CallState, out: CallAction[], nowMs: number): void {
  const kind = ORDER.find((wanted) => s.owes.includes(wanted)) ?? "turn";
  const utterances = s.awaiting;
  s.awaiting = [];
  s.owes = s.owes.filter((owed) => owed !== kind);
  // Whoever is answered needs nothing beside it.
  if (utterances.length > 0) s.owes = [];
  if (s.maybeMeant?.taken) s.maybeMeant = null;
  const id = ++s.lastId;
  s.answers = [...s.answers, {
    id,
    kind,
    utterances,
    responseId: null,
    items: [],
    sinceMs: nowMs,
    sounds: false,
    spoken: false,
    usedTool: false,
    early: s.earlyUtterance !== 0,
    cancelled: false,
    over: false,
  }];
  if (!s.turnBegan) {
    s.turnBegan = true;
    const turn = kind === "tool" ? "tool" : kind === "turn" ? "answer" : "greeting";
    out.push({ type: "begin_turn", kind: turn, startedMs: nowMs });
  }
  out.push({ type: "create_response", answer: id, kind });
}

/** Nobody wants this answer any more: whatever it was to answer is the caller's affair again. */
function callOffAnswer(s: CallState, answer: Answer, out: CallAction[], nowMs: number): void {
  if (answer.cancelled || answer.over) return;
  if (answer.responseId !== null) {
    out.push({ type: "cancel_response", responseId: answer.responseId });
  }
  replace(s, answer.id, { cancelled: true, sinceMs: nowMs, utterances: [] });
  s.heldTool = null;
}

/**
 * Whether the caller has heard a word of it. What is over and no longer playing was heard out.
 *
 * @param playing As in the event: items that were not heard to their end.
 */
export function wasHeard(answer: Answer, playing: readonly Heard[]): boolean {
  let heardMs = 0;
  for (const itemId of answer.items) {
    const item = playing.find((heard) => heard.itemId === itemId);
    if (!item && answer.over && answer.sounds) return true;
    heardMs += item?.heardMs ?? 0;
  }
  return answer.sounds && heardMs >= WORD_HEARD_MS;
}

/** The caller has the floor: all answers end, and the model's memory is cut to what was heard. */
export function interrupt(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  const bargeIn = alarm?.audible ? { onsetMs: alarm.onsetMs, heldAtMs: alarm.heldAtMs } : null;
  out.push({ type: "drop", bargeIn });
  s.alarm = null;
  s.earlyUtterance = 0;
  s.heldTool = null;
  s.soundSinceMs = null;
  s.held = false;
  s.owes = s.owes.filter((kind) => kind !== "go_on");
  const isOpen = new Set(s.answers.filter(({ over }) => !over).flatMap(({ items }) => items));
  const unheard = new Set<string>();
  const isPlaying = (itemId: string) => playing.some((item) => item.itemId === itemId);
  for (const answer of s.answers) {
    if (answer.cancelled) continue;
    const { items, over, kind, utterances } = answer;
    if (!wasHeard(answer, playing)) {
      for (const itemId of items) unheard.add(itemId);
      giveBack(s, utterances);
      if (kind !== null && kind !== "turn") owe(s, kind);
    }
    callOffAnswer(s, answer, out, nowMs);
    for (const itemId of over ? [] : items) {
      if (!isPlaying(itemId)) out.push({ type: "delete_item", itemId });
    }
  }
  s.answers = s.answers.filter(({ over }) => !over);
  for (const { itemId, heardMs, receivedMs } of playing) {
    if (heardMs <= 0 || unheard.has(itemId)) out.push({ type: "delete_item", itemId });
    // Of an answer still in the making, the words may already run ahead of the audio.
    else if (isOpen.has(itemId) || heardMs < receivedMs) {
      out.push({ type: "truncate", itemId, audioEndMs: heardMs });
    }
  }
}

/** Which of our requests has become this response, if any; or else the brain began it by itself. */
export function created(
  s: CallState,
  { responseId, name }: EventOf<"response_created">,
  out: CallAction[],
  nowMs: number,
): void {
  if (s.answers.some((answer) => answer.responseId === responseId)) return;
  if (name !== "") s.echoesNames = "yes";
  const asked = s.answers.find((a) => !a.over && a.responseId === null);
  const ours = name === ""
    ? asked && mayBeOurs(s, asked) ? asked : undefined
    : s.answers.find((answer) => answer.responseId === null && answerName(answer.id) === name);
  const mistaken = s.answers.find((answer) => answerName(answer.id) === name);
  if (!ours && mistaken) notOurs(s, mistaken);
  if (!ours) return brainBegan(s, responseId, name !== "", out, nowMs);
  replace(s, ours.id, { responseId, sinceMs: nowMs });
  if (ours.cancelled) out.push({ type: "cancel_response", responseId });
}

/** It was the brain's own that we took for ours, and it doesn't greet. */
function notOurs(s: CallState, answer: Answer): void {
  if (answer.kind === "greeting" && !answer.cancelled) owe(s, "greeting");
  // What the brain had not taken when it began this, it doesn't know.
  const known = ({ taken }: Utterance) => taken;
  giveBack(s, answer.utterances.filter((u) => !known(u)));
  replace(s, answer.id, { kind: "turn", utterances: answer.utterances.filter(known) });
}

/**
 * A brain that gives names back would have given ours. Of one that we don't know yet, an answer to
 * what its own detector has heard is its own.
 */
function mayBeOurs({ echoesNames, settings }: CallState, asked: Answer): boolean {
  if (settings.turns === "local" || echoesNames === "no") return true;
  return echoesNames !== "yes" && !asked.utterances.some((u) => u.by === "voice" && u.taken);
}

/** @param late It is one of ours that we had given up. */
function brainBegan(
  s: CallState,
  responseId: string,
  late: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  const open = openAnswer(s);
  const asked = open && open.responseId === null && !open.cancelled ? open : undefined;
  if (asked && s.echoesNames === "unknown") s.echoesNames = "doubtful";
  const greets = s.owes.includes("greeting") ||
    s.answers.some((answer) => answer.kind === "greeting" && !answer.cancelled && !answer.sounds);
  const waiting = [...asked?.utterances ?? [], ...s.awaiting];
  // It knows what the brain had taken before.
  const utterances = waiting.filter(({ taken }) => taken);
  const stray = utterances.length === 0 && nowMs < s.strayUntilMs;
  s.strayUntilMs = 0;
  // It may speak first. Later, one that tells what it hears has nothing to begin to nobody's words.
  const tells = s.settings.turns === "local" || (s.brainAnnounces && s.lastId > 0);
  const uncalled = utterances.length === 0 && tells;
  const unwanted = late || s.phase !== "open" || s.alarm?.audible || greets || stray || uncalled ||
    (open !== undefined && !asked && !open.cancelled);
  const answer: Answer = {
    id: ++s.lastId,
    kind: utterances.length > 0 ? "turn" : null,
    utterances: unwanted ? [] : utterances,
    responseId,
    items: [],
    sinceMs: nowMs,
    sounds: false,
    spoken: false,
    usedTool: false,
    early: false,
    cancelled: Boolean(unwanted),
    over: false,
  };
  if (unwanted) {
    out.push({ type: "cancel_response", responseId });
    s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  } else {
    s.awaiting = waiting.filter(({ taken }) => !taken);
    s.owes = [];
    // Ours will be refused; should it be created after all, nobody wants it.
    if (asked) replace(s, asked.id, { cancelled: true, sinceMs: nowMs, utterances: [] });
  }
  s.answers = [...s.answers, answer];
}

export function outputItem(
  s: CallState,
  { responseId, itemId }: EventOf<"output_item">,
  out: CallAction[],
): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  // Of one that was given up: nobody will hear it.
  if (!answer || answer.cancelled) out.push({ type: "delete_item", itemId });
  else if (!answer.items.includes(itemId)) {
    replace(s, answer.id, { items: [...answer.items, itemId] });
  }
}

export function audioBegan(
  s: CallState,
  { responseId, itemId }: EventOf<"audio_began">,
  _out: CallAction[],
  nowMs: number,
): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  if (!answer || answer.cancelled) return;
  const items = answer.items.includes(itemId) ? answer.items : [...answer.items, itemId];
  if (!answer.sounds) s.slowestSoundMs = Math.max(s.slowestSoundMs, nowMs - answer.sinceMs);
  replace(s, answer.id, { sounds: true, spoken: false, items });
  s.soundSinceMs ??= nowMs;
  s.turnBegan = false;
  s.failures = 0;
  s.silences = 0;
  s.deadAirs = 0;
  s.overtaken = 0;
  s.toldToWait = false;
  s.lastActivityMs = nowMs;
}

/** All of its sound came, though it may not be over yet: a tool may be called next. */
export function audioDone(s: CallState, { responseId }: EventOf<"audio_done">): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  if (answer?.sounds) replace(s, answer.id, { spoken: true });
}

export function done(
  s: CallState,
  { responseId, failed, stopped, fatal, retryAfterMs }: EventOf<"response_done">,
  out: CallAction[],
  nowMs: number,
): void {
  const answer = s.answers.find((a) => a.responseId === responseId && !a.over);
  if (retryAfterMs > MAX_RETRY_AFTER_MS) return apologise(s, "brain_failed", out, nowMs);
  waitAtLeast(s, retryAfterMs, nowMs);
  if (!answer) return;
  if (answer.cancelled) remove(s, answer.id);
  else if (stopped) stoppedByBrain(s, answer);
  else if (failed) fail(s, answer, fatal, out, nowMs);
  else if (answer.sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  // Until the turn is over it may be taken back.
  else if (s.heldTool && answer.early) replace(s, answer.id, { over: true });
  else if (answer.sounds || answer.usedTool) {
    remove(s, answer.id);
    // The answer to what the tool returns is the answer to them.
    if (!answer.sounds && s.owes.includes("tool")) giveBack(s, answer.utterances);
  } else if (answer.kind === "greeting" || answer.kind === "still_there") {
    fail(s, answer, false, out, nowMs);
  } else empty(s, answer, out, nowMs);
  if (s.phase === "ending") finishIfQuiet(s, out);
}

/** Some brains call an answer off when they hear a voice, though they were asked not to. */
function stoppedByBrain(s: CallState, answer: Answer): void {
  if (answer.sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  if (!answer.sounds) owedAgain(s, answer);
  else if (s.phase === "open" && answer.kind !== "go_on") owe(s, "go_on");
}

/** It came to nothing: it is asked for again, later each time, and not for ever. */
function fail(
  s: CallState,
  answer: Answer,
  fatal: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  // What came of it plays on, and may still be cut off before a word of it was heard.
  const plays = answer.sounds && s.soundSinceMs !== null;
  if (plays) replace(s, answer.id, { over: true });
  else remove(s, answer.id);
  s.heldTool = null;
  if (s.phase === "ending") return waitAtLeast(s, BACKOFF_MS[0]!, nowMs);
  if (fatal) return apologise(s, "brain_failed", out, nowMs);
  // One that was to finish another is not finished once more.
  if (answer.sounds && answer.kind !== "go_on") owe(s, "go_on");
  else if (!answer.sounds) owedAgain(s, answer);
  putOff(s, out, nowMs);
}

/** What the answer was for is owed as before. */
function owedAgain(s: CallState, answer: Answer): void {
  giveBack(s, answer.utterances);
  if (answer.kind !== null && answer.kind !== "turn") owe(s, answer.kind);
}

/** The brain's limits count for whatever is asked next, also when this was not wanted any more. */
function waitAtLeast(s: CallState, waitMs: number, nowMs: number): void {
  s.notBeforeMs = Math.max(s.notBeforeMs, nowMs + waitMs);
}

/** Counts a failure; nothing is asked for until its pause is over. */
export function putOff(s: CallState, out: CallAction[], nowMs: number): void {
  s.failures++;
  if (s.failures >= MAX_FAILURES) return apologise(s, "brain_failed", out, nowMs);
  const backoffMs = BACKOFF_MS[Math.min(s.failures, BACKOFF_MS.length) - 1]!;
  waitAtLeast(s, backoffMs, nowMs);
}

/** Complete, and without a sound: the brain is asked to say so, or we say it. */
function empty(s: CallState, answer: Answer, out: CallAction[], nowMs: number): void {
  remove(s, answer.id);
  if (s.phase === "ending") return;
  if (answer.kind === "declined" || answer.kind === "unheard") {
    s.turnBegan = false;
    s.soundSinceMs ??= nowMs;
    out.push({ type: "say", phrase: "say_again", why: "empty" });
  } else if (answer.utterances.length > 0 || answer.kind === "tool") {
    giveBack(s, answer.utterances);
    owe(s, "declined");
  }
}

export function refused(
  s: CallState,
  { name, why, retryAfterMs }: EventOf<"refused">,
  out: CallAction[],
  nowMs: number,
): void {
  if (retryAfterMs > MAX_RETRY_AFTER_MS) return apologise(s, "brain_failed", out, nowMs);
  waitAtLeast(s, retryAfterMs, nowMs);
  const answer = s.answers.find((a) => answerName(a.id) === name) ??
    // Not every server says what it refused: one that fails can mean only what has no answer yet.
    (name === "" && why === "failed"
      ? s.answers.find((a) => !a.over && a.responseId === null)
      : undefined);
  if (answer) return answerRefused(s, answer, why, out, nowMs);
  if (name.startsWith("commit_")) return commitRefused(s, name, why, out, nowMs);
  if (name !== "") return;
  if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
  // The brain's own try at what it has committed: now it is on us.
  const waited = s.awaiting.some(({ brainAnswersSinceMs }) => brainAnswersSinceMs !== null);
  if (why === "active") s.strayUntilMs = 0;
  s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  if (waited && why === "failed") putOff(s, out, nowMs);
}

function answerRefused(
  s: CallState,
  answer: Answer,
  why: EventOf<"refused">["why"],
  out: CallAction[],
  nowMs: number,
): void {
  if (answer.responseId !== null) return notOurs(s, answer);
  remove(s, answer.id);
  if (answer.cancelled) return;
  // The brain has begun something else just then: the last words come after it.
  if (s.phase === "ending" && why === "active" && openAnswer(s)) return owedAgain(s, answer);
  if (s.phase === "ending") return finish(s, s.endReason ?? "agent_hung_up", out);
  if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
  owedAgain(s, answer);
  if (why !== "active") return putOff(s, out, nowMs);
  // The end of what is open is what we wait for; where we know of nothing, we ask again in a while.
  if (!openAnswer(s)) waitAtLeast(s, ACTIVE_MS, nowMs);
}

function commitRefused(
  s: CallState,
  name: string,
  why: EventOf<"refused">["why"],
  out: CallAction[],
  nowMs: number,
): void {
  const isIt = ({ id }: Utterance) => commitName(id) === name;
  const answer = s.answers.find(({ utterances }) => utterances.some(isIt));
  if (why !== "empty") {
    if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
    if (s.phase !== "open") return;
    const utterance = s.awaiting.find(isIt) ?? answer?.utterances.find(isIt);
    if (utterance) out.push({ type: "commit", utterance: utterance.id });
    // An answer that was asked for with it doesn't know what was said.
    if (answer && !answer.sounds) {
      callOffAnswer(s, answer, out, nowMs);
      owedAgain(s, answer);
    }
    return putOff(s, out, nowMs);
  }
  // Where the brain ends turns, it has committed this by itself.
  if (s.settings.turns !== "local") return;
  // There was nothing in it, so nothing is owed for it.
  s.awaiting = s.awaiting.filter((u) => !isIt(u));
  if (!answer || answer.sounds || answer.kind !== "turn") return;
  const others = answer.utterances.filter((u) => !isIt(u));
  if (others.length > 0) replace(s, answer.id, { utterances: others });
  else callOffAnswer(s, answer, out, nowMs);
}

/** Not created, or silent for so long, that it counts as lost. */
export function lost(
  s: CallState,
  answer: Answer,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const { utterances, kind, responseId } = answer;
  if (answer.spoken) return void remove(s, answer.id);
  if (responseId === null) {
    remove(s, answer.id);
    if (s.echoesNames === "doubtful") s.echoesNames = "no";
  } else callOffAnswer(s, answer, out, nowMs);
  s.silences++;
  for (const itemId of answer.items) {
    const heardMs = playing.find((heard) => heard.itemId === itemId)?.heardMs ?? 0;
    if (!answer.sounds) out.push({ type: "delete_item", itemId });
    // What was on its way is dropped.
    else if (heardMs > 0) out.push({ type: "truncate", itemId, audioEndMs: heardMs });
  }
  if (!answer.sounds) owedAgain(s, { ...answer, utterances, kind });
  else if (s.awaiting.length === 0 && kind !== "go_on") owe(s, "go_on");
  putOff(s, out, nowMs);
}
