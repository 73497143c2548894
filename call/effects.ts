/**
 * What the machine decided, done.
 *
 * @module
 */

import * as request from "../brain/openai/requests.ts";
import type { CallParts } from "./parts.ts";
import { phraseIn } from "./phrases.ts";
import {
  answerName,
  type CallAction,
  commitName,
  textName,
  type ToolOutcome,
} from "./turns/actions.ts";
import type { AnswerKind } from "./turns/state.ts";

/** What the model is told of the tool that it called. */
const TOOL_OUTPUTS: Readonly<Record<ToolOutcome, string>> = {
  hangs_up: "The call ends.",
  unknown: "There is no such tool.",
  interrupted: "The caller went on speaking, so this was not done.",
};

/** Does one action that was decided at `nowMs`. */
export function perform(action: CallAction, call: CallParts, nowMs: number): void {
  const { brain, deps, playback, retelling, timeline, transcript, uplink } = call;
  const { log, telemetry } = deps;
  const send = (text: string) => {
    // It was meant for a session that is gone: what it is about is told to the next one.
    if (!brain.ready && action.type !== "create_response") return true;
    const taken = brain.send(text);
    if (!taken) call.problem(new Error("The brain did not take a message"));
    return taken;
  };
  const tellAgain = (itemId: string) => {
    for (const request of retelling.correct(itemId)) send(request);
  };
  switch (action.type) {
    case "create_response": {
      const name = answerName(action.answer);
      const text = request.createResponse(
        name,
        instructionsFor(action.kind, call),
        // A model that is to say goodbye would rather hang up again.
        action.kind !== "goodbye",
      );
      // A request that never left is as good as refused.
      if (!send(text)) call.step({ type: "refused", name, why: "failed", retryAfterMs: 0 });
      return;
    }
    case "cancel_response":
      return void send(request.cancelResponse(action.responseId));
    case "truncate": {
      const { itemId, audioEndMs } = action;
      telemetry.truncated();
      if (retelling.isOld(itemId)) return;
      return void send(request.truncateItem(itemId, audioEndMs));
    }
    case "delete_item":
      transcript.remove(action.itemId);
      if (retelling.isOld(action.itemId)) return tellAgain(action.itemId);
      return void send(request.deleteItem(action.itemId));
    case "commit": {
      const name = commitName(action.utterance);
      if (!send(request.commitAudio(name))) {
        call.step({ type: "refused", name, why: "failed", retryAfterMs: 0 });
      }
      return;
    }
    case "clear_input":
      return void send(request.clearAudio());
    case "send_text": {
      const id = textName(action.utterance);
      const text = call.typing.take(action.ref);
      transcript.callerSaid(id, text);
      return void send(request.callerText(id, text));
    }
    case "tool_output":
      return void send(request.toolOutput(action.callId, TOOL_OUTPUTS[action.outcome]));
    case "hold":
      return playback.hold();
    case "resume":
      if (action.why === "false_alarm") telemetry.falseAlarm();
      return playback.resume();
    case "ignore_voice":
      return call.ears.callOff(action.untilSilence);
    case "drop": {
      const { bargeIn } = action;
      for (const { itemId, heardMs, receivedMs } of playback.playing()) {
        transcript.cut(itemId, heardMs, receivedMs);
        tellAgain(itemId);
      }
      // What the caller heard ended when playback was held.
      if (bargeIn) timeline.bargedIn(bargeIn.onsetMs, bargeIn.heldAtMs, bargeIn.heldAtMs);
      return playback.drop();
    }
    case "suspect_session":
      brain.suspect();
      return brain.misfired("silent");
    case "open_uplink":
      return uplink.open();
    case "close_uplink":
      return uplink.close();
    case "mute_uplink":
      return uplink.mute(action.on);
    case "begin_turn":
      if (action.kind === "goes_on") timeline.goOn(action.startedMs);
      else timeline.begin(action.kind, action.startedMs);
      if (action.kind === "goes_on" || action.kind === "answer") {
        timeline.reach("endpoint", nowMs);
        timeline.reach("commit", nowMs);
      }
      return;
    case "say":
      telemetry.spoke(action.phrase, action.why);
      if (action.why === "dead_air") logDeadAir(call);
      return playback.say(phraseIn(action.phrase, brain.formats.output));
    case "close":
      log.debug("A call is closed", { callId: call.start.callId, reason: action.reason });
      return call.close(action.reason, action.hangUp);
  }
}

/** The persona stays; what this answer is about comes on top of it. */
function instructionsFor(kind: AnswerKind, { deps, state }: CallParts): string | undefined {
  const own = deps.settings.prompts[kind];
  if (!own) return undefined;
  const asked = state().answers.at(-1)?.utterances.length ?? 0;
  const also = asked > 0 ? "The caller has spoken already: answer that in the same breath." : "";
  return [deps.settings.instructions, own, also].filter(Boolean).join("\n\n");
}

/** Why the last net had to catch, without a word of what was said. */
function logDeadAir({ deps, start, state }: CallParts): void {
  const { awaiting, owes, answers, failures, alarm, brainItem } = state();
  const open = answers.find(({ over }) => !over);
  deps.log.warn("Something was owed and nobody made a sound", {
    callId: start.callId,
    awaiting: awaiting.length,
    owes: owes.join(),
    answer: !open ? "none" : open.responseId === null ? "asked" : "created",
    failures,
    alarm: alarm !== null,
    brainHears: brainItem !== null,
  });
}
