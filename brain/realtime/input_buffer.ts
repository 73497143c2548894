/**
 * `input_audio_buffer`: audio appended and not yet committed, and the VAD that listens to it.
 *
 * @module
 */

import type { RealtimeAudioInputTurnDetection } from "openai/resources/realtime/realtime";
import { VAD_DEFAULTS } from "../../vad/options.ts";
import { Vad, type VadOptions } from "../../vad/vad.ts";
import { ApiError } from "./api_error.ts";
import { AudioClip } from "./clip.ts";
import { samplesIn } from "./formats.ts";
import { base64ByteLength, decodeBase64Into } from "../../media/base64.ts";
import { decodeInto } from "../../media/codec.ts";
import { type AudioFormat, bytesPerMs } from "../../media/format.ts";
import { Tape } from "./tape.ts";

/** Turns, as heard. Times are ms of all audio appended in this session. */
interface InputBufferEvents {
  /** `audioStartMs` is where the turn's audio begins, padding included. */
  speechStarted(audioStartMs: number): void;
  /** The turn is over; `clip` is its audio, padding and closing silence included. */
  speechStopped(audioEndMs: number, clip: AudioClip): void;
}

/** Audio before the padding that is kept all the same: how far back the VAD may date an onset. */
const ONSET_SLACK_MS = 500;
/** A large append is heard in steps, so that a turn inside it is cut where it ended. */
const BLOCK_MS = 100;
/**
 * The API's semantic VAD judges words, this one can't: eagerness becomes a fixed silence. The API
 * documents only its longest waits (8, 4 and 2 s), which is too long to wait on a phone.
 */
const SEMANTIC_SILENCE_MS = { low: 1200, medium: 600, auto: 600, high: 300 } as const;
const SEMANTIC_PREFIX_MS = 300;

// Shared by all sessions: filled and read within one append, which nothing interrupts.
const SCRATCH_BYTES = 64 * 1024;
const scratch = new Uint8Array(SCRATCH_BYTES);
const scratchPcm = new Int16Array(BLOCK_MS * 48);

/**
 * The API's threshold as heights above the noise floor: 0.5 is our VAD as it is, 1 needs twice the
 * decibels, 0 takes anything that rises at all.
 */
function vadOptionsFor(threshold: number): Partial<VadOptions> {
  const { minThresholdDb, maxThresholdDb } = VAD_DEFAULTS;
  const scale = Math.max(0.25, threshold / 0.5);
  return { minThresholdDb: minThresholdDb * scale, maxThresholdDb: maxThresholdDb * scale };
}

/** One session's input audio. */
export class InputBuffer {
  readonly #maxAudioMs: number;
  readonly #events: InputBufferEvents;
  #format!: AudioFormat;
  #bytesPerMs = 8;
  #tape!: Tape;
  // Position, in ms, at which this format began.
  #formatStartMs = 0;
  #vad: Vad | undefined;
  #vadKey = "";
  #vadStartMs = 0;
  #prefixMs = 0;
  // Where the turn now being spoken begins; -1 in silence.
  #turnStartMs = -1;
  #holdFromMs = Infinity;
  #deaf = false;
  // Views of the scratch for the size that came last: a stream's frames are all alike.
  #view = scratch.subarray(0, 0);
  #pcmView = scratchPcm.subarray(0, 0);

  constructor(maxAudioMs: number, events: InputBufferEvents) {
    this.#maxAudioMs = maxAudioMs;
    this.#events = events;
  }

  /** Ms of audio appended since the session began. */
  get positionMs(): number {
    return this.#formatStartMs + this.#tape.end / this.#bytesPerMs;
  }

