/**
 * What the brain says, told to the machine in the machine's words, to the timeline in moments, to
 * telemetry in numbers, and to a caller with a screen.
 *
 * @module
 */

import { UpstreamError } from "../brain/errors.ts";
import type { BrainEvent } from "../brain/openai/events.ts";
import { costUsd, usageFrom } from "../brain/prices.ts";
import { HANG_UP_TOOL } from "../brain/openai/session.ts";
import type { CallParts } from "./parts.ts";
import { MAX_RETRY_AFTER_MS } from "./turns/owing.ts";
import { NOTHING_PLAYS, type RefusalReason } from "./turns/events.ts";

/** The longest pause that is kept for a limit, where the brain doesn't name one. */
const MAX_RESET_MS = 10_000;

/** Takes in one event; audio and the session's own are not among them. */
export function brainSaid(event: BrainEvent, call: CallParts): void {
  const { leg, timeline, transcript } = call;
  const nowMs = call.clock.nowMs();
  switch (event.type) {
    case "speech_started":
      return speechStarted(event, call, nowMs);
    case "speech_stopped":
      return speechStopped(event, call, nowMs);
    case "committed":
      transcript.callerSpoke(event.itemId);
      // The page binds the words that may follow to what was said last.
      if (call.deps.settings.transcription) {
        const { itemId } = event;
        leg.tell({ type: "transcript", role: "caller", itemId, text: "", final: false });
      }
      return call.step({ type: "committed", itemId: event.itemId, playing: NOTHING_PLAYS });
    case "item_added":
      if (!event.itemId.startsWith("text_")) return;
      return call.step({ type: "text_taken", name: event.itemId });
    case "response_created": {
      const { responseId, name } = event;
      call.step({ type: "response_created", responseId, name, playing: NOTHING_PLAYS });
      if (isWanted(responseId, call)) timeline.reach("created", nowMs);
      return;
    }
    case "output_item": {
      const { responseId, itemId } = event;
      return call.step({ type: "output_item", responseId, itemId });
    }
    case "agent_words": {
      const { responseId, itemId, text, final } = event;
      if (!isWanted(responseId, call)) return;
      transcript.agentSaid(itemId, text, final);
      return leg.tell({ type: "transcript", role: "agent", itemId, text, final });
    }
    case "caller_words": {
      const { itemId, text } = event;
      transcript.callerSaid(itemId, text);
      countTranscription(event.usage, call);
      return leg.tell({ type: "transcript", role: "caller", itemId, text, final: true });
    }
    case "caller_words_failed":
      return call.deps.telemetry.brainError(event.code || "transcription_failed", "harmless");
    case "audio_done":
      return call.step({ type: "audio_done", responseId: event.responseId });
    case "tool_called": {
      const { responseId, call: tool } = event;
      const hangsUp = tool.name === HANG_UP_TOOL;
      return call.step({ type: "tool_called", responseId, callId: tool.callId, hangsUp });
    }
    case "rate_limits":
      call.limitedUntilMs = event.resetMs > 0 ? nowMs + event.resetMs : 0;
      return;
    case "response_done":
      return responseDone(event, call, nowMs);
    case "error":
      return brainError(event, call, nowMs);
  }
}

function isWanted(responseId: string, { state }: CallParts): boolean {
  return state().answers.some((a) => a.responseId === responseId && !a.cancelled);
}

/** A moment of the brain's stream of audio, on the call's clock; `nowMs` where it doesn't say. */
function atMs(audioMs: number, { uplink }: CallParts, nowMs: number): number {
  if (!(audioMs > 0) || audioMs > uplink.sentMs) return nowMs;
  return nowMs - (uplink.sentMs - audioMs);
}

function speechStarted(
  { itemId, audioMs }: Extract<BrainEvent, { type: "speech_started" }>,
  call: CallParts,
  nowMs: number,
): void {
  const { voiceSinceMs } = call.state();
  // The item begins with some silence in front of the voice. A brain that doesn't say where it begins
  // means what our own detector hears, if it hears anything.
  const onsetMs = audioMs > 0
    ? Math.min(nowMs, atMs(audioMs + call.brain.prefixMs, call, nowMs))
    : voiceSinceMs ?? nowMs;
  call.step({ type: "caller_started", by: "brain", onsetMs, itemId });
}

