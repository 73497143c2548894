/**
 * Random numbers from a seed, so that a set built twice is the same set.
 *
 * @module
 */

import { seeded } from "../../tests/random.ts";

/** A source of numbers in [0, 1), from a text. */
export class Random {
  /** The next number. */
  readonly next: () => number;
  #spare = NaN;

  /** @param seed Any text; each text is its own stream. */
  constructor(seed: string) {
    // FNV-1a, to spread similar texts apart.
    let hash = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) {
      hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
    }
    this.next = seeded(hash);
  }

  /** Uniform between two bounds. */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** An index below `count`. */
  index(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.index(items.length)]!;
  }

  /** Normal, mean 0, deviation 1 (Marsaglia's polar method). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const value = this.#spare;
      this.#spare = NaN;
      return value;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s <= 0 || s >= 1) continue;
      const k = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * k;
      return u * k;
    }
  }

  /** The items in another order; the argument is left as it was. */
  shuffled<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.index(i + 1);
      const kept = out[i]!;
      out[i] = out[j]!;
      out[j] = kept;
    }
    return out;
  }
}
