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

  /**
   * Takes some, though fewer may be left: the rest is owed. False when nothing is left.
   *
   * @param count What is wanted.
   */
  take(count = 1): boolean {
    // Hot: twice a message. The clock is asked only when the bucket is empty.
    if (this.#left <= 0) {
      const nowMs = this.#nowMs();
      this.#left = Math.min(this.#most, this.#left + (nowMs - this.#atMs) * this.#perMs);
      this.#atMs = nowMs;
      if (this.#left <= 0) return false;
    }
    this.#left -= count;
    return true;
  }
}
