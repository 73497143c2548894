/**
 * Time for sessions, passed in so that tests turn the clock by hand.
 *
 * @module
 */

/** A clock and its timers. */
export interface Clock {
  /** Milliseconds since 1970 that never run backwards. */
  now(): number;
  /** Runs `fn` once after `ms`; the function returned takes it back, any number of times. */
  after(ms: number, fn: () => void): () => void;
}

/** The real one. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
