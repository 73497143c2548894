/**
 * Safety: what the machine must never decide, by what the world knows.
 *
 * @module
 */

import type { CallAction, ToolOutcome } from "../../call/turns/actions.ts";
import type { CallEvent } from "../../call/turns/events.ts";
import {
  breaks,
  isLost,
  isOpening,
  leftMs,
  type Response,
  responseOf,
  voiceOf,
  type World,
} from "./world.ts";

/** Failures in a row after which a call may be given up. */
const FAILURES = 5;
/** Nobody is told to wait sooner than after this much silence. */
const PATIENCE_MS = 2000;
/** A silence among last words is no end of them before this. */
const LAST_SILENCE_MS = 3000;
/** A word that has begun is said before a timer that comes due in it. */
const LATE_MS = 700;
/** Last words take no longer than this. */
const GOODBYE_MS = 15_000;

/** One decision, before it is done. */
export function noticeAction<S>(w: World<S>, action: CallAction, event: CallEvent): void {
  if (w.closed) breaks(w, `${action.type} after the close`);
  switch (action.type) {
    case "create_response":
      return asks(w, action.kind);
    case "cancel_response": {
      const response = responseOf(w, action.responseId);
      if (!response) breaks(w, "cancels what was never created");
      else if (response.cancelled) breaks(w, "cancels an answer twice");
      else if (event.type === "response_created") sendsAway(w, response);
      else if (event.type === "timer" && event.name === "sound") {
        response.stalled = true;
        const cut = !response.complete && response.heardMs > 0;
        if (cut) w.everCutOff = true;
        if (cut && response.kind !== "go_on") w.cutOff = true;
      }
      return;
    }
    case "tool_output":
      return runsTool(w, action.callId, action.outcome);
    case "truncate":
      return truncates(w, action.itemId, action.audioEndMs);
    case "delete_item": {
      const response = w.brain.responses.find(({ itemId }) => itemId === action.itemId);
      if (response && response.heardMs >= 200) breaks(w, "deletes words that were heard");
      return;
    }
    case "hold":
      if (w.held) breaks(w, "holds twice");
      return;
    case "resume":
      if (!w.held) breaks(w, "resumes what was not held");
      return;
    case "drop":
      // What was called by an answer that is dropped isn't done.
      for (const tool of w.tools) if (!tool.ran) tool.wanted = false;
      return drops(w, action.bargeIn, event);
    case "close_uplink":
      if (w.settings.turns !== "local") breaks(w, "closes an uplink that the brain listens to");
      if (w.told && voiceOf(w)?.voiced) breaks(w, "closes the uplink on the caller's words");
      return;
    case "open_uplink":
      if (w.settings.turns !== "local") breaks(w, "opens an uplink that is always open");
      return;
    case "clear_input":
      w.hearing = "";
      return;
    case "mute_uplink":
      if (action.on === w.muted) breaks(w, "mutes or unmutes twice");
      if (action.on && voiceOf(w)?.voiced && w.told) breaks(w, "mutes the caller's words");
      return;
    case "begin_turn":
      return begins(w, action, event);
    case "say":
      return says(w, action);
    case "close":
      return closes(w, action, event);
  }
}

/** An answer that the brain begins by itself to a question is wanted, if nothing speaks against it. */
function sendsAway<S>(w: World<S>, { id, name, covers }: Response): void {
  const busy = w.held || w.subject.isEnding(w.state) ||
    w.said.some(({ finished, items }) => !finished || items.length !== 1) ||
    (w.settings.greets && w.greetingsHeard === 0) || w.up.length > 0 || w.disturbed ||
    w.brain.responses.some((other) => other.id !== id && other.live);
  const tells = w.settings.names && w.settings.namesItems && w.settings.commitsFirst;
  if (name !== "" || busy || !tells || w.said.some(({ kind }) => kind !== "question")) {
    return;
  }
  const asked = w.said.some((said) => covers.includes(said.id) && said.answeredBy.length === 0);
  if (asked) breaks(w, "sends away the answer to a question");
}

