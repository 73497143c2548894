/**
 * How a call listens: the caller's frames, decoded for the detector alone, and what the detector
 * hears put on the call's clock.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import { Vad } from "../vad/vad.ts";
import { decodeInto } from "./transcoder.ts";

/** What ears tell. Times are on the call's clock, dated back to where they are true. */
export interface EarsPort {
  started(onsetMs: number): void;
  /** A pause during an alarm; see `pauseMs`. */
  paused(): void;
  stopped(endMs: number): void;
}

export interface EarsSettings {
  readonly minSpeechMs: number;
  readonly minSilenceMs: number;
  /** A pause this long is enough to take a supposed interruption for a cough. */
  readonly pauseMs: number;
  readonly maxFrameMs: number;
}

export const EARS_DEFAULTS: EarsSettings = {
  minSpeechMs: 50,
  minSilenceMs: 200,
  pauseMs: 120,
  maxFrameMs: 2000,
};

export class Ears {
  readonly vad: Vad;
  readonly #format: AudioFormat;
  readonly #port: EarsPort;
  readonly #settings: EarsSettings;
  readonly #pcm: Int16Array;
  #nowMs = 0;
  #paused = false;

  constructor(format: AudioFormat, port: EarsPort, settings: Partial<EarsSettings> = {}) {
    this.#settings = { ...EARS_DEFAULTS, ...settings };
    this.#format = format;
    this.#port = port;
    this.#pcm = new Int16Array(this.#settings.maxFrameMs * format.sampleRateHz / 1000);
    const { minSpeechMs, minSilenceMs } = this.#settings;
    const options = { sampleRateHz: format.sampleRateHz, minSpeechMs, minSilenceMs };
    this.vad = new Vad(options, (event) => {
      if (event.type === "speech_started") {
        this.#paused = false;
        this.#port.started(this.#at(event.startMs));
      } else this.#port.stopped(this.#at(event.endMs));
    });
  }

  /** One frame of the caller's audio in the leg's format. */
  hear(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const samples = decodeInto(this.#format, bytes, this.#pcm);
    this.vad.push(samples === this.#pcm.length ? this.#pcm : this.#pcm.subarray(0, samples));
    if (!this.vad.speaking) return;
    const pausing = this.vad.silenceMs >= this.#settings.pauseMs;
    if (pausing && !this.#paused) this.#port.paused();
    this.#paused = pausing;
  }

  /** When the caller's voice was last heard, by what is known now. */
  lastVoiceMs(nowMs: number): number {
    return nowMs - (this.vad.speaking ? this.vad.silenceMs : 0);
  }

  #at(streamMs: number): number {
    return this.#nowMs - (this.vad.positionMs - streamMs);
  }
}
