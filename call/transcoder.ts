/**
 * Audio from one format to another, a piece at a time. Between equal formats nothing is touched;
 * otherwise the pieces are decoded, resampled (statefully, so that the seams are not heard) and
 * encoded in buffers that are made once.
 *
 * @module
 */

import { decodeInto, encodeInto } from "../media/codec.ts";
import { type AudioFormat, bytesPerSample, sameFormat } from "../media/format.ts";
import { Resampler } from "../media/resampler.ts";

export class Transcoder {
  readonly #from: AudioFormat;
  readonly #to: AudioFormat;
  readonly #resampler: Resampler | null;
  readonly #pcm: Int16Array;
  readonly #resampled: Int16Array;
  readonly #bytes: Uint8Array;

  /** @param maxInputMs The longest piece that `convert` will be given. */
  constructor(from: AudioFormat, to: AudioFormat, maxInputMs: number) {
    this.#from = from;
    this.#to = to;
    const samples = Math.ceil(maxInputMs * from.sampleRateHz / 1000);
    this.#pcm = new Int16Array(samples);
    if (from.sampleRateHz === to.sampleRateHz) {
      this.#resampler = null;
      this.#resampled = this.#pcm;
    } else {
      this.#resampler = new Resampler({
        fromHz: from.sampleRateHz,
        toHz: to.sampleRateHz,
        maxInputSamples: samples,
      });
      this.#resampled = new Int16Array(this.#resampler.outputCapacity(samples));
    }
    this.#bytes = new Uint8Array(this.#resampled.length * bytesPerSample(to));
  }

  /** True when both formats are the same and pieces may be passed by. */
  get idle(): boolean {
    return sameFormat(this.#from, this.#to);
  }

  /**
   * Converts one piece.
   *
   * @returns A view that is good until the next call.
   */
  convert(bytes: Uint8Array): Uint8Array {
    let samples = decodeInto(this.#from, bytes, this.#pcm);
    let pcm = this.#pcm;
    if (this.#resampler) {
      samples = this.#resampler.process(pcm.subarray(0, samples), this.#resampled);
      pcm = this.#resampled;
    }
    const length = encodeInto(this.#to, pcm.subarray(0, samples), this.#bytes);
    return this.#bytes.subarray(0, length);
  }

  /**
   * Ends the stream: converts what the resampler still holds, 2.46 ms where one rate is 8 kHz.
   *
   * @returns A view that is good until the next call; empty when nothing is held.
   */
  flush(): Uint8Array {
    const samples = this.#resampler?.flush(this.#resampled) ?? 0;
    const length = encodeInto(this.#to, this.#resampled.subarray(0, samples), this.#bytes);
    return this.#bytes.subarray(0, length);
  }

  /** Forgets the past: what comes next has no seam with it. */
  reset(): void {
    this.#resampler?.reset();
  }
}