  /** Ms that a commit would take now. */
  get bufferedMs(): number {
    return (this.#tape.end - this.#commitStart) / this.#bytesPerMs;
  }

  get speaking(): boolean {
    return this.#turnStartMs >= 0;
  }

  get #commitStart(): number {
    const turnStart = this.#turnStartMs < 0 ? 0 : this.#byteAt(this.#turnStartMs);
    return Math.max(this.#tape.start, turnStart);
  }

  /** A new format empties the buffer; the same turn detection keeps what the VAD has learned. */
  configure(format: AudioFormat, detection: RealtimeAudioInputTurnDetection | null): void {
    const newFormat = format !== this.#format;
    if (newFormat) {
      if (this.#format) this.#formatStartMs = Math.ceil(this.positionMs);
      this.#format = format;
      this.#bytesPerMs = bytesPerMs(format);
      this.#tape = new Tape(this.#maxAudioMs * this.#bytesPerMs);
      this.#turnStartMs = -1;
    }
    const semantic = detection?.type === "semantic_vad";
    const silenceMs = semantic
      ? SEMANTIC_SILENCE_MS[detection.eagerness ?? "auto"]
      : Math.max(20, detection?.silence_duration_ms ?? 200);
    const threshold = semantic ? 0.5 : detection?.threshold ?? 0.5;
    this.#prefixMs = semantic ? SEMANTIC_PREFIX_MS : detection?.prefix_padding_ms ?? 300;
    const key = detection ? String(threshold) : "";
    if (newFormat || key !== this.#vadKey) {
      this.#turnStartMs = -1;
      this.#vadStartMs = this.positionMs;
      this.#vadKey = key;
      this.#vad = detection
        ? new Vad(
          { sampleRateHz: format.sampleRateHz, minSpeechMs: 50, ...vadOptionsFor(threshold) },
          (event) => {
            if (this.#deaf) return;
            if (event.type === "speech_started") this.#started(event.startMs);
            else this.#ended(event.decidedMs);
          },
        )
        : undefined;
    }
    if (this.#vad) this.#vad.minSilenceMs = silenceMs;
  }

  /**
   * Takes one append. Turns that begin or end in it are reported before it returns.
   *
   * @returns False when `base64` is not canonical base64; nothing was taken then.
   * @throws {ApiError} When the bytes are no whole number of samples.
   */
  append(base64: string): boolean {
    const needed = base64ByteLength(base64);
    const large = needed > SCRATCH_BYTES;
    const memory = large ? new Uint8Array(needed) : scratch;
    const count = decodeBase64Into(base64, memory);
    if (count < 0) return false;
    if (this.#format.encoding === "pcm16" && (count & 1) === 1) {
      throw new ApiError(
        "invalid_value",
        `Invalid value for 'audio': ${count} bytes. audio/pcm needs an even number of bytes.`,
        "audio",
      );
    }
    const blockBytes = BLOCK_MS * this.#bytesPerMs;
    if (!large && count <= blockBytes) {
      if (this.#view.length !== count) {
        this.#view = scratch.subarray(0, count);
        this.#pcmView = scratchPcm.subarray(0, samplesIn(this.#format, count));
      }
      this.#hear(this.#view, this.#pcmView);
      return true;
    }
    for (let at = 0; at < count; at += blockBytes) {
      const block = memory.subarray(at, Math.min(count, at + blockBytes));
      this.#hear(block, scratchPcm.subarray(0, samplesIn(this.#format, block.length)));
    }
    return true;
  }

  // Hot: 50 times a second a call, nothing allocated.
  #hear(bytes: Uint8Array, pcm: Int16Array): void {
    this.#tape.append(bytes);
    const vad = this.#vad;
    if (vad === undefined) return;
    decodeInto(this.#format, bytes, pcm);
    vad.push(pcm);
    if (this.#turnStartMs < 0) {
      const keepMs = Math.min(
        this.positionMs - this.#prefixMs - ONSET_SLACK_MS,
        this.#holdFromMs,
      );
      this.#tape.dropBefore(this.#byteAt(keepMs));
    }
  }

  #started(vadMs: number): void {
    const oldestMs = this.#formatStartMs + Math.ceil(this.#tape.start / this.#bytesPerMs);
    const startMs = Math.round(this.#vadStartMs + vadMs) - this.#prefixMs;
    this.#turnStartMs = Math.max(oldestMs, startMs);
    this.#holdFromMs = Infinity;
    this.#events.speechStarted(this.#turnStartMs);
  }

  #ended(vadMs: number): void {
    if (this.#turnStartMs < 0) return;
    const endMs = Math.round(this.#vadStartMs + vadMs);
    const clip = this.#take(this.#commitStart, this.#byteAt(endMs));
    this.#turnStartMs = -1;
    this.#events.speechStopped(endMs, clip);
  }

  // Whole ms, so that no sample is cut in two.
  #byteAt(ms: number): number {
    return (Math.floor(ms) - this.#formatStartMs) * this.#bytesPerMs;
  }

  #take(from: number, to: number): AudioClip {
    const clip = new AudioClip(this.#format, this.#tape.slice(from, to));
    this.#tape.dropBefore(to);
    return clip;
  }

  /** Takes everything in the buffer; a turn being spoken ends without an event. */
  commit(): AudioClip {
    const clip = this.#take(this.#commitStart, this.#tape.end);
    this.#endTurn();
    return clip;
  }

  /** Drops everything in the buffer; a turn being spoken ends without an event. */
  clear(): void {
    this.#tape.dropBefore(this.#tape.end);
    this.#endTurn();
  }

  #endTurn(): void {
    this.#turnStartMs = -1;
    this.#holdFromMs = Infinity;
    this.#deaf = true;
    try {
      this.#vad?.endSpeech();
    } finally {
      this.#deaf = false;
    }
  }

  /** Keeps what comes from here on, though it be silence, until `takeHeld` or speech. */
  hold(): void {
    this.#holdFromMs = this.positionMs;
  }

  /** What came since `hold`, with its first and last ms. */
  takeHeld(): { fromMs: number; toMs: number; clip: AudioClip } {
    const toMs = Math.floor(this.positionMs);
    const oldestMs = this.#formatStartMs + Math.ceil(this.#tape.start / this.#bytesPerMs);
    const fromMs = Math.min(toMs, Math.max(Math.ceil(this.#holdFromMs), oldestMs));
    this.#holdFromMs = Infinity;
    return { fromMs, toMs, clip: this.#take(this.#byteAt(fromMs), this.#byteAt(toMs)) };
  }

  /** Ends `hold` and keeps nothing for it. */
  release(): void {
    this.#holdFromMs = Infinity;
  }
}
