/**
 * What playback has to say and what was said of it: pieces of audio in order, and the items that they
 * belong to. Positions are ms of audio since the last answer began.
 *
 * @module
 */

import { base64ByteLength } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs } from "../media/format.ts";
import type { Heard } from "./turns/events.ts";

/** A piece that is sent in one message. */
export interface Chunk {
  readonly payload: string;
  readonly startMs: number;
  readonly endMs: number;
}

interface Item {
  readonly itemId: string;
  readonly startMs: number;
  endMs: number;
  /** Our own words (an apology): no business of the brain's. */
  readonly ours: boolean;
}

/** Base64 is cut at 8 characters: 6 bytes, so whole samples of G.711 and PCM16 alike. */
const CUT_CHARS = 8;
const CUT_BYTES = 6;

export class PlayoutQueue {
  readonly #maxChunkMs: number;
  #bytesPerMs: number;
  #chunks: Chunk[] = [];
  /** Index in `#chunks` of what is sent next. */
  #next = 0;
  #items: Item[] = [];
  #receivedMs = 0;

  constructor(format: AudioFormat, maxChunkMs: number) {
    this.#bytesPerMs = bytesPerMs(format);
    this.#maxChunkMs = maxChunkMs;
  }

  set format(format: AudioFormat) {
    this.#bytesPerMs = bytesPerMs(format);
  }

  durationMs(payload: string): number {
    return base64ByteLength(payload) / this.#bytesPerMs;
  }

  get receivedMs(): number {
    return this.#receivedMs;
  }

  /** Pieces that have not been sent. */
  get waiting(): number {
    return this.#chunks.length - this.#next;
  }

  /** What is sent next, if anything waits. */
  get first(): Chunk | undefined {
    return this.#chunks[this.#next];
  }

  add(itemId: string, payload: string, durationMs: number, ours: boolean): void {
    const last = this.#items.at(-1);
    if (last?.itemId === itemId) last.endMs += durationMs;
    else {
      const startMs = this.#receivedMs;
      this.#items.push({ itemId, startMs, endMs: startMs + durationMs, ours });
    }
    const maxBytes = this.#maxChunkMs * this.#bytesPerMs;
    const chars = Math.floor(maxBytes / CUT_BYTES) * CUT_CHARS;
    if (payload.length <= chars) return this.#push(payload, durationMs);
    for (let at = 0; at < payload.length; at += chars) {
      const piece = payload.slice(at, at + chars);
      this.#push(piece, this.durationMs(piece));
    }
  }

  #push(payload: string, durationMs: number): void {
    const startMs = this.#receivedMs;
    this.#receivedMs += durationMs;
    this.#chunks.push({ payload, startMs, endMs: this.#receivedMs });
  }

  /** The next piece, which is sent now; there has to be one. */
  take(): Chunk {
    return this.#chunks[this.#next++]!;
  }

  /** What is left of a piece whose first `skipMs` were heard. */
  cut({ payload }: Chunk, skipMs: number): string {
    const skipChars = Math.floor(skipMs * this.#bytesPerMs / CUT_BYTES) * CUT_CHARS;
    return skipChars > 0 ? payload.slice(skipChars) : payload;
  }

  /** Lets go of pieces that are proven to have been heard. */
  forget(positionMs: number): void {
    let gone = 0;
    while (gone < this.#next && this.#chunks[gone]!.endMs <= positionMs) gone++;
    if (gone === 0) return;
    this.#chunks.splice(0, gone);
    this.#next -= gone;
  }

  /** What comes after `positionMs` is sent again. */
  goBackTo(positionMs: number): void {
    const index = this.#chunks.findIndex((chunk) => chunk.endMs > positionMs);
    this.#next = index < 0 ? this.#chunks.length : index;
  }

  /**
   * The brain's items that have not been heard to their end, oldest first, in whole ms.
   *
   * @param wholeMs Of items that begin before this, nothing more will come.
   */
  playing(heardMs: number, wholeMs: number): Heard[] {
    const playing: Heard[] = [];
    for (const { itemId, startMs, endMs, ours } of this.#items) {
      if (ours || (endMs <= heardMs && endMs <= wholeMs)) continue;
      const receivedMs = Math.floor(endMs - startMs);
      const heard = Math.floor(Math.min(heardMs, endMs) - startMs);
      playing.push({ itemId, heardMs: Math.max(0, heard), receivedMs });
    }
    return playing;
  }

  clear(): void {
    this.#chunks = [];
    this.#items = [];
    this.#next = 0;
    this.#receivedMs = 0;
  }
}
