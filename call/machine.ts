/**
 * The decision road: `step(state, event, nowMs)` gives the next state and what to do. No clock, no
 * socket, no randomness, so a call can be replayed from its event log.
 *
 * Two rules hold everything together. One answer at a time: every answer is asked for by `ask`, and
 * waits there while another is open. And nobody is cut off by a cough: whoever may be breaking in
 * first only makes playback hold its breath (`alarm`); speech that lasts ends the answer.
 *
 * @module
 */

import type { AnswerKind, CallAction, CallEvent, CallState, EndReason, Heard } from "./state.ts";

/** The brain has created nothing this long after a turn was committed: we ask ourselves. */
export const ANSWER_DUE_MS = 3000;
/** The longest that last words may take. */
export const GOODBYE_MS = 15_000;
/** For this long after a false alarm, the brain's word alone raises no other. */
export const STALE_ALARM_MS = 1000;
/** Answers that may fail in a row before we give up. */
export const MAX_FAILURES = 2;

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
  return { state: next, actions };
}

const HANDLERS: Handlers = {
  brain_ready(s, _event, out) {
    if (s.phase !== "opening") return;
    s.phase = "open";
    // Whoever could not wait has begun already.
    if (s.callerLocal && s.turns === "local") out.push({ type: "open_uplink" });
    if (s.greets) ask(s, "greeting", out);
  },

  caller_started(s, { by, onsetMs, itemId }, out, nowMs) {
    if (by === "local") s.callerLocal = true;
    else s.callerBrain = true;
    if (s.phase !== "open") return;
    s.prompted = false;
    out.push({ type: "clear_timer", name: "answer_due" });
    if (s.silencePromptMs > 0) out.push({ type: "clear_timer", name: "silence" });
    if (by === "local" && s.turns === "local") out.push({ type: "open_uplink" });
    // The brain's slower detector may wake up to what ours has already called off.
    const stale = by === "brain" && !s.callerLocal && nowMs - s.calledOffAtMs < STALE_ALARM_MS;
    if (stale && !s.alarm) s.falseItem = itemId ?? null;
    else if (s.alarm) {
      s.alarm = {
        ...s.alarm,
        local: s.alarm.local || by === "local",
        itemId: itemId ?? s.alarm.itemId,
      };
    } else if (s.agentAudible || isOpen(s)) {
      s.alarm = { sinceMs: onsetMs, local: by === "local", itemId: itemId ?? null };
      const ms = Math.max(0, s.confirmMs - (nowMs - onsetMs));
      out.push({ type: "hold" }, { type: "set_timer", name: "confirm", ms });
    }
  },

  caller_paused(s, _event, out, nowMs) {
    if (s.alarm?.local) callOff(s, out, nowMs);
  },

  caller_maybe_done(s, _event, out) {
    if (s.phase !== "open" || s.turns !== "local" || s.alarm || s.response) return;
    s.speculating = true;
    out.push({ type: "commit" }, { type: "hold" });
    ask(s, "turn", out);
  },

  caller_resumed(s, { playing }, out) {
    if (s.speculating) interrupt(s, playing, out);
  },

  caller_stopped(s, { by }, out, nowMs) {
    if (by === "local") s.callerLocal = false;
    else s.callerBrain = false;
    if (s.phase !== "open") return;
    // Where our own detector has spoken, the brain's slower one has no say.
    if (s.alarm && (by === "local" || !s.alarm.local)) callOff(s, out, nowMs);
    else if (by === "local" && s.speculating) release(s, out);
    else if (by === "local" && s.turns === "local") {
      out.push({ type: "close_uplink" }, { type: "commit" });
      ask(s, "turn", out);
    }
  },

  committed(s, { itemId }, out) {
    if (s.phase !== "open") return;
    if (itemId !== "" && itemId === s.falseItem) {
      out.push({ type: "delete_item", itemId });
    } else if (s.turns !== "local") {
      out.push({ type: "set_timer", name: "answer_due", ms: ANSWER_DUE_MS });
    }
  },

  caller_wrote(s, { ref, playing }, out) {
    if (s.phase !== "open") return;
    s.prompted = false;
    if (s.silencePromptMs > 0) out.push({ type: "clear_timer", name: "silence" });
    if (s.agentAudible || isOpen(s)) interrupt(s, playing, out);
    out.push({ type: "send_text", ref });
    ask(s, "text", out);
  },

  response_created(s, { responseId }, out) {
    const asked = s.response;
    if (asked && asked.id !== null) {
      // A second one beside an open one: nobody will hear it.
      if (asked.id !== responseId) out.push({ type: "cancel_response", responseId });
      return;
    }
    out.push({ type: "clear_timer", name: "answer_due" });
    // Without a request of ours, it is the brain's answer to what its own detector heard.
    const unwanted = asked ? asked.cancelled : s.falseItem !== null || s.phase !== "open";
    s.falseItem = null;
    s.response = { kind: null, items: [], ...asked, id: responseId, cancelled: unwanted };
    if (unwanted) out.push({ type: "cancel_response", responseId });
  },

  output_item(s, { responseId, itemId }, out) {
    if (s.response?.id !== responseId) return;
    if (s.response.cancelled) out.push({ type: "delete_item", itemId });
    else s.response = { ...s.response, items: [...s.response.items, itemId] };
  },

  response_done(s, { responseId, failed, fatal }, out) {
    if (s.response?.id !== responseId) return;
    const { kind, cancelled } = s.response;
    s.response = null;
    if (s.phase === "ending") return finishIfQuiet(s, out);
    if (failed && !cancelled) {
      s.failures++;
      if (fatal || s.failures >= MAX_FAILURES) return apologise(s, "brain_failed", out);
      s.wanted ??= kind ?? "turn";
    } else if (!failed) s.failures = 0;
    // Who speaks again is answered when they have finished, and once.
    if (s.wanted === "turn" && (s.callerLocal || s.callerBrain)) s.wanted = null;
    if (s.wanted !== null) ask(s, s.wanted, out);
  },

  tool_called(s, { responseId, callId, hangsUp }, out) {
    if (s.phase !== "open" || s.response?.id !== responseId || s.response.cancelled) return;
    if (s.speculating) s.heldTool = { callId, hangsUp };
    else runTool(s, callId, hangsUp, out);
  },

  agent_audible(s) {
    s.agentAudible = true;
  },

  agent_silent(s, _event, out) {
    s.agentAudible = false;
    if (s.phase === "ending") return finishIfQuiet(s, out);
    if (s.phase === "open" && s.silencePromptMs > 0 && !s.response && !s.callerLocal) {
      out.push({ type: "set_timer", name: "silence", ms: s.silencePromptMs });
    }
  },

  answer_refused(s) {
    // Another answer is open. Ours, if it is only cancelled, leaves the turn without one.
    if (s.response?.cancelled) s.wanted ??= "turn";
    else if (s.response?.id !== null && s.response?.kind && s.response.kind !== "turn") {
      s.wanted ??= s.response.kind;
    }
  },

  brain_failed(s, _event, out) {
    s.response = null;
    s.wanted = null;
    apologise(s, "brain_failed", out);
  },

  timer(s, { name, playing }, out) {
    if (name === "confirm") {
      if (s.alarm) interrupt(s, playing, out);
    } else if (name === "answer_due") {
      if (s.phase === "open" && !s.callerBrain) ask(s, "turn", out);
    } else if (name === "silence") askIntoSilence(s, out);
    else if (name === "goodbye") finish(s, s.endReason ?? "agent_hung_up", out);
    else finish(s, name, out);
  },

  caller_left(s, { lost }, out) {
    close(s, lost ? "caller_lost" : "caller_hung_up", out);
  },

  told_to_end(s, { reason }, out) {
    finish(s, reason, out);
  },
};

