/**
 * How often things happened in the last few minutes: counters that take turns, so that old events
 * leave without each of them being kept.
 *
 * @module
 */

/** Counters that take turns: of the window, at most this share is missing. */
const SLOTS = 10;

/** Counts of a fixed set of names. Owns all its memory from the start; time is passed in. */
export class RollingCounts<Name extends string> {
  readonly #slotMs: number;
  readonly #slots: { turn: number; readonly counts: Map<Name, number> }[];

  /** @param windowMs How far back is counted, to a tenth of it. */
  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
    this.#slots = Array.from({ length: SLOTS }, () => ({ turn: -1, counts: new Map() }));
  }

  /** It happened now. */
  add(name: Name, nowMs: number): void {
    const turn = Math.floor(nowMs / this.#slotMs);
    const slot = this.#slots[turn % SLOTS]!;
    if (slot.turn !== turn) {
      slot.turn = turn;
      slot.counts.clear();
    }
    slot.counts.set(name, (slot.counts.get(name) ?? 0) + 1);
  }

  /** How often it happened within the window that ends now. */
  of(name: Name, nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#slotMs) - SLOTS + 1;
    let sum = 0;
    for (const { turn, counts } of this.#slots) {
      if (turn >= oldest) sum += counts.get(name) ?? 0;
    }
    return sum;
  }
}
