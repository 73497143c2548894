/**
 * How long a silence has to be to end a turn, when we decide it ourselves.
 *
 * One number serves nobody: a brisk caller waits for nothing, and one who thinks aloud is cut off.
 * So the silence is learned from the caller's own pauses, and leans on how the last words ended: a
 * voice that trails off has finished, a voice that stops at full height has not.
 *
 * Pure arithmetic: whoever calls it brings the pauses and the levels.
 *
 * @module
 */

export interface EndpointingSettings {
  readonly mode: "fixed" | "adaptive";
  /** For `fixed`, and where `adaptive` begins. */
  readonly silenceMs: number;
  readonly minSilenceMs: number;
  readonly maxSilenceMs: number;
  /** Pauses shorter than this are articulation, not thought. */
  readonly minPauseMs: number;
  /** Weight of the newest pause in what is learned. */
  readonly learning: number;
  /** Spread above the mean pause that is waited out, in deviations. */
  readonly deviations: number;
  /** A turn that has lasted less than this has hardly begun. */
  readonly shortTurnMs: number;
}

export const ENDPOINTING_DEFAULTS: EndpointingSettings = {
  mode: "fixed",
  silenceMs: 200,
  minSilenceMs: 150,
  maxSilenceMs: 1200,
  minPauseMs: 80,
  learning: 0.25,
  deviations: 2,
  shortTurnMs: 400,
};

/** Share of the learned silence that a voice which trailed off has to wait, and one that did not. */
const TRAILED_OFF = 0.75, CUT_SHORT = 1.25;
/** The last voice this far below the turn's own level has trailed off; nearer than half, it has not. */
const TRAIL_DB = 9;

export class Endpointing {
  readonly #settings: EndpointingSettings;
  #meanMs: number;
  #deviationMs: number;

  constructor(settings: Partial<EndpointingSettings> = {}) {
    this.#settings = { ...ENDPOINTING_DEFAULTS, ...settings };
    const { silenceMs, deviations, minSilenceMs, maxSilenceMs } = this.#settings;
    if (!(minSilenceMs <= silenceMs && silenceMs <= maxSilenceMs)) {
      throw new RangeError(
        `Cannot endpoint: silenceMs is ${silenceMs}, wanted ${minSilenceMs} to ${maxSilenceMs}`,
      );
    }
    // Before the first pause is heard, mean and spread are such that they give `silenceMs`.
    this.#meanMs = silenceMs / 2;
    this.#deviationMs = silenceMs / 2 / deviations;
  }

  /** The caller paused for this long and then went on: in the same turn, or after we cut them off. */
  paused(ms: number): void {
    const { minPauseMs, maxSilenceMs, learning } = this.#settings;
    if (ms < minPauseMs || ms > maxSilenceMs) return;
    const error = ms - this.#meanMs;
    this.#meanMs += learning * error;
    this.#deviationMs += learning * (Math.abs(error) - this.#deviationMs);
  }

  /** What this caller's pauses say, without regard to how the last words ended. */
  get learnedMs(): number {
    return this.#clamp(this.#meanMs + this.#settings.deviations * this.#deviationMs);
  }

  /**
   * The silence that ends the turn now.
   *
   * @param turnMs How long the caller has been speaking in this turn.
   * @param fallDb How far the last voice was below the turn's own level.
   */
  silenceMs(turnMs: number, fallDb: number): number {
    const { mode, silenceMs, shortTurnMs } = this.#settings;
    if (mode === "fixed") return silenceMs;
    let factor = 1;
    if (turnMs < shortTurnMs || fallDb < TRAIL_DB / 2) factor = CUT_SHORT;
    else if (fallDb >= TRAIL_DB) factor = TRAILED_OFF;
    return this.#clamp(factor * (this.#meanMs + this.#settings.deviations * this.#deviationMs));
  }

  #clamp(ms: number): number {
    const { minSilenceMs, maxSilenceMs } = this.#settings;
    return Math.min(maxSilenceMs, Math.max(minSilenceMs, ms));
  }
}
