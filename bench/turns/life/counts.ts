/**
 * How often each whole number occurred: all that percentiles need, in memory that does not grow with
 * the number of calls, and two of them add up to one.
 *
 * @module
 */

export class Counts {
  readonly #of = new Map<number, number>();
  #total = 0;

  constructor(entries: Iterable<readonly [number, number]> = []) {
    for (const [value, count] of entries) this.add(value, count);
  }

  /** NaN counts for nothing. */
  add(value: number, count = 1): void {
    if (Number.isNaN(value)) return;
    const whole = Math.round(value);
    this.#of.set(whole, (this.#of.get(whole) ?? 0) + count);
    this.#total += count;
  }

  merge(other: Counts): void {
    for (const [value, count] of other.#of) this.add(value, count);
  }

  get total(): number {
    return this.#total;
  }

  /** The nearest rank, so that it is always a value that occurred; NaN of nothing. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#total));
    let seen = 0;
    for (const [value, count] of this.toJSON()) if ((seen += count) >= rank) return value;
    return NaN;
  }

  toJSON(): [number, number][] {
    return [...this.#of].sort(([a], [b]) => a - b);
  }
}
