/**
 * What the brain makes of our requests, and what it begins by itself.
 *
 * @module
 */

import { answerName, type CallAction } from "./actions.ts";
import { newAnswer, remove, replace } from "./answers.ts";
import { openAnswer } from "./deadlines.ts";
import { apologise, finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { empty, fail, stoppedByBrain } from "./failures.ts";
import { giveBack, MAX_RETRY_AFTER_MS, owe, waitAtLeast } from "./owing.ts";
import type { Answer, CallState, Utterance } from "./state.ts";

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
export function notOurs(s: CallState, answer: Answer): void {
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
function mayBeOurs({ echoesNames, settings, awaiting }: CallState, asked: Answer): boolean {
  if (settings.turns === "local" || echoesNames === "no") return true;
  const utterances = asked.cancelled ? awaiting : asked.utterances;
  return echoesNames !== "yes" && !utterances.some((u) => u.by === "voice" && u.taken);
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
  if (unwanted) {
    out.push({ type: "cancel_response", responseId });
    s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  } else {
    s.awaiting = waiting.filter(({ taken }) => !taken);
    s.owes = [];
    // Ours will be refused; should it be created after all, nobody wants it.
    if (asked) replace(s, asked.id, { cancelled: true, sinceMs: nowMs, utterances: [] });
  }
  newAnswer(s, {
    kind: utterances.length > 0 ? "turn" : null,
    utterances: unwanted ? [] : utterances,
    responseId,
    early: false,
    cancelled: Boolean(unwanted),
  }, nowMs);
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
  if (s.heldTool) s.heldTool = { ...s.heldTool, said: true };
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
  if (retryAfterMs > MAX_RETRY_AFTER_MS && s.phase === "open") {
    return apologise(s, "brain_failed", out, nowMs);
  }
  waitAtLeast(s, retryAfterMs, nowMs);
  if (!answer) return;
  if (answer.cancelled) remove(s, answer.id);
  else if (stopped) stoppedByBrain(s, answer);
  else if (failed) fail(s, answer, fatal, out, nowMs);
  else if (answer.sounds && s.soundSinceMs !== null) replace(s, answer.id, { over: true });
  // Until the tool runs it may be taken back.
  else if (s.heldTool) replace(s, answer.id, { over: true });
  else if (answer.sounds || answer.usedTool) {
    remove(s, answer.id);
    // The answer to what the tool returns is the answer to them.
    if (!answer.sounds && s.owes.includes("tool")) giveBack(s, answer.utterances);
  } else if (answer.kind === "greeting" || answer.kind === "still_there") {
    fail(s, answer, false, out, nowMs);
  } else empty(s, answer, out, nowMs);
  if (s.phase === "ending") finishIfQuiet(s, out);
}
