/**
 * What the brain said, told to the machine in the machine's words, to the timeline in moments, to
 * telemetry in numbers, and to a caller with eyes.
 *
 * @module
 */

import type { BrainEvent } from "../brain/events.ts";
import { costUsd, usageFrom } from "../brain/prices.ts";
import { HANG_UP_TOOL } from "../brain/session.ts";
import type { CallParts } from "./parts.ts";

/** Takes in one event; audio and the session's own are not among them. */
export function brainSaid(event: BrainEvent, call: CallParts): void {
  const { clock, ears, leg, memory, timeline } = call;
  const nowMs = clock.nowMs();
  switch (event.type) {
    case "speech_started":
      return call.step({
        type: "caller_started",
        by: "brain",
        // Its detector is a little later than the caller.
        onsetMs: ears.vad.speaking ? Math.min(nowMs, memory.onsetMs) : nowMs,
        itemId: event.itemId,
      });
    case "speech_stopped": {
      const { onsetMs, voiceEndMs } = memory;
      const lastVoiceMs = ears.vad.speaking ? ears.lastVoiceMs(nowMs) : voiceEndMs;
      // Where our own detector heard nothing, the brain's word has to do.
      return call.callerStopped("brain", lastVoiceMs > onsetMs ? lastVoiceMs : nowMs);
    }
    case "committed":
      timeline.reach("commit", nowMs);
      return call.step({ type: "committed", itemId: event.itemId });
    case "response_created":
      timeline.reach("created", nowMs);
      return call.step({ type: "response_created", responseId: event.responseId });
    case "output_item": {
      const { responseId, itemId } = event;
      return call.step({ type: "output_item", responseId, itemId });
    }
    case "agent_words": {
      const { response } = call.state();
      if (response?.id !== event.responseId || response.cancelled) return;
      const { itemId, text, final } = event;
      return leg.tell({ type: "transcript", role: "agent", itemId, text, final });
    }
    case "caller_words": {
      const { itemId, text } = event;
      return leg.tell({ type: "transcript", role: "caller", itemId, text, final: true });
    }
    case "tool_called": {
      const { responseId, call: tool } = event;
      const hangsUp = tool.name === HANG_UP_TOOL;
      return call.step({ type: "tool_called", responseId, callId: tool.callId, hangsUp });
    }
    case "response_done":
      return responseDone(event, call);
    case "error":
      return brainError(event, call);
  }
}

function responseDone(
  event: Extract<BrainEvent, { type: "response_done" }>,
  call: CallParts,
): void {
  const { house: { telemetry, brain }, memory, timeline, playback } = call;
  if (event.usage) {
    const usage = usageFrom(event.usage);
    telemetry.usage(brain.model, usage);
    if (memory.discarded.delete(event.responseId)) telemetry.discarded(usage);
    else timeline.used(usage, costUsd(brain.model, usage));
  }
  const failed = event.status === "failed";
  if (failed) telemetry.brainError(event.reason || "failed", "retryable");
  if (event.responseId === memory.playingResponse) playback.complete();
  call.step({
    type: "response_done",
    responseId: event.responseId,
    failed,
    fatal: event.reason === "insufficient_quota",
  });
}

function brainError(event: Extract<BrainEvent, { type: "error" }>, call: CallParts): void {
  const { code, severity } = event;
  const { telemetry, log } = call.house;
  telemetry.brainError(code, severity);
  // The message may quote what was said, so the code has to do.
  log.warn("The brain reported an error", { callId: call.start.callId, code, severity });
  if (code === "conversation_already_has_active_response") call.step({ type: "answer_refused" });
  else if (severity === "fatal" || !call.brain.ready) {
    call.brain.fail(Object.assign(new Error("The brain refused the session"), { code }));
  }
}
