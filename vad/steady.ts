/**
 * Tells when the levels of all bands have hardly moved for a while: a fan, a line tone, comfort
 * noise. Speech never holds all bands that still for most of a second.
 *
 * @module
 */

import { BAND_COUNT } from "./bands.ts";

/** Looked at every fifth hop only: for a fan 50 ms later is soon enough, and it costs a fifth. */
const LOOK_EVERY_HOPS = 5;

/** The range of each band over a sliding window. */
export class SteadyWatch {
  /** Mean level of each band over the window, dBFS; valid when `update` has just returned true. */
  readonly meanDbfs = new Float64Array(BAND_COUNT);
  readonly #levels: Float64Array;
  readonly #windowHops: number;
  readonly #rangeDb: number;
  #at = 0;
  #filled = 0;

  constructor(windowHops: number, rangeDb: number) {
    this.#windowHops = windowHops;
    this.#rangeDb = rangeDb;
    this.#levels = new Float64Array(windowHops * BAND_COUNT);
  }

  /** True when every band stayed inside the range for the whole window. */
  update(levelsDbfs: Float64Array): boolean {
    const base = this.#at * BAND_COUNT;
    for (let b = 0; b < BAND_COUNT; b++) this.#levels[base + b] = levelsDbfs[b]!;
    this.#at = this.#at + 1 === this.#windowHops ? 0 : this.#at + 1;
    if (this.#filled < this.#windowHops) this.#filled++;
    if (this.#filled < this.#windowHops || this.#at % LOOK_EVERY_HOPS !== 0) return false;
    return this.withinRange(this.#rangeDb);
  }

  /** True when every band stayed inside `rangeDb` over what is held; sets `meanDbfs`. */
  withinRange(rangeDb: number): boolean {
    const end = this.#filled * BAND_COUNT;
    for (let b = 0; b < BAND_COUNT; b++) {
      let low = Infinity, high = -Infinity, sum = 0;
      for (let i = b; i < end; i += BAND_COUNT) {
        const level = this.#levels[i]!;
        if (level < low) low = level;
        if (level > high) high = level;
        if (high - low > rangeDb) return false;
        sum += level;
      }
      this.meanDbfs[b] = sum / this.#filled;
    }
    return this.#filled > 0;
  }

  /** Forgets everything heard. */
  reset(): void {
    this.#at = 0;
    this.#filled = 0;
  }
}
