/**
 * The timers of one call, by name: setting one again moves it, and closing ends them all. What a
 * timer throws goes to the call and not to the process.
 *
 * @module
 */

import type { Clock } from "../runtime/clock.ts";

export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #cancel = new Map<Name, () => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(name: Name, ms: number, fn: () => void): void {
    this.clear(name);
    if (this.#closed) return;
    this.#cancel.set(
      name,
      this.#clock.after(ms, () => {
        this.#cancel.delete(name);
        fn();
      }),
    );
  }

  clear(name: Name): void {
    this.#cancel.get(name)?.();
    this.#cancel.delete(name);
  }

  /** From now on none is set. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancel.values()) cancel();
    this.#cancel.clear();
  }
}

/** A clock whose timers hand what they throw to `broke`. */
export function guardedClock(clock: Clock, broke: (error: unknown) => void): Clock {
  return {
    nowMs: () => clock.nowMs(),
    after: (ms, fn) =>
      clock.after(ms, () => {
        try {
          fn();
        } catch (error) {
          broke(error);
        }
      }),
  };
}