/** Whether an answer is in the making that somebody may still hear. */
function isOpen(s: CallState): boolean {
  return s.response !== null && !s.response.cancelled;
}

/** The one place where answers are asked for. */
function ask(s: CallState, kind: AnswerKind, out: CallAction[]): void {
  if (s.response) s.wanted = kind;
  else {
    s.wanted = null;
    s.response = { id: null, kind, items: [], cancelled: false };
    out.push({ type: "create_response", kind });
  }
}

/** The turn is over: what was held is played. */
function release(s: CallState, out: CallAction[]): void {
  s.speculating = false;
  out.push({ type: "close_uplink" }, { type: "resume", why: "turn_over" });
  const tool = s.heldTool;
  s.heldTool = null;
  if (!tool) return;
  runTool(s, tool.callId, tool.hangsUp, out);
  if (!s.response && s.wanted !== null) ask(s, s.wanted, out);
}

function runTool(s: CallState, callId: string, hangsUp: boolean, out: CallAction[]): void {
  out.push({ type: "tool_output", callId, ok: hangsUp });
  if (hangsUp) end(s, "agent_hung_up", out);
  else s.wanted = "tool";
  finishIfOver(s, out);
}

/** Nobody says a word: the agent asks once, and then says goodbye. */
function askIntoSilence(s: CallState, out: CallAction[]): void {
  if (s.phase !== "open" || s.response || s.agentAudible || s.callerLocal || s.callerBrain) return;
  if (!s.prompted) {
    s.prompted = true;
    return ask(s, "still_there", out);
  }
  ask(s, "goodbye", out);
  end(s, "caller_silent", out);
}