function asks<S>(w: World<S>, kind: string): void {
  if (kind === "unheard") {
    w.askedToRepeat = true;
    w.goodbyes = 0;
  }
  if (kind === "go_on" && !w.everCutOff) breaks(w, "goes on with what was complete");
  w.cutOff = false;
  if (w.gone) breaks(w, "asks a brain that is gone");
  if (w.nowMs < w.notBeforeMs - 1) breaks(w, "asks sooner than it was told to");
  if (kind === "goodbye") return;
  if (w.subject.isEnding(w.state)) breaks(w, "asks for an answer after the goodbye");
  if (w.held && !w.early) breaks(w, "asks while somebody may be breaking in");
  const { turns } = w.settings;
  if (turns === "local" && w.told && voiceOf(w)?.voiced) breaks(w, "asks while the caller speaks");
  if (turns !== "local" && w.hearing !== "") breaks(w, "asks while the brain hears the caller");
}

function runsTool<S>(w: World<S>, callId: string, outcome: ToolOutcome): void {
  const tool = w.tools.find((t) => t.callId === callId);
  if (!tool) return breaks(w, "runs a tool that nobody called");
  if (tool.ran) breaks(w, "runs a tool twice");
  if (outcome === "interrupted") {
    tool.wanted = false;
    return;
  }
  if ((outcome === "hangs_up") !== tool.hangsUp) breaks(w, "says the wrong thing to a tool");
  if (!tool.wanted) breaks(w, "runs a tool that nobody wants");
  if (responseOf(w, tool.responseId)!.cancelled) breaks(w, "runs a tool of a cancelled answer");
  if (w.early) breaks(w, "runs a tool while the caller may go on");
}

function truncates<S>(w: World<S>, itemId: string, audioEndMs: number): void {
  const heard = w.pieces.find((p) => p.itemId === itemId) ??
    w.brain.responses.find((r) => r.itemId === itemId);
  if (audioEndMs <= 0) breaks(w, "truncates at 0");
  if (!heard) breaks(w, "truncates what was never played");
  else if (audioEndMs > heard.heardMs + 1) breaks(w, "truncates past what was heard");
  else if (audioEndMs < heard.heardMs - 1) breaks(w, "truncates what was heard");
}

/** An interruption is measured from the voice for which playback was held. */
function drops<S>(
  w: World<S>,
  bargeIn: { onsetMs: number; heldAtMs: number } | null,
  event: CallEvent,
): void {
  if (!bargeIn) return;
  const voices = w.said.filter(({ kind, onsetMs }) =>
    kind !== "typed" && onsetMs >= bargeIn.onsetMs
  );
  const decides = event.type === "timer" || event.type === "caller_paused";
  if (decides && voices.every(({ guarded }) => guarded)) breaks(w, "a cough ends an answer");
  if (!w.held) return breaks(w, "measures an interruption of nothing");
  if (bargeIn.heldAtMs !== w.heldAtMs) breaks(w, "measures to another moment than the hold");
  if (bargeIn.onsetMs !== w.heldOnsetMs) breaks(w, "measures from another voice");
}

function begins<S>(
  w: World<S>,
  { kind, startedMs }: Extract<CallAction, { type: "begin_turn" }>,
  event: CallEvent,
): void {
  w.seen.add(`begin_${kind}`);
  if (startedMs > w.nowMs) breaks(w, "a turn begins in the future");
  if (kind === "text" && event.type !== "caller_wrote") {
    breaks(w, `a ${kind} begins at ${event.type}`);
  }
  if (kind === "goes_on" && !w.measuring) breaks(w, "a turn goes on that never began");
  if (kind !== "goes_on" && kind !== "text" && w.measuring) breaks(w, "a turn begins in a turn");
}

