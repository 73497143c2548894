/**
 * A call's ears, and what they tell the machine: who began, who only paused, and whose turn is over.
 * With local turns, the silence that ends one is learned here too.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import { Ears, type EarsPort } from "./ears.ts";
import { Endpointing } from "./endpointing.ts";
import type { CallParts, CallSettings } from "./parts.ts";

/** @param call The rest of the call; it is there by the time that anything is heard. */
export function makeEars(
  format: AudioFormat,
  settings: CallSettings,
  call: () => CallParts,
): Ears {
  const { minSpeechMs, speculateMs, gateMs, gateDb } = settings;
  const local = settings.wish.turns === "local";
  const endpointing = new Endpointing(settings.endpointing);
  const port: EarsPort = {
    started(onsetMs) {
      const { memory, step } = call();
      // Heard again so soon: it was a pause, and we took it for the end.
      endpointing.paused(onsetMs - memory.voiceEndMs);
      memory.onsetMs = onsetMs;
      step({ type: "caller_started", by: "local", onsetMs });
    },
    paused() {
      if (call().state().alarm) call().step({ type: "caller_paused" });
    },
    resumed(pauseMs) {
      const { memory, playback, state, step } = call();
      endpointing.paused(pauseMs);
      if (!state().speculating) return;
      const early = state().response?.id;
      if (early) memory.discarded.add(early);
      step({ type: "caller_resumed", playing: playback.playing() });
    },
    maybeDone(endMs) {
      call().timeline.begin("answer", endMs);
      call().step({ type: "caller_maybe_done" });
    },
    stopped: (endMs) => call().callerStopped("local", endMs),
  };
  if (local) port.silenceMs = (turnMs, fallDb) => endpointing.silenceMs(turnMs, fallDb);
  return new Ears(format, port, {
    minSpeechMs,
    minSilenceMs: settings.endpointing.silenceMs,
    maybeDoneMs: local ? speculateMs : 0,
    gateMs,
    gateDb,
  });
}
