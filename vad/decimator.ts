/**
 * Brings 16, 24 or 48 kHz down to the 8 kHz the detector thinks in, so that one filter bank and
 * one set of settings serve all rates and a call sounds the same to it on every leg.
 *
 * Not for listening: 8 taps a phase keep aliases about 40 dB down, which is plenty for levels.
 *
 * @module
 */

const TAPS_PER_PHASE = 8;

/** An integer-ratio low-pass and decimator; keeps its history between calls. */
export class Decimator {
  readonly ratio: number;
  #taps: Float64Array;
  // Written twice, `length` apart, so the newest `length` samples always lie in one stretch.
  #history: Float64Array;
  #at = 0;
  #phase = 0;

  /** @param ratio Input rate over output rate: 1, 2, 3 or 6. */
  constructor(ratio: number) {
    this.ratio = ratio;
    const length = ratio === 1 ? 1 : ratio * TAPS_PER_PHASE;
    this.#taps = lowPass(length, ratio);
    this.#history = new Float64Array(length * 2);
  }

  /**
   * Takes one sample in.
   *
   * @returns True when an output sample is due: read it with `output()`.
   */
  push(sample: number): boolean {
    const length = this.#taps.length;
    this.#history[this.#at] = sample;
    this.#history[this.#at + length] = sample;
    this.#at = this.#at + 1 === length ? 0 : this.#at + 1;
    this.#phase = this.#phase + 1 === this.ratio ? 0 : this.#phase + 1;
    return this.#phase === 0;
  }

  /** The filtered sample at the newest input. */
  output(): number {
    const taps = this.#taps;
    const history = this.#history;
    const from = this.#at;
    let sum = 0;
    for (let i = 0; i < taps.length; i++) sum += taps[i]! * history[from + i]!;
    return sum;
  }

  /** Samples taken in since the last output was due. */
  get waiting(): number {
    return this.#phase;
  }

  /** Gives up the samples since the last output, keeps what was heard. */
  restart(): void {
    this.#phase = 0;
  }

  /** Forgets everything heard. */
  reset(): void {
    this.#history.fill(0);
    this.#at = 0;
    this.#phase = 0;
  }
}

/** A Hann-windowed sinc with its −6 dB point at 3.8 kHz, whatever the input rate. */
function lowPass(length: number, ratio: number): Float64Array {
  const taps = new Float64Array(length);
  if (ratio === 1) return taps.fill(1);
  const cutoff = 3800 / (8000 * ratio);
  const middle = (length - 1) / 2;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const t = i - middle;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    taps[i] = sinc * (0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length));
    sum += taps[i]!;
  }
  for (let i = 0; i < length; i++) taps[i] = taps[i]! / sum;
  return taps;
}
