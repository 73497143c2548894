/**
 * A brain that can't be reached is not dialled by each call anew: after several failures in a row one
 * attempt at a time finds out whether it is back.
 *
 * @module
 */

export interface CircuitSettings {
  /** Failures in a row that open it ... */
  readonly maxFailures: number;
  /** ... if the first of them is so long ago: what passes within seconds is a hiccup. */
  readonly minFailingMs: number;
  /** While it is open, one attempt in this time. */
  readonly probeEveryMs: number;
}

const CIRCUIT_DEFAULTS: CircuitSettings = {
  maxFailures: 5,
  minFailingMs: 10_000,
  probeEveryMs: 2000,
};

export class Circuit {
  readonly #settings: CircuitSettings;
  #failures = 0;
  #failingSinceMs = 0;
  #probedAtMs = 0;

  constructor(settings: Partial<CircuitSettings> = {}) {
    this.#settings = { ...CIRCUIT_DEFAULTS, ...settings };
  }

  /** Whether calls should not count on this brain. */
  isOpen(nowMs: number): boolean {
    const { maxFailures, minFailingMs } = this.#settings;
    return this.#failures >= maxFailures && nowMs - this.#failingSinceMs >= minFailingMs;
  }

  /** Whether it may be dialled now; a true while it is open is the one attempt of its time. */
  allows(nowMs: number): boolean {
    if (!this.isOpen(nowMs)) return true;
    if (nowMs - this.#probedAtMs < this.#settings.probeEveryMs) return false;
    this.#probedAtMs = nowMs;
    return true;
  }

  failed(nowMs: number): void {
    if (this.#failures++ === 0) this.#failingSinceMs = nowMs;
  }

  stood(): void {
    this.#failures = 0;
  }
}
