/**
 * The caller's voice on its way to the brain: converted only if formats differ, forwarded frame by
 * frame without batching, and never allowed to pile up.
 *
 * @module
 */

import { appendAudio } from "../brain/openai/requests.ts";
import { base64ByteLength, encodeBase64 } from "../media/base64.ts";
import { silenceByte } from "../media/codec.ts";
import { type AudioFormat, bytesPerMs } from "../media/format.ts";
import { Transcoder } from "./transcoder.ts";

export interface UplinkSettings {
  /** Frames kept while the brain's session is not ready yet: the caller's first words. */
  readonly maxEarlyFrames: number;
  /** Frames kept when the brain reads slowly; the oldest is dropped first. */
  readonly maxSlowFrames: number;
  /** The brain counts as slow while this many bytes wait for it. */
  readonly slowBytes: number;
  /** With local turns: audio from before the caller was heard to speak. */
  readonly preRollMs: number;
  /** The longest frame that a leg hands over. */
  readonly maxFrameMs: number;
}

export const UPLINK_DEFAULTS: UplinkSettings = {
  maxEarlyFrames: 500,
  maxSlowFrames: 5,
  slowBytes: 64 * 1024,
  preRollMs: 300,
  maxFrameMs: 2000,
};

/** Where the caller's voice goes; whoever stands behind it may change. */
export interface UplinkTarget {
  /** @returns False when the text was not taken. */
  send(text: string): boolean;
  bufferedBytes(): number;
}

export class Uplink {
  readonly #target: UplinkTarget;
  readonly #legFormat: AudioFormat;
  readonly #settings: UplinkSettings;
  readonly #dropped: () => void;
  #transcoder: Transcoder | null = null;
  #brainBytesPerMs = 0;
  #forwards = false;
  /** The last frame of silence: frames are of one length nearly always. */
  #silence = new Uint8Array(0);
  #silencePayload = "";
  #ready = false;
  #open: boolean;
  /** The caller has spoken before the session stood: from there on, everything is kept. */
  #spoke = false;
  #paused = false;
  #muted = false;
  #ended = false;
  /** Audio that the brain was given so far, in ms. */
  #sentMs = 0;
  /** Payloads that wait: early ones, slow ones, or the pre-roll of a closed gate. */
  #waiting: string[] = [];
  #waitingMs: number[] = [];

  /**
   * @param open False for local turns, where audio is sent only while the caller speaks.
   * @param dropped Is told of each frame that was lost because the brain read too slowly.
   */
  constructor(
    target: UplinkTarget,
    legFormat: AudioFormat,
    open: boolean,
    dropped: () => void,
    settings: Partial<UplinkSettings> = {},
  ) {
    this.#target = target;
    this.#legFormat = legFormat;
    this.#open = open;
    this.#dropped = dropped;
    this.#settings = { ...UPLINK_DEFAULTS, ...settings };
  }

  /** The session is gone: until the next one stands nothing is sent, and the call keeps the voice. */
  pause(): void {
    this.#ready = false;
    this.#paused = true;
    this.#clear();
  }