function speechStopped(
  { itemId, audioMs }: Extract<BrainEvent, { type: "speech_stopped" }>,
  call: CallParts,
  nowMs: number,
): void {
  const { ears } = call;
  const { voiceEndMs, voiceSinceMs, speaking } = call.state();
  const lastVoiceMs = voiceSinceMs === null ? voiceEndMs : ears.lastVoiceMs(nowMs);
  const heardToMs = atMs(audioMs, call, nowMs);
  // Where our own detector heard nothing, the brain's word has to do.
  const endMs = lastVoiceMs > (speaking?.onsetMs ?? 0) ? lastVoiceMs : nowMs;
  call.step({
    type: "caller_stopped",
    by: "brain",
    endMs,
    heardToMs,
    itemId,
    playing: NOTHING_PLAYS,
  });
}

function responseDone(
  event: Extract<BrainEvent, { type: "response_done" }>,
  call: CallParts,
  nowMs: number,
): void {
  const { timeline, playback, deps: { telemetry }, brain: { brain } } = call;
  const { responseId, status, reason } = event;
  const answer = call.state().answers.find((a) => a.responseId === responseId);
  if (event.usage) {
    const usage = usageFrom(event.usage);
    telemetry.usage(brain.model, usage);
    // An answer that was asked for early and taken back.
    if (answer?.early && answer.cancelled) telemetry.discarded(usage);
    else timeline.used(usage, costUsd(brain.model, usage));
  }
  const failed = status === "failed";
  if (failed && reason === "insufficient_quota") {
    return call.brain.fail(new UpstreamError("The brain's quota is used up", reason, false));
  }
  const retryAfterMs = failed ? waitFor(reason, event.retryAfterMs, call, nowMs) : 0;
  if (failed) answerFailed(reason || "failed", retryAfterMs, call);
  if (answer?.sounds && !answer.cancelled) {
    if (status === "completed") {
      for (const { itemId, receivedMs } of playback.playing()) {
        if (answer.items.includes(itemId)) call.transcript.lasts(itemId, receivedMs);
      }
    }
    playback.complete();
  }
  call.step({
    type: "response_done",
    responseId,
    failed,
    stopped: status === "cancelled" && answer?.cancelled === false,
    fatal: false,
    retryAfterMs,
  });
}

function answerFailed(code: string, retryAfterMs: number, call: CallParts): void {
  const { brain, deps: { log, telemetry }, start: { callId } } = call;
  telemetry.brainError(code, "retryable");
  log.warn("The brain failed an answer", { callId, code });
  brain.misfired(code, retryAfterMs > MAX_RETRY_AFTER_MS);
}

/** How long the brain wants us to wait: by its words, or by the limits that it told before. */
function waitFor(code: string, saidMs: number, call: CallParts, nowMs: number): number {
  if (saidMs > 0 || code !== "rate_limit_exceeded") return saidMs;
  // When the limit is whole again is later than when there is room for one more request.
  return Math.min(MAX_RESET_MS, Math.max(0, call.limitedUntilMs - nowMs));
}

function brainError(
  event: Extract<BrainEvent, { type: "error" }>,
  call: CallParts,
  nowMs: number,
): void {
  const { code, severity, eventId: name } = event;
  const { telemetry, log } = call.deps;
  telemetry.brainError(code, severity);
  // The message may quote what was said, so the code has to do.
  log.warn("The brain reported an error", { callId: call.start.callId, code, severity });
  const why = refusalReason(code);
  if (why === "failed" && severity !== "harmless") {
    call.brain.misfired(code, event.retryAfterMs > MAX_RETRY_AFTER_MS);
  }
  // An error without a name is ours only if it can be about an answer.
  if (name === "" && why === "failed" && severity === "harmless") return;
  call.step({
    type: "refused",
    name,
    why,
    retryAfterMs: waitFor(code, event.retryAfterMs, call, nowMs),
  });
}

function refusalReason(code: string): RefusalReason {
  if (code === "conversation_already_has_active_response") return "active";
  return code === "input_audio_buffer_commit_empty" ? "empty" : "failed";
}

/** The caller's words in writing are billed by a model of their own. */
function countTranscription(usage: unknown, { deps }: CallParts): void {
  const model = deps.settings.transcription?.model;
  if (usage && model) deps.telemetry.usage(model, usageFrom(usage));
}
