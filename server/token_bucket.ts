/**
 * A rate with room for a burst.
 *
 * @module
 */

export class TokenBucket {
  readonly #perMs: number;
  readonly #most: number;
  readonly #nowMs: () => number;
  #left: number;
  #atMs: number;

  /**
   * @param perSecond What may be taken over time.
   * @param burst What may be taken at once.
   */
  constructor(perSecond: number, burst: number, nowMs: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1000;
    this.#most = burst;
    this.#nowMs = nowMs;
    this.#left = burst;
    this.#atMs = nowMs();
  }

  /** Takes one. False when none is left. */
  take(): boolean {
    // Hot: once a message. The clock is asked only when a whole one is missing.
    if (this.#left < 1) {
      const nowMs = this.#nowMs();
      this.#left = Math.min(this.#most, this.#left + (nowMs - this.#atMs) * this.#perMs);
      this.#atMs = nowMs;
      if (this.#left < 1) return false;
    }
    this.#left--;
    return true;
  }
}
