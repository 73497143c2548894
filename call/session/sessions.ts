/**
 * What becomes of a call when a session of its brain stands, is gone, and is replaced by another one:
 * nothing that was said is lost, and what we have of an answer plays on.
 *
 * @module
 */

import type { Brain } from "../../brain/brain.ts";
import { UpstreamError } from "../../brain/errors.ts";
import { sameFormat } from "../../media/format.ts";
import type { CallParts } from "../parts.ts";
import { isOwed, isResting } from "../turns/deadlines.ts";
import type { CallState } from "../turns/state.ts";
import { unansweredSinceMs } from "../turns/utterances.ts";
import { HEARD_AGAIN_MS } from "./retelling.ts";
import { ROTATED } from "./session.ts";
import type { VoiceMemory } from "./voice_memory.ts";

export class Sessions {
  readonly #call: CallParts;
  readonly #memory: VoiceMemory;
  readonly #setFormat: (format: CallParts["leg"]["brainFormat"]) => void;
  #format: CallParts["leg"]["brainFormat"];
  #stoodEver = false;
  #failed = false;
  #lostAtMs = 0;
  #lostCode = "";

  /** @param setFormat Takes the format that the brain speaks, if it is another than before. */
  constructor(
    call: CallParts,
    memory: VoiceMemory,
    setFormat: (format: CallParts["leg"]["brainFormat"]) => void,
  ) {
    this.#call = call;
    this.#memory = memory;
    this.#setFormat = setFormat;
    this.#format = call.leg.brainFormat;
  }

  ready(differences: readonly string[]): void {
    const { brain, deps, leg, start: { callId }, uplink } = this.#call;
    deps.telemetry.connected();
    if (differences.length > 0) {
      deps.log.warn("The brain's session is not what was asked for", {
        callId,
        differences: differences.join("; "),
      });
    }
    const { input, output } = brain.formats;
    if (!sameFormat(output, this.#format)) this.#changeFormat(output);
    this.#tell();
    uplink.start(input);
    if (this.#stoodEver) this.#replaced();
    else {
      const { brain: { name, model } } = brain;
      leg.tell({ type: "ready", callId, brain: name, model, turns: deps.settings.turns });
    }
    this.#stoodEver = true;
    this.#call.step({ type: "brain_ready" });
  }

  lost(error: UpstreamError): void {
    const { deps, playback, retelling, start, state, step, uplink, clock } = this.#call;
    const { code } = error;
    this.#lostAtMs = clock.nowMs();
    this.#lostCode = code;
    uplink.pause();
    const playing = playback.playing();
    retelling.lost(state(), playing);
    // What came of an answer is all that will come.
    const speaks = state().answers.some(({ over, cancelled, sounds }) =>
      !over && !cancelled && sounds
    );
    if (speaks) playback.complete();
    if (code !== ROTATED) {
      deps.telemetry.brainError(code, "retryable");
      deps.log.warn("The brain's session is lost, another one is opened", {
        callId: start.callId,
        code,
        error,
      });
    }
    step({ type: "brain_lost" });
  }

  attemptFailed({ model }: Brain, { code }: UpstreamError): void {
    const { deps: { log, telemetry }, start: { callId } } = this.#call;
    telemetry.connectFailed(model, code);
    log.warn("A brain can't be reached", { callId, model, code });
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  failed(error: UpstreamError): void {
    const { deps, leg, start: { callId }, step, uplink } = this.#call;
    const { code } = error;
    this.#failed = true;
    uplink.end();
    deps.telemetry.brainError(code, "fatal");
    deps.log.error("The brain failed, the call ends", { callId, code, error });
    leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    step({ type: "brain_failed" });
  }

  /** All that waited is done: what is expected of the brain, what is kept, and whether it is a pause. */
  settled(state: CallState): void {
    const { brain, retelling } = this.#call;
    brain.expecting = isOwed(state) || (state.speaking !== null && state.voiceSinceMs === null);
    const fromMs = unansweredSinceMs(state);
    this.#memory.keepFromMs = fromMs;
    retelling.answering(state);
    if (fromMs < Infinity || state.voiceSinceMs !== null) return;
    retelling.answered();
    if (isResting(state)) brain.paused();
  }

  /** The time in which a session should stand is over. */
  late(): void {
    const { brain, deps: { settings }, step } = this.#call;
    // It was given up before, and what we had of an answer has been heard since.
    if (this.#failed) return step({ type: "brain_failed" });
    const ms = settings.sessionTimeoutMs;
    brain.giveUp(new UpstreamError(`No session stood within ${ms} ms`, "session_timeout", true));
  }

  /** What still waits in the old format can't be played any more. */
  #changeFormat(format: CallParts["leg"]["brainFormat"]): void {
    const { playback, retelling, step, transcript } = this.#call;
    this.#format = format;
    const playing = playback.playing();
    for (const { itemId, heardMs, receivedMs } of playing) {
      transcript.cut(itemId, heardMs, receivedMs);
    }
    playback.drop();
    retelling.forgetNames();
    this.#setFormat(format);
    if (playing.length === 0) return;
    step({ type: "agent_silent" });
    // Nobody asks for the rest of an answer that had come whole.
    const wasCut = playing.some(({ heardMs, receivedMs }) => heardMs < receivedMs);
    if (wasCut) step({ type: "call_resumed", owes: "go_on" });
  }

  #tell(): void {
    const { brain, retelling, state } = this.#call;
    for (const request of retelling.tell(state(), brain.formats.input)) brain.send(request);
  }

  #replaced(): void {
    const { clock, deps, start: { callId }, state, uplink } = this.#call;
    const { speaking, settings } = state();
    // With local turns only what is being said belongs to the buffer.
    const fromMs = speaking ? speaking.onsetMs - HEARD_AGAIN_MS : this.#lostAtMs;
    if (speaking || settings.turns !== "local") uplink.resend(this.#memory.between(fromMs));
    const gapMs = Math.round(clock.nowMs() - this.#lostAtMs);
    deps.telemetry.brainReplaced(this.#lostCode, gapMs);
    deps.log.info("The brain's session is replaced", { callId, code: this.#lostCode, gapMs });
  }
}
