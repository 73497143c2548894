/**
 * What the machine decided, done.
 *
 * @module
 */

import * as request from "../brain/requests.ts";
import type { CallParts } from "./parts.ts";
import { phraseIn } from "./phrases.ts";
import type { AnswerKind, CallAction } from "./state.ts";

/** Carries out one action that was decided at `nowMs`. */
export function carryOut(action: CallAction, call: CallParts, nowMs: number): void {
  const { house, memory, playback, timeline, timers, uplink } = call;
  const send = (text: string) => {
    if (!call.brain.link.send(text)) call.problem(new Error("The brain did not take a message"));
  };
  switch (action.type) {
    case "create_response":
      beginTurn(action.kind, call, nowMs);
      return send(request.createResponse(action.kind, house.settings.instructions[action.kind]));
    case "cancel_response":
      return send(request.cancelResponse(action.responseId));
    case "truncate":
      house.telemetry.truncated();
      return send(request.truncateItem(action.itemId, action.audioEndMs));
    case "delete_item":
      return send(request.deleteItem(action.itemId));
    case "commit":
      send(request.commitAudio());
      return timeline.reach("commit", nowMs);
    case "clear_input":
      return send(request.clearAudio());
    case "send_text":
      return send(request.callerText(memory.words.get(action.ref) ?? ""));
    case "tool_output":
      return send(
        request.toolOutput(action.callId, action.ok ? "The call ends." : "There is no such tool."),
      );
    case "hold":
      if (call.state().alarm) memory.alarmAtMs = nowMs;
      return playback.hold();
    case "resume":
      memory.alarmAtMs = 0;
      if (action.why === "false_alarm") {
        house.telemetry.falseAlarm();
        call.ears.callOff();
      }
      return playback.resume();
    case "drop":
      // It was no false alarm: what the caller heard ended when playback held its breath.
      if (memory.alarmAtMs > 0) {
        timeline.bargedIn(memory.onsetMs, memory.alarmAtMs, memory.alarmAtMs);
      }
      memory.alarmAtMs = 0;
      return playback.drop();
    case "open_uplink":
      return uplink.open();
    case "close_uplink":
      return uplink.close();
    case "set_timer":
      return timers.set(
        action.name,
        action.ms,
        () => call.step({ type: "timer", name: action.name, playing: playback.playing() }),
      );
    case "clear_timer":
      return timers.clear(action.name);
    case "apologise":
      playback.begin();
      playback.enqueue("apology", phraseIn("apology", memory.format), true);
      return playback.complete();
    case "hang_up":
      memory.hangsUp = call.leg.kind === "twilio";
      return;
    case "close":
      return call.close(action.reason);
  }
}

/** Answers that no words of the caller brought about begin a turn when they are asked for. */
function beginTurn(kind: AnswerKind, { timeline }: CallParts, nowMs: number): void {
  if (kind === "tool") timeline.begin("tool", nowMs);
  else if (kind !== "turn" && kind !== "text") timeline.begin("greeting", nowMs);
}
