/**
 * A call's ears, and what they tell the machine: who began, who only paused, and whose turn is over.
 * With local turns, the silence that ends one is learned here too.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import { Ears, type EarsPort } from "./ears.ts";
import { Endpointing } from "./endpointing.ts";
import type { CallParts } from "./parts.ts";
import type { CallSettings } from "./settings.ts";
import { NOTHING_PLAYS } from "./turns/events.ts";

/** @param call The rest of the call; it is there by the time that anything is heard. */
export function makeEars(
  format: AudioFormat,
  settings: CallSettings,
  call: () => CallParts,
): Ears {
  const { minSpeechMs, silenceMs, speculateMs, gateMs, gateDb } = settings;
  const { endpointing: mode, minSilenceMs, maxSilenceMs } = settings;
  const local = settings.turns === "local";
  const endpointing = new Endpointing({ mode, silenceMs, minSilenceMs, maxSilenceMs });
  const playing = NOTHING_PLAYS;
  const port: EarsPort = {
    started(onsetMs) {
      // Heard again so soon: it was a pause, and we took it for the end.
      endpointing.paused(onsetMs - call().state().voiceEndMs);
      call().step({ type: "caller_started", by: "local", onsetMs });
    },
    paused(endMs) {
      // Speech is full of pauses; they matter while it is doubted.
      if (call().state().alarm) call().step({ type: "caller_paused", endMs, playing });
    },
    resumed(pauseMs) {
      endpointing.paused(pauseMs);
      const { alarm, earlyUtterance, speaking } = call().state();
      const matters = alarm || earlyUtterance !== 0 || speaking === null;
      if (matters) call().step({ type: "caller_resumed", playing });
    },
    maybeDone: (endMs) => call().step({ type: "caller_maybe_done", endMs }),
    stopped: (endMs) => call().step({ type: "caller_stopped", by: "local", endMs, playing }),
  };
  if (local) port.silenceMs = () => endpointing.silenceMs();
  return new Ears(format, port, {
    minSpeechMs,
    silenceMs,
    speculateMs: local ? speculateMs : 0,
    gateMs,
    gateDb,
  });
}
