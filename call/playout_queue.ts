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
  /** The first of its item. */
  readonly begins: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** It begins with the second half of a sample: a brain may cut its audio anywhere. */
  readonly inSample: boolean;
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
  /** Of the present item. */
  #itemBytes = 0;
  #sampleBytes = 1;
  /** What is sent next doesn't follow what was sent last. */
  #seam = false;

  constructor(format: AudioFormat, maxChunkMs: number) {
    this.#bytesPerMs = bytesPerMs(format);
    this.#maxChunkMs = maxChunkMs;
    this.format = format;
  }

  set format(format: AudioFormat) {
    this.#bytesPerMs = bytesPerMs(format);
    this.#sampleBytes = format.encoding === "pcm16" ? 2 : 1;
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
    const begins = last?.itemId !== itemId;
    if (!begins) last.endMs += durationMs;
    else {
      const startMs = this.#receivedMs;
      this.#items.push({ itemId, startMs, endMs: startMs + durationMs, ours });
    }
    const maxBytes = this.#maxChunkMs * this.#bytesPerMs;
    const chars = Math.floor(maxBytes / CUT_BYTES) * CUT_CHARS;
    if (payload.length <= chars) return this.#push(payload, durationMs, begins);
    for (let at = 0; at < payload.length; at += chars) {
      const piece = payload.slice(at, at + chars);
      this.#push(piece, this.durationMs(piece), begins && at === 0);
    }
  }

  #push(payload: string, durationMs: number, begins: boolean): void {
    const startMs = this.#receivedMs;
    if (begins) this.#itemBytes = 0;
    const inSample = this.#itemBytes % this.#sampleBytes !== 0;
    this.#receivedMs += durationMs;
    this.#itemBytes += base64ByteLength(payload);
    this.#chunks.push({ payload, begins, startMs, endMs: this.#receivedMs, inSample });
  }

  /** The next piece, which is sent now; there has to be one. */
  take(): Chunk {
    return this.#chunks[this.#next++]!;
  }

  /** What is left of a piece whose first `skipMs` were heard. */
  cut({ payload, inSample }: Chunk, skipMs: number): string {
    const seam = this.#seam;
    this.#seam = false;
    const skipBytes = skipMs * this.#bytesPerMs;
    // Behind a seam nobody has the first half any more: three bytes on, a sample begins.
    if (seam && inSample) {
      const steps = Math.floor(Math.max(0, skipBytes - CUT_BYTES / 2) / CUT_BYTES);
      return payload.slice(CUT_CHARS / 2 + steps * CUT_CHARS);
    }
    const skipChars = Math.floor(skipBytes / CUT_BYTES) * CUT_CHARS;
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
    this.#seam = true;
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
