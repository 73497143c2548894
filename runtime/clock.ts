/**
 * Time, passed in, so that a whole call can be tested on plain numbers.
 *
 * @module
 */

export interface Clock {
  /** Milliseconds on a clock that only runs forward. */
  nowMs(): number;
  /** Runs `fn` once after `ms`; the returned function calls it off. */
  after(ms: number, fn: () => void): () => void;
}

/** The real one. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
