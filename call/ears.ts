/**
 * How a call listens: the caller's frames, decoded for the detector alone; what the detector hears,
 * put on the call's clock; and a stricter gate while the agent speaks, because then the line also
 * carries the agent's own echo.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import { Vad } from "../vad/vad.ts";
import { decodeInto } from "./transcoder.ts";

/** What ears tell. Times are on the call's clock, dated back to where they are true. */
export interface EarsPort {
  started(onsetMs: number): void;
  /** The caller pauses; enough to take a supposed interruption for a cough. */
  paused(): void;
  /** The caller goes on after a pause. */
  resumed(pauseMs: number): void;
  /** The pause has lasted `maybeDoneMs`: the turn may be over. */
  maybeDone(endMs: number): void;
  stopped(endMs: number): void;
  /**
   * The silence that ends the turn now; left out, the detector's own number stands.
   *
   * @param turnMs How long the caller has been speaking.
   * @param fallDb How far the last voice was below the turn's own level.
   */
  silenceMs?(turnMs: number, fallDb: number): number;
}

export interface EarsSettings {
  readonly minSpeechMs: number;
  readonly minSilenceMs: number;
  readonly pauseMs: number;
  /** 0 for never. */
  readonly maybeDoneMs: number;
  /** While the agent speaks: speech has to last this long above the gate. */
  readonly gateMs: number;
  /** While the agent speaks: speech has to be this much louder than the expected echo. */
  readonly gateDb: number;
  readonly maxFrameMs: number;
}

export const EARS_DEFAULTS: EarsSettings = {
  minSpeechMs: 50,
  minSilenceMs: 200,
  pauseMs: 120,
  maybeDoneMs: 0,
  gateMs: 40,
  gateDb: 4,
  maxFrameMs: 2000,
};

/** Weights of a 20 ms frame: about a second, and about 60 ms. */
const SLOW = 0.02, QUICK = 0.3;

export class Ears {
  readonly vad: Vad;
  readonly #format: AudioFormat;
  readonly #port: EarsPort;
  readonly #settings: EarsSettings;
  readonly #pcm: Int16Array;
  /** The last frame's view of `#pcm`: frames are of one length nearly always. */
  #view: Int16Array;
  #nowMs = 0;
  /** The port was told that the caller speaks. */
  #told = false;
  /** When the detector's present stretch of speech began. */
  #onsetMs = 0;
  /** Voice above the gate, in ms; it runs down as fast as it fills. */
  #loudMs = 0;
  #pausing = false;
  #longestMs = 0;
  #maybeDone = false;
  /** Level of the turn's voice, slowly and quickly followed. */
  #turnDbfs = 0;
  #lastDbfs = 0;
  #echoDbfs = -Infinity;

  constructor(format: AudioFormat, port: EarsPort, settings: Partial<EarsSettings> = {}) {
    this.#settings = { ...EARS_DEFAULTS, ...settings };
    this.#format = format;
    this.#port = port;
    this.#pcm = new Int16Array(this.#settings.maxFrameMs * format.sampleRateHz / 1000);
    this.#view = this.#pcm;
    const { minSpeechMs, minSilenceMs } = this.#settings;
    const options = { sampleRateHz: format.sampleRateHz, minSpeechMs, minSilenceMs };
    this.vad = new Vad(options, (event) => {
      if (event.type === "speech_started") this.#began(this.#at(event.startMs));
      else this.#ended(this.#at(event.endMs));
    });
  }

  /**
   * One frame of the caller's audio in the leg's format.
   *
   * @param echoDbfs The loudest that our own voice may be in it; -Infinity when we are silent.
   */
  hear(bytes: Uint8Array, nowMs: number, echoDbfs: number): void {
    this.#nowMs = nowMs;
    this.#echoDbfs = echoDbfs;
    const samples = decodeInto(this.#format, bytes, this.#pcm);
    if (this.#view.length !== samples) this.#view = this.#pcm.subarray(0, samples);
    this.vad.push(this.#view);
    if (!this.vad.speaking) return;
    const frameMs = samples * 1000 / this.#format.sampleRateHz;
    if (this.#told) this.#watchPause();
    else this.#watchGate(frameMs, nowMs);
  }

  /** It was no caller: what goes on has to pass the gate anew. */
  callOff(): void {
    this.#told = false;
    this.#loudMs = 0;
  }

  /** When the caller's voice was last heard, by what is known now. */
  lastVoiceMs(nowMs: number): number {
    return nowMs - (this.vad.speaking ? this.vad.silenceMs : 0);
  }

  get pauseMs(): number {
    return this.vad.speaking ? this.vad.silenceMs : 0;
  }

  #began(onsetMs: number): void {
    this.#onsetMs = onsetMs;
    this.#loudMs = 0;
    // With nothing of ours on the line, the detector's word is enough.
    if (this.#echoDbfs === -Infinity) this.#tell(onsetMs);
  }

  #ended(endMs: number): void {
    if (!this.#told) return;
    this.#told = false;
    this.#port.stopped(endMs);
  }

  #tell(onsetMs: number): void {
    this.#told = true;
    this.#pausing = false;
    this.#longestMs = 0;
    this.#maybeDone = false;
    this.#turnDbfs = this.#lastDbfs = this.vad.levelDbfs;
    this.#port.started(onsetMs);
  }

  #watchGate(frameMs: number, nowMs: number): void {
    const { gateDb, gateMs } = this.#settings;
    const voiced = this.vad.silenceMs === 0;
    if (voiced && this.vad.levelDbfs > this.#echoDbfs + gateDb) this.#loudMs += frameMs;
    else this.#loudMs = Math.max(0, this.#loudMs - frameMs);
    if (this.#loudMs >= gateMs) this.#tell(Math.max(this.#onsetMs, nowMs - this.#loudMs));
  }

  #watchPause(): void {
    const { pauseMs, maybeDoneMs } = this.#settings;
    const silenceMs = this.vad.silenceMs;
    if (silenceMs === 0) {
      this.#turnDbfs += SLOW * (this.vad.levelDbfs - this.#turnDbfs);
      this.#lastDbfs += QUICK * (this.vad.levelDbfs - this.#lastDbfs);
      if (this.#pausing || this.#maybeDone) this.#port.resumed(this.#longestMs);
      this.#pausing = false;
      this.#longestMs = 0;
      this.#maybeDone = false;
      return;
    }
    this.#longestMs = silenceMs;
    const endsAfterMs = this.#port.silenceMs?.(
      this.#nowMs - this.#onsetMs - silenceMs,
      this.#turnDbfs - this.#lastDbfs,
    );
    if (endsAfterMs !== undefined) this.vad.minSilenceMs = endsAfterMs;
    if (silenceMs >= pauseMs && !this.#pausing) {
      this.#pausing = true;
      this.#port.paused();
    }
    if (maybeDoneMs > 0 && !this.#maybeDone && silenceMs >= maybeDoneMs) {
      this.#maybeDone = true;
      this.#port.maybeDone(this.#at(this.vad.positionMs - silenceMs));
    }
  }

  #at(streamMs: number): number {
    return this.#nowMs - (this.vad.positionMs - streamMs);
  }
}
