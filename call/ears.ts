/**
 * How a call listens: the caller's frames, decoded for the detector alone; what the detector hears,
 * put on the call's clock; and a stricter gate while the agent speaks, because then the line also
 * carries the agent's own echo.
 *
 * @module
 */

import { decodeInto } from "../media/codec.ts";
import type { AudioFormat } from "../media/format.ts";
import { Vad } from "../vad/vad.ts";

/** What ears tell. Times are on the call's clock, dated back to where they are true. */
export interface EarsPort {
  started(onsetMs: number): void;
  /** The caller pauses: less than ends a turn, enough to doubt a supposed interruption. */
  paused(endMs: number): void;
  /** The caller goes on after a pause. */
  resumed(pauseMs: number): void;
  /** The pause has lasted `speculateMs`: the turn may be over. */
  maybeDone(endMs: number): void;
  stopped(endMs: number): void;
  /** The silence that ends the turn now; left out, the detector's own number stands. */
  silenceMs?(): number;
}

export interface EarsSettings {
  readonly minSpeechMs: number;
  readonly silenceMs: number;
  /** Without voice for this long, the caller pauses. */
  readonly pauseMs: number;
  /** 0 for never. */
  readonly speculateMs: number;
  /** While the agent speaks: a voice that lasts this long may be the caller's. */
  readonly gateMs: number;
  /** While the agent speaks: ... and has to be this much louder than the expected echo. */
  readonly gateDb: number;
  readonly maxFrameMs: number;
}

const EARS_DEFAULTS: EarsSettings = {
  minSpeechMs: 50,
  silenceMs: 200,
  pauseMs: 160,
  speculateMs: 0,
  gateMs: 30,
  gateDb: 4,
  maxFrameMs: 2000,
};

/** The detector judges in steps of this length, and so do we. */
const HOP_MS = 10;
/** Its smoothing shows an onset this much late. */
const LAG_MS = 10;
/** The detector's confidence from which a hop is voice. */
const VOICED = 0.5;
/** Nobody breaks in more quietly than this. */
const FAINTEST_DBFS = -50;
/** Echo below this is no speech to a brain's detector either. */
const HARMLESS_DBFS = -58;

export class Ears {
  readonly vad: Vad;
  readonly #format: AudioFormat;
  readonly #port: EarsPort;
  readonly #settings: EarsSettings;
  readonly #pcm: Int16Array;
  readonly #hopSamples: number;
  /** Views of `#pcm`, a hop each; made when first needed. */
  readonly #hops: Int16Array[] = [];
  #nowMs = 0;
  /** Where the frame that is being heard ends, on the detector's clock. */
  #frameEndMs = 0;
  /** The port was told that the caller speaks. */
  #told = false;
  /** Noise goes on that was taken for a voice. */
  #deaf = false;
  /** When the present speech began, on the call's clock. */
  #onsetMs = 0;
  /** Where voice was last heard, on the detector's clock. */
  #voiceMs = -Infinity;
  /** Voice above the gate, in ms; it runs down as fast as it fills. */
  #loudMs = 0;
  #pausing = false;
  /** Voice was heard after a pause; the detector will say whether it was more than a click. */
  #goesOn = false;
  /** The pause as the detector counts it. */
  #longestMs = 0;
  #maybeDone = false;
  #echoDbfs = -Infinity;

