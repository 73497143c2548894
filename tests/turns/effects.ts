/**
 * The machine is told, and what it decides is done to the world.
 *
 * @module
 */

import type { CallAction } from "../../call/turns/actions.ts";
import type { CallEvent } from "../../call/turns/events.ts";
import { deleteItem } from "./brain_moves.ts";
import { noticeEvent } from "./notice.ts";
import { noticeAction, noticeStep } from "./rules.ts";
import { breaks, hearInBuffer, isClosed, isLost, responseOf, type World } from "./world.ts";

export function tell<S>(w: World<S>, event: CallEvent): void {
  if (isClosed(w)) return;
  noticeEvent(w, event);
  let decided: { state: S; actions: readonly CallAction[] };
  try {
    decided = w.subject.step(w.state, event, w.nowMs);
  } catch (error) {
    return breaks(w, `throws at ${event.type}: ${(error as Error).message}`);
  }
  w.state = decided.state;
  for (const action of decided.actions) {
    w.seen.add(action.type);
    noticeAction(w, action, event);
    effect(w, action, event);
  }
  noticeStep(w, event, decided.actions);
}

function request<S>(w: World<S>, action: CallAction): void {
  if (action.type === "send_text") w.said.find(({ id }) => id === action.ref)!.sent = true;
  if (isLost(w)) return toNobody(w, action);
  const takes = action.type === "commit" && w.settings.turns === "local";
  w.up.push(takes ? { ...action, buffer: w.brain.buffer } : action);
  w.upAtMs.push(w.nowMs);
  if (takes || action.type === "clear_input") w.brain.buffer = [];
  if (action.type === "commit") w.hearing = "";
  if (action.type === "cancel_response") responseOf(w, action.responseId)!.cancelled = true;
}

/** No session is there to take it; what is deleted it will not be told. */
function toNobody<S>(w: World<S>, action: CallAction): void {
  if (action.type === "create_response" || action.type === "send_text") {
    breaks(w, `asks for ${action.type} of a session that is lost`);
  }
  if (action.type === "delete_item") deleteItem(w, action.itemId);
}

function effect<S>(w: World<S>, action: CallAction, event: CallEvent): void {
  switch (action.type) {
    case "create_response":
    case "cancel_response":
    case "delete_item":
    case "commit":
    case "clear_input":
    case "send_text":
      return request(w, action);
    case "tool_output": {
      const tool = w.tools.find(({ callId }) => callId === action.callId);
      if (tool) tool.ran = action.outcome !== "interrupted";
      return;
    }
    case "truncate": {
      const response = w.brain.responses.find(({ itemId }) => itemId === action.itemId);
      if (response) response.keptMs = action.audioEndMs;
      return;
    }
    case "hold":
      w.held = true;
      w.early = event.type === "caller_maybe_done";
      w.heldAtMs = w.nowMs;
      w.heldOnsetMs = event.type === "caller_started" ? event.onsetMs : -1;
      return;
    case "resume":
      w.held = w.early = false;
      return;
    case "drop":
      // Whatever belongs to an interruption is part of what was said.
      for (const said of w.said) {
        if (action.bargeIn && said.onsetMs >= action.bargeIn.onsetMs) said.guarded = false;
      }
      w.pieces = [];
      w.held = w.early = false;
      w.audible = false;
      w.complete = true;
      w.phrases = 0;
      // Whoever interrupts wants no rest of it.
      if (action.bargeIn || event.type === "caller_paused") w.cutOff = false;
      return;
    case "ignore_voice":
      w.told = false;
      return;
    case "open_uplink":
      w.uplinkOpen = w.uplinkEver = true;
      for (const said of w.said) if (said.voiced) hearInBuffer(w, said);
      return;
    case "close_uplink":
      w.uplinkOpen = false;
      return;
    case "mute_uplink":
      w.muted = action.on;
      return;
    case "begin_turn":
      w.measuring = true;
      return;
    case "say":
      w.phrases++;
      w.audible = true;
      w.seen.add(`say_${action.phrase}`);
      // Whoever is asked to say it again knows that they were not answered.
      if (action.phrase === "say_again") {
        w.measuring = false;
        for (const said of w.said) if (!said.voiced) said.answeredBy.push(action.phrase);
      }
      return;
    case "close":
      w.closed = { reason: action.reason, hangUp: action.hangUp };
      w.seen.add(`close_${action.reason}`);
      return;
  }
}