  /** The session stands: what the caller said in the meantime goes first. */
  start(brainFormat: AudioFormat): void {
    if (this.#paused) {
      // What was said meanwhile is told by whoever kept it.
      this.#spoke = false;
      if (this.#open) this.#clear();
    }
    this.#paused = false;
    this.#sentMs = 0;
    const transcoder = new Transcoder(this.#legFormat, brainFormat, this.#settings.maxFrameMs);
    this.#forwards = transcoder.idle;
    this.#transcoder = transcoder;
    this.#brainBytesPerMs = bytesPerMs(brainFormat);
    this.#ready = true;
    const early = this.#waiting;
    this.#clear();
    for (const payload of early) {
      const converted = this.#convert(payload);
      // They come all at once, and what waits in the socket then says nothing about the brain.
      if ((this.#open || this.#spoke) && converted.length > 0) this.#send(converted);
      else this.#pass(converted);
    }
  }

  /** One frame. `payload` is its base64, if the wire brought it so. */
  push(bytes: Uint8Array, payload: string | null): void {
    if (this.#ended) return;
    if (this.#paused && this.#open) return;
    if (!this.#ready) {
      const early = payload ?? encodeBase64(bytes);
      const { maxEarlyFrames, preRollMs } = this.#settings;
      if (this.#open || (this.#spoke && !this.#paused)) {
        return this.#keep(early, 0, maxEarlyFrames, Infinity);
      }
      // Nobody speaks yet: only what comes just before a voice will be wanted.
      return this.#keep(early, bytes.length / bytesPerMs(this.#legFormat), Infinity, preRollMs);
    }
    if (this.#muted) return this.pushSilence(bytes.length);
    this.#forward(bytes, payload);
  }

  #forward(bytes: Uint8Array, payload: string | null): void {
    if (this.#forwards && payload !== null) this.#pass(payload);
    else this.#pass(encodeBase64(this.#transcoder!.convert(bytes)));
  }

  /** A frame of silence in the place of one that holds nothing of the caller. */
  pushSilence(length: number): void {
    if (this.#ended) return;
    if (this.#silence.length !== length) {
      this.#silence = new Uint8Array(length).fill(silenceByte(this.#legFormat));
      this.#silencePayload = encodeBase64(this.#silence);
    }
    if (this.#ready) this.#forward(this.#silence, this.#silencePayload);
    else this.push(this.#silence, this.#silencePayload);
  }

  /** What was kept of the caller goes to the session that stands now, all at once. */
  resend(bytes: Uint8Array): void {
    const step = this.#settings.maxFrameMs * bytesPerMs(this.#legFormat);
    for (let at = 0; at < bytes.length; at += step) {
      const piece = this.#transcoder!.convert(bytes.subarray(at, at + step));
      if (piece.length > 0) this.#send(encodeBase64(piece));
    }
  }

  /** The caller speaks: the pre-roll goes first, then every frame. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    this.#spoke = true;
    if (this.#ready) this.#flush();
  }

  /** The caller is silent: frames become pre-roll. */
  close(): void {
    this.#open = false;
  }

  /** The brain is gone: what comes now is lost to nobody. */
  end(): void {
    this.#ended = true;
    this.#clear();
  }

  /** Sends silence in the place of what the line carries: a detector that noise holds open ends. */
  mute(on: boolean): void {
    this.#muted = on;
  }

  /** How much audio the brain was given so far, in ms: the clock that its detector counts by. */
  get sentMs(): number {
    return this.#sentMs;
  }

  #convert(payload: string): string {
    if (this.#forwards) return payload;
    return encodeBase64(this.#transcoder!.convert(Uint8Array.fromBase64(payload)));
  }

  #pass(payload: string): void {
    // A resampler may have nothing to give yet.
    if (payload.length === 0) return;
    const { slowBytes, maxSlowFrames, preRollMs } = this.#settings;
    if (!this.#open) {
      const ms = base64ByteLength(payload) / this.#brainBytesPerMs;
      return this.#keep(payload, ms, Infinity, preRollMs);
    }
    if (this.#target.bufferedBytes() > slowBytes) {
      return this.#keep(payload, 0, maxSlowFrames, Infinity);
    }
    if (this.#waiting.length > 0) this.#flush();
    this.#send(payload);
  }

  #send(payload: string): void {
    this.#sentMs += base64ByteLength(payload) / this.#brainBytesPerMs;
    if (!this.#target.send(appendAudio(payload))) this.#dropped();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#clear();
    for (const payload of waiting) this.#send(payload);
  }

  /**
   * Keeps a frame, and lets the oldest go when there are too many.
   *
   * @param ms How long it is; 0 where only the number counts.
   */
  #keep(payload: string, ms: number, maxFrames: number, maxMs: number): void {
    this.#waiting.push(payload);
    this.#waitingMs.push(ms);
    let totalMs = 0;
    if (maxMs < Infinity) { for (const ms of this.#waitingMs) totalMs += ms; }
    while (this.#waiting.length > maxFrames || totalMs > maxMs) {
      this.#waiting.shift();
      totalMs -= this.#waitingMs.shift()!;
      // Pre-roll ages, which is no loss.
      if (maxMs === Infinity) this.#dropped();
    }
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingMs = [];
  }
}
