/**
 * The decision road: `step(state, event, nowMs)` gives the next state and what to do. No clock, no
 * socket, no randomness, so a call can be replayed from its event log and explored by a program.
 *
 * Three rules hold everything together. One answer at a time: all are asked for by `pursue`, which
 * runs after every event. Nobody is cut off by a cough: whoever may be breaking in first only makes
 * playback hold; speech that lasts ends the answer. And nothing is owed without a timer: deadlines
 * follow from the state (`deadlines.ts`), and this is what each of them does.
 *
 * @module
 */

import * as answers from "./answers.ts";
import { deadline, isOwed, openAnswer } from "./deadlines.ts";
import { apologise, close, end, finish, finishIfQuiet } from "./ending.ts";
import type { Answer, CallAction, CallEvent, CallState, Heard, TimerName } from "./state.ts";
import * as utterances from "./utterances.ts";

/** Times in a row that the last net may catch before the call is given up. */
export const MAX_DEAD_AIRS = 3;
/** A timer may run this early, and recorded times are rounded. */
const EARLY_MS = 1;

type Handlers = {
  [E in CallEvent as E["type"]]: (s: CallState, event: E, out: CallAction[], nowMs: number) => void;
};

/**
 * One decision.
 *
 * @param nowMs The time of the event, on any clock that only runs forward.
 */
export function step(
  state: Readonly<CallState>,
  event: CallEvent,
  nowMs: number,
): { state: CallState; actions: CallAction[] } {
  if (state.phase === "closed") return { state, actions: [] };
  const next = { ...state };
  const actions: CallAction[] = [];
  const handle = HANDLERS[event.type] as (
    s: CallState,
    e: CallEvent,
    out: CallAction[],
    nowMs: number,
  ) => void;
  handle(next, event, actions, nowMs);
  answers.pursue(next, actions, nowMs);
  listenForQuiet(next, nowMs);
  if (isOwed(next)) next.owedSinceMs ??= nowMs;
  else next.owedSinceMs = null;
  return { state: next, actions };
}

const HANDLERS: Handlers = {
  brain_ready(s, _event, out) {
    if (s.phase !== "opening") return;
    s.phase = "open";
    utterances.sendWhatWaited(s, out);
    if (s.settings.greets) answers.owe(s, "greeting");
  },
  caller_started: utterances.callerStarted,
  caller_paused: utterances.callerPaused,
  caller_maybe_done: utterances.callerMaybeDone,
  caller_resumed: utterances.callerResumed,
  caller_stopped(s, event, out, nowMs) {
    utterances.callerStopped(s, event, out, nowMs);
    if (event.by === "local" && s.earlyUtterance !== 0) turnIsOver(s, out, nowMs);
  },
  committed: utterances.committed,
  caller_wrote: utterances.callerWrote,
  text_taken: utterances.textTaken,
  caller_types: utterances.callerTypes,
  response_created(s, event, out, nowMs) {
    // Some brains answer before they say that they have committed, or don't say it at all.
    if (event.name === "" && s.brainItem !== null && s.brainEnded) {
      const committed = { type: "committed", itemId: s.brainItem, playing: [] } as const;
      utterances.committed(s, committed, out, nowMs);
    }
    answers.created(s, event, out, nowMs);
    speaksMeanwhile(s, out, nowMs);
  },
  output_item: answers.outputItem,
  audio_began: answers.audioBegan,
  audio_done: answers.audioDone,
  response_done: answers.done,
  tool_called(s, { responseId, callId, hangsUp }, out, nowMs) {
    const answer = s.answers.find((a) => a.responseId === responseId);
    if (s.phase !== "open" || !answer || answer.cancelled) return;
    s.answers = s.answers.map((a) => a === answer ? { ...a, usedTool: true } : a);
    if (s.earlyUtterance !== 0) s.heldTool = { callId, hangsUp };
    else runTool(s, callId, hangsUp, out, nowMs);
  },
  agent_silent(s, _event, out, nowMs) {
    s.soundSinceMs = null;
    s.lastActivityMs = nowMs;
    const isPrompt = ({ kind, sounds, cancelled }: Answer) =>
      kind === "still_there" && sounds && !cancelled;
    s.prompted ||= s.answers.some(isPrompt);
    s.answers = s.answers.filter(({ over }) => !over);
    if (s.phase === "ending") finishIfQuiet(s, out);
  },
  refused: answers.refused,
  brain_failed(s, _event, out, nowMs) {
    s.answers = [];
    s.owes = [];
    apologise(s, "brain_failed", out, nowMs);
  },
  timer(s, { name, playing }, out, nowMs) {
    // What happened since it was set may have moved it.
    if (deadline(s, name) > nowMs + EARLY_MS) return;
    DUE[name](s, playing, out, nowMs);
  },
  caller_left(s, { lost }, out) {
    close(s, lost ? "caller_lost" : "caller_hung_up", false, out);
  },
  told_to_end(s, { reason }, out) {
    finish(s, reason, out);
  },
};

