/**
 * How a stand-in hears turns in µ-law: by our own detector, or by level alone, which costs next to
 * nothing and takes every cough for speech.
 *
 * @module
 */

import { mulawToPcm16 } from "../../media/mulaw.ts";
import { Vad } from "../../vad/vad.ts";

/** Times are ms of the audio that was pushed. */
export interface TurnHandlers {
  started(startMs: number): void;
  stopped(endMs: number): void;
}

export interface TurnDetector {
  push(ulaw: Uint8Array): void;
}

const MIN_SPEECH_MS = 60;

/** The detector that earshot itself listens with. */
export function vadDetector(minSilenceMs: number, handlers: TurnHandlers): TurnDetector {
  const vad = new Vad({ sampleRateHz: 8000, minSpeechMs: MIN_SPEECH_MS, minSilenceMs }, (event) => {
    if (event.type === "speech_started") handlers.started(event.startMs);
    else handlers.stopped(event.endMs);
  });
  let pcm = new Int16Array(160);
  return {
    push(ulaw) {
      if (pcm.length < ulaw.length) pcm = new Int16Array(ulaw.length);
      for (let i = 0; i < ulaw.length; i++) pcm[i] = mulawToPcm16(ulaw[i]!);
      vad.push(pcm.subarray(0, ulaw.length));
    },
  };
}

const HOP_BYTES = 80, HOP_MS = 10;
/** Mean of the samples' magnitudes: about −43 dBFS. */
const VOICED_MEAN = 180;
const MAGNITUDE = Float64Array.from({ length: 256 }, (_, byte) => Math.abs(mulawToPcm16(byte)));

/** Whether 10 ms from `at` are louder than a quiet line. */
export function isVoiced(ulaw: Uint8Array, at: number): boolean {
  let sum = 0;
  const end = Math.min(ulaw.length, at + HOP_BYTES);
  for (let i = at; i < end; i++) sum += MAGNITUDE[ulaw[i]!]!;
  return sum > VOICED_MEAN * (end - at);
}

/** Level alone. */
export function levelDetector(minSilenceMs: number, handlers: TurnHandlers): TurnDetector {
  let positionMs = 0, voicedMs = 0, silenceMs = 0, speaking = false;
  return {
    push(ulaw) {
      for (let at = 0; at < ulaw.length; at += HOP_BYTES) {
        const voiced = isVoiced(ulaw, at);
        positionMs += HOP_MS;
        if (speaking) {
          silenceMs = voiced ? 0 : silenceMs + HOP_MS;
          if (silenceMs < minSilenceMs) continue;
          speaking = false;
          voicedMs = 0;
          handlers.stopped(positionMs - silenceMs);
        } else {
          voicedMs = voiced ? voicedMs + HOP_MS : Math.max(0, voicedMs - HOP_MS);
          if (voicedMs < MIN_SPEECH_MS) continue;
          speaking = true;
          silenceMs = 0;
          handlers.started(positionMs - voicedMs);
        }
      }
    },
  };
}
