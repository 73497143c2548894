/**
 * The turn machine: `step(state, event, nowMs)` gives the next state and what to do. No clock, no
 * socket, no randomness, so a call can be replayed from its event log and explored by a program.
 *
 * Three rules hold everything together. One answer at a time: all are asked for by `pursue`, which
 * runs after every event. Nobody is cut off by a cough: whoever may be breaking in first only makes
 * playback hold; speech that lasts ends the answer. And nothing is owed without a timer: deadlines
 * follow from the state (`deadlines.ts`), and this is what each of them does.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { callerPaused, callOff, overtake, speaksMeanwhile } from "./alarm.ts";
import { remove } from "./answers.ts";
import { committed, endpointDue, maybeMeantDue, unheardDue } from "./commits.ts";
import { deadline, isOwed, openAnswer } from "./deadlines.ts";
import { callerMaybeDone, turnIsOver } from "./early_answer.ts";
import { apologise, close, end, finish, finishIfQuiet } from "./ending.ts";
import type { CallEvent, Heard, TimerName } from "./events.ts";
import { lost } from "./failures.ts";
import { owe, pursue } from "./owing.ts";
import { refused } from "./refusals.ts";
import { audioBegan, audioDone, created, done, outputItem } from "./responses.ts";
import { brainFailed, brainLost, brainReady, callResumed } from "./session.ts";
import type { Answer, CallState } from "./state.ts";
import { runHeldTool, toolCalled } from "./tools.ts";
import { callerTypes, callerWrote, textTaken } from "./typing.ts";
import { callerResumed, callerStarted, callerStopped, voiceDue } from "./voice.ts";

/** Times in a row that the last net may catch before the call is given up. */
const MAX_DEAD_AIRS = 3;
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
  runHeldTool(next, actions, nowMs);
  pursue(next, actions, nowMs);
  listenForQuiet(next, nowMs);
  if (isOwed(next)) next.owedSinceMs ??= nowMs;
  else next.owedSinceMs = null;
  return { state: next, actions };
}

const HANDLERS: Handlers = {
  brain_ready: brainReady,
  brain_lost: brainLost,
  call_resumed: callResumed,
  caller_started: callerStarted,
  caller_paused: callerPaused,
  caller_maybe_done: callerMaybeDone,
  caller_resumed: callerResumed,
  caller_stopped(s, event, out, nowMs) {
    callerStopped(s, event, out, nowMs);
    if (event.by === "local" && s.earlyUtterance !== 0) turnIsOver(s, out);
  },
  committed,
  caller_wrote: callerWrote,
  text_taken: textTaken,
  caller_types: callerTypes,
  response_created(s, event, out, nowMs) {
    // Some brains answer before they say that they have committed, or don't say it at all.
    if (event.name === "" && s.brainItem !== null && s.brainEnded) {
      const itemId = s.brainItem;
      committed(s, { type: "committed", itemId, playing: event.playing }, out, nowMs);
    }
    created(s, event, out, nowMs);
    speaksMeanwhile(s, out, nowMs);
  },
  output_item: outputItem,
  audio_began: audioBegan,
  audio_done: audioDone,
  response_done: done,
  tool_called: toolCalled,
  agent_silent(s, _event, out, nowMs) {
    s.soundSinceMs = null;
    s.lastActivityMs = nowMs;
    const isPrompt = ({ kind, sounds, cancelled }: Answer) =>
      kind === "still_there" && sounds && !cancelled;
    s.prompted ||= s.answers.some(isPrompt);
    s.answers = s.answers.filter(({ over }) => !over);
    // It stopped in the middle.
    const open = openAnswer(s);
    if (open?.sounds && !open.spoken && !open.cancelled) out.push({ type: "suspect_session" });
    if (s.phase === "ending") finishIfQuiet(s, out);
  },
  refused,
  brain_failed: brainFailed,
  timer(s, { name, playing }, out, nowMs) {
    // What happened since it was set may have moved it.
    if (deadline(s, name) > nowMs + EARLY_MS) return;
    DUE[name](s, playing, out, nowMs);
  },
  caller_left(s, { lost }, out) {
    close(s, lost ? "caller_lost" : "caller_hung_up", false, out);
  },
  // The phone stays up: behind the stream Twilio has words for a connection that was lost.
  caller_stalled(s, _event, out) {
    close(s, "caller_stalled", false, out);
  },
  told_to_end(s, { reason }, out) {
    // A call that was moved goes on: nobody hangs up on it.
    close(s, reason, reason !== "moved", out);
  },
};

type Due = (s: CallState, playing: readonly Heard[], out: CallAction[], nowMs: number) => void;

/** What happens at each deadline. */
const DUE: Readonly<Record<TimerName, Due>> = {
  session(s, _playing, out, nowMs) {
    apologise(s, "brain_failed", out, nowMs);
  },
  confirm: overtake,
  call_off: callOff,
  endpoint(s, _playing, out, nowMs) {
    endpointDue(s, out, nowMs);
  },
  unheard(s, _playing, out) {
    unheardDue(s, out);
  },
  maybe_meant(s, _playing, out) {
    maybeMeantDue(s, out);
  },
  voice: voiceDue,
  created(s, playing, out, nowMs) {
    const open = openAnswer(s);
    out.push({ type: "suspect_session" });
    if (open && !open.cancelled) return lost(s, open, playing, out, nowMs);
    s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  },
  sound(s, playing, out, nowMs) {
    const open = openAnswer(s)!;
    if (!open.spoken) out.push({ type: "suspect_session" });
    lost(s, open, playing, out, nowMs);
  },
  closed(s) {
    remove(s, openAnswer(s)!.id);
  },
  retry() {
    // `pursue` asks.
  },
  tell_to_wait(s, _playing, out, nowMs) {
    s.toldToWait = true;
    s.soundSinceMs ??= nowMs;
    out.push({ type: "say", phrase: "one_moment", why: waitsWhy(s) });
  },
  dead_air: deadAir,
  silence(s, _playing, out, nowMs) {
    // Somebody made a sound over it, and no more than that.
    if (s.goodbyeFor) return finish(s, s.goodbyeFor, out);
    if (!s.prompted) return owe(s, "still_there");
    end(s, "caller_silent", out, nowMs);
    owe(s, "goodbye");
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

const waitsWhy = (s: CallState) =>
  s.phase === "opening" || s.sessionLostMs !== null
    ? "connecting"
    : s.failures > 0
    ? "failed"
    : "slow";

/** The last net: whatever was overlooked, the caller doesn't sit in silence. */
function deadAir(
  s: CallState,
  _playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  s.quietSinceMs = nowMs;
  // Without a session, its own deadline says how long.
  if (s.sessionLostMs === null) s.deadAirs++;
  s.toldToWait = true;
  if (s.deadAirs >= MAX_DEAD_AIRS) return apologise(s, "brain_failed", out, nowMs);
  s.soundSinceMs ??= nowMs;
  out.push({ type: "say", phrase: "one_moment", why: "dead_air" });
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
