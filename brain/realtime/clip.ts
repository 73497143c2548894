/**
 * A piece of audio that belongs to a conversation item.
 *
 * @module
 */

import { encodeBase64 } from "../../media/base64.ts";
import { type AudioFormat, bytesPerMs } from "../../media/format.ts";

/** Audio in one format, made of chunks as they came. */
export class AudioClip {
  readonly #chunks: Uint8Array[] = [];
  #byteLength = 0;

  constructor(readonly format: AudioFormat, bytes?: Uint8Array) {
    if (bytes) this.push(bytes);
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  get durationMs(): number {
    return this.#byteLength / bytesPerMs(this.format);
  }

  /** Adds a chunk at the end; it is kept, not copied. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#byteLength += bytes.length;
  }

  /** The bytes of `[from, to)`: a view where they lie in one chunk, otherwise a copy. */
  slice(from: number, to: number): Uint8Array {
    const end = Math.min(to, this.#byteLength);
    let start = 0;
    let out: Uint8Array | undefined;
    for (const chunk of this.#chunks) {
      const chunkEnd = start + chunk.length;
      if (chunkEnd > from && start < end) {
        const part = chunk.subarray(Math.max(0, from - start), Math.min(chunk.length, end - start));
        if (part.length === end - from) return part;
        out ??= new Uint8Array(end - from);
        out.set(part, Math.max(start, from) - from);
      }
      start = chunkEnd;
    }
    return out ?? new Uint8Array(0);
  }

  /** Drops what lies behind the first `ms`. */
  truncate(ms: number): void {
    const kept = this.slice(
      0,
      Math.min(this.#byteLength, Math.floor(ms) * bytesPerMs(this.format)),
    );
    this.#chunks.length = 0;
    this.#byteLength = 0;
    // A copy, so that the rest can be freed.
    this.push(kept.slice());
  }

  toBase64(): string {
    return encodeBase64(this.slice(0, this.#byteLength));
  }
}