type Due = (s: CallState, playing: readonly Heard[], out: CallAction[], nowMs: number) => void;

/** What happens at each deadline. */
const DUE: Readonly<Record<TimerName, Due>> = {
  session(s, _playing, out, nowMs) {
    apologise(s, "brain_failed", out, nowMs);
  },
  confirm: utterances.overtake,
  call_off: utterances.callOff,
  endpoint(s, _playing, out, nowMs) {
    utterances.endpointDue(s, out, nowMs);
  },
  unheard: utterances.unheardDue,
  maybe_meant(s, _playing, out) {
    utterances.maybeMeantDue(s, out);
  },
  voice: utterances.voiceDue,
  created(s, playing, out, nowMs) {
    const open = openAnswer(s);
    if (open && !open.cancelled) return answers.lost(s, open, playing, out, nowMs);
    s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  },
  sound(s, playing, out, nowMs) {
    answers.lost(s, openAnswer(s)!, playing, out, nowMs);
  },
  closed(s) {
    answers.remove(s, openAnswer(s)!.id);
  },
  retry() {
    // `pursue` asks.
  },
  tell_to_wait(s, _playing, out, nowMs) {
    s.toldToWait = true;
    s.soundSinceMs ??= nowMs;
    out.push({ type: "say", phrase: "one_moment", why: s.failures > 0 ? "failed" : "slow" });
  },
  dead_air: deadAir,
  silence(s, _playing, out, nowMs) {
    if (!s.prompted) return answers.owe(s, "still_there");
    end(s, "caller_silent", out, nowMs);
    answers.owe(s, "goodbye");
  },
  goodbye(s, _playing, out) {
    finish(s, s.endReason ?? "agent_hung_up", out);
  },
  call_limit(s, _playing, out) {
    finish(s, "call_limit", out);
  },
  idle_limit(s, _playing, out) {
    finish(s, "idle_limit", out);
  },
};

/** The last net: whatever was overlooked, the caller doesn't sit in silence. */
function deadAir(
  s: CallState,
  _playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  s.quietSinceMs = nowMs;
  s.deadAirs++;
  s.toldToWait = true;
  if (s.deadAirs >= MAX_DEAD_AIRS) return apologise(s, "brain_failed", out, nowMs);
  s.soundSinceMs ??= nowMs;
  out.push({ type: "say", phrase: "one_moment", why: "dead_air" });
}

/** An answer has come into being while the caller speaks: it waits, and may be overtaken. */
function speaksMeanwhile(s: CallState, out: CallAction[], nowMs: number): void {
  const { speaking, voiceSinceMs, settings } = s;
  if (!speaking || s.alarm || s.earlyUtterance !== 0) return;
  const recent = voiceSinceMs !== null && nowMs < voiceSinceMs + answers.LOCAL_VOICE_MS;
  const local = settings.turns === "local" ? voiceSinceMs !== null : recent;
  const { onsetMs } = speaking;
  if (local) utterances.raiseAlarm(s, { goesOn: true, onsetMs }, out, nowMs);
}

/** The turn is over: what was held is played, and what was put off is done. */
function turnIsOver(s: CallState, out: CallAction[], nowMs: number): void {
  s.earlyUtterance = 0;
  s.held = false;
  s.answers = s.answers.map((answer) => answer.early ? { ...answer, early: false } : answer);
  out.push({ type: "resume", why: "turn_over" });
  const tool = s.heldTool;
  s.heldTool = null;
  if (s.soundSinceMs === null) s.answers = s.answers.filter(({ over }) => !over);
  if (tool) runTool(s, tool.callId, tool.hangsUp, out, nowMs);
}

function runTool(
  s: CallState,
  callId: string,
  hangsUp: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  out.push({ type: "tool_output", callId, ok: hangsUp });
  if (!hangsUp) return answers.owe(s, "tool");
  const silent = s.soundSinceMs === null && !s.answers.some((a) => a.sounds && !a.cancelled);
  end(s, "agent_hung_up", out, nowMs);
  // Whoever hangs up says goodbye first.
  if (silent) answers.owe(s, "goodbye");
  // It may come when everything has been said and heard already.
  finishIfQuiet(s, out);
}

/** Since when neither side makes a sound. */
function listenForQuiet(s: CallState, nowMs: number): void {
  const { speaking } = s;
  const brainHears = s.brainItem !== null && speaking !== null &&
    speaking.endMs === speaking.onsetMs;
  const loud = s.voiceSinceMs !== null || brainHears || (s.soundSinceMs !== null && !s.held);
  if (loud) s.quietSinceMs = null;
  else s.quietSinceMs ??= nowMs;
}