  constructor(format: AudioFormat, port: EarsPort, settings: Partial<EarsSettings> = {}) {
    this.#settings = { ...EARS_DEFAULTS, ...settings };
    this.#format = format;
    this.#port = port;
    this.#pcm = new Int16Array(this.#settings.maxFrameMs * format.sampleRateHz / 1000);
    this.#hopSamples = HOP_MS * format.sampleRateHz / 1000;
    const { minSpeechMs, silenceMs: minSilenceMs } = this.#settings;
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
    const samples = decodeInto(this.#format, bytes, this.#pcm);
    const perMs = this.#format.sampleRateHz / 1000;
    this.#nowMs = nowMs;
    this.#echoDbfs = echoDbfs;
    this.#frameEndMs = this.vad.positionMs + samples / perMs;
    for (let at = 0; at < samples; at += this.#hopSamples) {
      const count = Math.min(this.#hopSamples, samples - at);
      this.vad.push(this.#view(at, count));
      this.#judge(count / perMs);
    }
  }

  /**
   * It was no caller: what goes on has to pass the gate anew.
   *
   * @param untilSilence Nothing of it is told before the line has been silent once.
   */
  callOff(untilSilence = false): void {
    this.#deaf = untilSilence && this.vad.speaking;
    this.#told = false;
    this.#loudMs = 0;
  }

  /** When the caller's voice was last heard, by what is known now. */
  lastVoiceMs(nowMs: number): number {
    return nowMs - this.pauseMs;
  }

  get pauseMs(): number {
    return this.vad.speaking ? this.vad.silenceMs : 0;
  }

  /**
   * The last frame may hold our own voice and, as far as we can tell, nobody else's. A brain that
   * heard it would answer itself.
   */
  get onlyEcho(): boolean {
    return !this.#told && this.#echoDbfs > Math.max(HARMLESS_DBFS, this.vad.floorDbfs);
  }

  /** A hop of the frame; a whole one is always the same view, so that nothing is allocated. */
  #view(at: number, count: number): Int16Array {
    if (count < this.#hopSamples) return this.#pcm.subarray(at, at + count);
    const index = at / this.#hopSamples;
    return this.#hops[index] ??= this.#pcm.subarray(at, at + count);
  }

  #began(onsetMs: number): void {
    // With nothing of ours on the line, the detector's word is enough.
    if (!this.#told && !this.#deaf && this.#echoDbfs === -Infinity) this.#tell(onsetMs);
  }

  #ended(endMs: number): void {
    this.#deaf = false;
    if (!this.#told) return;
    this.#told = false;
    this.#port.stopped(endMs);
  }

  #tell(onsetMs: number): void {
    this.#told = true;
    this.#onsetMs = onsetMs;
    this.#loudMs = 0;
    this.#pausing = false;
    this.#goesOn = false;
    this.#longestMs = 0;
    this.#maybeDone = false;
    this.#port.started(onsetMs);
  }

  #judge(ms: number): void {
    const voiced = this.vad.confidence >= VOICED;
    if (voiced) this.#voiceMs = this.vad.positionMs;
    if (this.#deaf) return;
    if (!this.#told) return this.#watchGate(voiced, ms);
    this.#watchPause(voiced);
    if (this.#told && this.vad.speaking) this.#watchEnd();
  }

  /**
   * Whether somebody may be breaking in. It asks for less than the detector, which wants
   * `minSpeechMs`: being wrong costs a short halt, being late is being talked over.
   */
  #watchGate(voiced: boolean, ms: number): void {
    const { gateDb, gateMs } = this.#settings;
    const agentSounds = this.#echoDbfs !== -Infinity;
    const othersDbfs = Math.max(this.#echoDbfs, this.vad.floorDbfs);
    const loud = agentSounds
      ? this.vad.levelDbfs > Math.max(FAINTEST_DBFS, othersDbfs + gateDb)
      // With nothing of ours on the line, what the detector calls speech counts.
      : this.vad.speaking;
    if (voiced && loud) this.#loudMs += ms;
    else this.#loudMs = Math.max(0, this.#loudMs - ms);
    if (this.#loudMs >= gateMs) this.#tell(this.#at(this.vad.positionMs - this.#loudMs - LAG_MS));
  }

  /** Counted from the last voice itself, without the hold that the detector gives it in noise. */
  #watchPause(voiced: boolean): void {
    if (voiced) {
      if (this.#pausing) this.#goesOn = true;
      this.#pausing = false;
      return;
    }
    const silenceMs = this.vad.positionMs - this.#voiceMs;
    if (this.#pausing || silenceMs < this.#settings.pauseMs) return;
    this.#pausing = true;
    this.#port.paused(this.#at(this.#voiceMs));
    if (!this.#told || this.vad.speaking) return;
    // The gate was wrong, and nobody called it off.
    this.#told = false;
    this.#port.stopped(this.#at(this.#voiceMs));
  }

  /** The silence that the detector counts: it may end the turn. */
  #watchEnd(): void {
    const { speculateMs } = this.#settings;
    const silenceMs = this.vad.silenceMs;
    if (silenceMs === 0) {
      if (this.#goesOn || this.#maybeDone) this.#port.resumed(this.#longestMs);
      this.#goesOn = false;
      this.#longestMs = 0;
      this.#maybeDone = false;
      return;
    }
    this.#longestMs = silenceMs;
    const endsAfterMs = this.#port.silenceMs?.();
    if (endsAfterMs !== undefined) this.vad.minSilenceMs = endsAfterMs;
    if (speculateMs > 0 && !this.#maybeDone && silenceMs >= speculateMs) {
      this.#maybeDone = true;
      this.#port.maybeDone(this.#at(this.vad.positionMs - silenceMs));
    }
  }

  #at(streamMs: number): number {
    return this.#nowMs - (this.#frameEndMs - streamMs);
  }
}