/** It was nothing: the answer goes on where the caller stopped hearing it. */
function callOff(s: CallState, out: CallAction[], nowMs: number): void {
  s.falseItem = s.alarm?.itemId ?? null;
  s.calledOffAtMs = nowMs;
  s.alarm = null;
  out.push({ type: "clear_timer", name: "confirm" }, { type: "resume", why: "false_alarm" });
  if (s.turns === "local") out.push({ type: "close_uplink" }, { type: "clear_input" });
}

/** The caller has the floor: the answer ends, and the model's memory is cut to what was heard. */
function interrupt(s: CallState, playing: readonly Heard[], out: CallAction[]): void {
  out.push({ type: "clear_timer", name: "confirm" }, { type: "drop" });
  s.alarm = null;
  s.falseItem = null;
  s.speculating = false;
  s.heldTool = null;
  s.agentAudible = false;
  s.wanted = null;
  const wasOpen = isOpen(s);
  if (s.response && wasOpen) {
    if (s.response.id !== null) {
      out.push({ type: "cancel_response", responseId: s.response.id });
    }
    for (const itemId of s.response.items) {
      if (!playing.some((item) => item.itemId === itemId)) {
        out.push({ type: "delete_item", itemId });
      }
    }
    s.response = { ...s.response, cancelled: true };
  }
  for (const { itemId, heardMs, receivedMs } of playing) {
    if (heardMs <= 0) out.push({ type: "delete_item", itemId });
    // Of an answer still in the making, the words may already run ahead of the audio.
    else if (wasOpen || heardMs < receivedMs) {
      out.push({ type: "truncate", itemId, audioEndMs: heardMs });
    }
  }
}

/** No new turns; what is being said is said to its end. */
function end(s: CallState, reason: EndReason, out: CallAction[]): void {
  if (s.alarm || s.speculating) out.push({ type: "resume", why: "last_words" });
  s.phase = "ending";
  s.endReason = reason;
  s.wanted = null;
  s.alarm = null;
  s.speculating = false;
  s.heldTool = null;
  out.push({ type: "set_timer", name: "goodbye", ms: GOODBYE_MS });
}

function apologise(s: CallState, reason: EndReason, out: CallAction[]): void {
  if (s.phase === "ending") return finishIfQuiet(s, out);
  end(s, reason, out);
  s.agentAudible = true;
  out.push({ type: "drop" }, { type: "apologise" });
}

/** A tool that ends the call may come when everything has been said and heard already. */
function finishIfOver(s: CallState, out: CallAction[]): void {
  if (s.phase === "ending") finishIfQuiet(s, out);
}

function finishIfQuiet(s: CallState, out: CallAction[]): void {
  if (!s.agentAudible && !s.response) finish(s, s.endReason ?? "agent_hung_up", out);
}

/** We end the call: closing a stream alone would not hang up the phone. */
function finish(s: CallState, reason: EndReason, out: CallAction[]): void {
  out.push({ type: "hang_up" });
  close(s, reason, out);
}

function close(s: CallState, reason: EndReason, out: CallAction[]): void {
  s.phase = "closed";
  s.endReason = reason;
  s.response = null;
  s.wanted = null;
  s.alarm = null;
  out.push({ type: "drop" }, { type: "close", reason });
}
