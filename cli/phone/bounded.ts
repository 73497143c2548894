/**
 * A list that keeps the newest entries up to a bound, for what a phone remembers of its call.
 *
 * @module
 */

/** The newest `limit` entries, oldest first, and how many were let go. */
export class Bounded<T> {
  readonly #limit: number;
  #entries: T[] = [];
  #dropped = 0;

  /** @throws {RangeError} If `limit` is not a whole number of at least 1. */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`Cannot bound a list: limit is ${limit}, wanted a whole number >= 1`);
    }
    this.#limit = limit;
  }

  push(entry: T): void {
    this.#entries.push(entry);
    // Cut in one go at twice the bound, so that a push stays cheap on average.
    if (this.#entries.length >= this.#limit * 2) {
      const surplus = this.#entries.length - this.#limit;
      this.#entries = this.#entries.slice(surplus);
      this.#dropped += surplus;
    }
  }

  /** A copy: the newest entries, at most `limit`. */
  toArray(): T[] {
    return this.#entries.slice(-this.#limit);
  }

  /** The newest entry. */
  last(): T | undefined {
    return this.#entries.at(-1);
  }

  /** How many were ever pushed. */
  get total(): number {
    return this.#dropped + this.#entries.length;
  }
}