function says<S>(w: World<S>, { phrase, why }: Extract<CallAction, { type: "say" }>): void {
  if (w.audible && !w.held && leftMs(w) > 0) breaks(w, "speaks into its own answer");
  if (phrase === "apology") {
    const waitedMs = w.nowMs - w.lostMs;
    const mayGiveUp = w.hopeless || w.troubles >= FAILURES || isOpening(w) ||
      (isLost(w) && waitedMs >= w.settings.sessionTimeoutMs - 1);
    if (!mayGiveUp) breaks(w, "gives up too early");
  }
  if (phrase !== "one_moment" || why === "dead_air") return;
  if (++w.waits > 1) breaks(w, "tells the caller to wait again");
  const voices = w.said.filter(({ kind, faint }) => kind !== "typed" && !faint);
  const quietMs = w.nowMs - Math.max(w.lastSoundMs, ...voices.map(({ endMs }) => endMs));
  if (quietMs < PATIENCE_MS || voiceOf(w)?.voiced && w.told) breaks(w, "tells to wait too early");
}

function closes<S>(
  w: World<S>,
  { reason, hangUp }: Extract<CallAction, { type: "close" }>,
  event: CallEvent,
): void {
  const hungUp = w.tools.some(({ hangsUp, ran }) => hangsUp && ran);
  if (reason === "agent_hung_up" && !hungUp) breaks(w, "claims that the agent hung up");
  const spokenMs = Math.max(w.endingMs, w.lastSoundMs);
  const isTimer = event.type === "timer" && event.name === "goodbye";
  if (isTimer && w.nowMs < spokenMs + LAST_SILENCE_MS) breaks(w, "leaves before its last words");
  const left = ["caller_hung_up", "caller_lost", "caller_stalled"].includes(reason);
  if (hangUp === left) breaks(w, "hangs up on the wrong side");
  const lasted = w.endingMs >= 0 && w.nowMs >= w.endingMs + GOODBYE_MS - 1;
  const words = w.audible && leftMs(w) > 0 && event.type !== "told_to_end";
  const { callLimitMs, idleLimitMs } = w.settings;
  if (reason === "call_limit" && w.nowMs < callLimitMs - 1) breaks(w, "ends before its limit");
  if (reason === "idle_limit" && w.nowMs < w.activeMs + idleLimitMs - 1) breaks(w, "is not idle");
  if (words && !left && !lasted && !reason.endsWith("limit")) {
    breaks(w, "hangs up in the middle of its last words");
  }
}

/** All that was decided at an event. */
export function noticeStep<S>(
  w: World<S>,
  event: CallEvent,
  actions: readonly CallAction[],
): void {
  if (w.closed) return;
  if (w.audible && !w.subject.sounds(w.state)) breaks(w, "doesn't know of its own sound");
  if (!w.subject.isEnding(w.state)) {
    w.endingMs = -1;
    const unwanted = w.brain.responses.some(({ id, live, cancelled, stalled, status }) =>
      live && !cancelled && !(stalled && status === "done") && !w.subject.wants(w.state, id)
    );
    if (unwanted) breaks(w, "lets an answer run that nobody wants");
  } else {
    if (w.endingMs < 0) w.endingMs = w.nowMs;
    if (w.nowMs > w.endingMs + GOODBYE_MS + 2000) breaks(w, "last words go on for ever");
  }
  // Who listens to us is there.
  const idleToMs = Math.max(w.activeMs, w.lastSoundMs) + w.settings.idleLimitMs;
  const idle = event.type === "timer" && !w.audible && !w.subject.isEnding(w.state);
  if (idle && w.nowMs > idleToMs + 100) breaks(w, "stays when nobody is there");
  if (w.nowMs > w.settings.callLimitMs + LATE_MS) breaks(w, "a call outlasts its limit");
  if (event.type === "brain_failed" && !w.subject.isEnding(w.state) && !(isLost(w) && w.audible)) {
    breaks(w, "goes on without a brain");
  }
  const asked = actions.find((action) => action.type === "create_response");
  const begun = actions.find((action) => action.type === "begin_turn");
  const isTool = asked?.kind === "tool";
  if (asked && begun && begun.kind !== "text" && begun.kind !== "goes_on") {
    if (begun.kind === "tool" && !isTool) breaks(w, "measures a tool that was none");
    const prompts = !isTool && asked.kind !== "turn";
    if (begun.kind === "greeting" && !prompts) breaks(w, "measures a prompt that was none");
  }
  const tells = actions.some((a) => a.type === "create_response");
  if (tells && actions.filter((a) => a.type === "create_response").length > 1) {
    breaks(w, "asks twice at once");
  }
}
