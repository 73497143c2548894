/**
 * The caller's voice of the last moments, as it came from the leg: a session that is opened anew hears
 * what nobody has answered. Grows while something is to be kept, up to a bound, and then the oldest goes.
 *
 * @module
 */

import { type AudioFormat, bytesPerMs, bytesPerSample } from "../../media/format.ts";

/** What is kept of a caller who says nothing: the beginning of a word comes before it is noticed. */
const PRE_ROLL_MS = 600;
/** What is kept at most: longer turns lose their beginning. */
const MAX_MS = 30_000;
/** The buffer of a caller who says nothing. */
const SMALL_MS = 2000;

export class VoiceMemory {
  readonly #bytesPerMs: number;
  /** Bytes of one sample: pieces begin and end between samples. */
  readonly #sampleBytes: number;
  #bytes: Uint8Array;
  #length = 0;
  /** The time of the last byte. */
  #endMs = 0;
  #keepFromMs = Infinity;

  constructor(format: AudioFormat) {
    this.#bytesPerMs = bytesPerMs(format);
    this.#sampleBytes = bytesPerSample(format);
    this.#bytes = new Uint8Array(SMALL_MS * this.#bytesPerMs);
  }

  /** One frame, which ends at `nowMs`. */
  push(bytes: Uint8Array, nowMs: number): void {
    this.#endMs = nowMs;
    if (this.#length + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What came after this is kept; Infinity when nothing has to be. */
  set keepFromMs(ms: number) {
    this.#keepFromMs = ms;
  }

  /** What was heard between two times, as far as it is kept; a copy. */
  between(fromMs: number, toMs = Infinity): Uint8Array {
    return this.#bytes.slice(this.#offset(fromMs), this.#offset(toMs));
  }

  #offset(atMs: number): number {
    const back = Math.round((this.#endMs - atMs) * this.#bytesPerMs / this.#sampleBytes);
    return Math.min(this.#length, Math.max(0, this.#length - back * this.#sampleBytes));
  }

  #makeRoom(more: number): void {
    const fromMs = Math.min(this.#keepFromMs, this.#endMs) - PRE_ROLL_MS;
    const maxBytes = MAX_MS * this.#bytesPerMs;
    let gone = this.#offset(fromMs);
    // A quarter at once: what is over the bound is not moved with each frame.
    if (this.#length - gone + more > maxBytes) gone = this.#length - Math.floor(maxBytes * 0.75);
    gone -= gone % this.#sampleBytes;
    const kept = this.#length - gone;
    const small = SMALL_MS * this.#bytesPerMs;
    const size = kept + more <= small / 2 ? small : Math.min(maxBytes, 2 * (kept + more));
    const room = size === this.#bytes.length
      ? this.#bytes
      : new Uint8Array(Math.max(size, kept + more));
    if (room === this.#bytes) room.copyWithin(0, gone, this.#length);
    else room.set(this.#bytes.subarray(gone, this.#length));
    this.#bytes = room;
    this.#length = kept;
  }
}
