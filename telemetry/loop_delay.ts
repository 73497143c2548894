/**
 * How late the event loop runs: a timer every 20 ms that looks at how late it came. This is what a
 * frame waits before anyone looks at it.
 *
 * @module
 */

// Why a timer of our own: `monitorEventLoopDelay` of node:perf_hooks exists in both runtimes, but Deno
// 2.9.6 reported a maximum of 0.009 ms over a loop that was blocked for 120 ms (Bun 1.4.5: 107 ms).

import { type LatencySummary, RollingHistogram } from "./rolling_histogram.ts";

/** The frame clock of a call; a finer one would cost more and tell callers nothing new. */
const TICK_MS = 20;

/** What the loop did in the last window; null when nothing was measured. */
export interface LoopDelay {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Measures from `start()` to `stop()`. */
export class LoopDelayMonitor {
  readonly #histogram: RollingHistogram;
  readonly #now: () => number;
  readonly #late: (delayMs: number, nowMs: number) => void;
  #timer: ReturnType<typeof setInterval> | null = null;
  /** When the next tick is due; null until the first, which shows when the loop began to turn. */
  #dueMs: number | null = null;

  /**
   * @param late Told of every tick, with how late it was; must be cheap.
   * @param now Monotonic milliseconds.
   */
  constructor(
    windowMs: number,
    late: (delayMs: number, nowMs: number) => void = () => {},
    now: () => number = () => performance.now(),
  ) {
    this.#histogram = new RollingHistogram({ windowMs, highestMs: 60_000, digits: 2 });
    this.#late = late;
    this.#now = now;
  }

  /** Starts the timer, which does not keep the process alive. Idempotent. */
  start(): void {
    if (this.#timer !== null) return;
    // What the rest of start-up does before the loop turns keeps no caller waiting.
    this.#dueMs = null;
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    (this.#timer as { unref?(): void }).unref?.();
  }

  /** Stops the timer. Idempotent. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One tick; the timer calls it, and tests may. */
  tick(): void {
    const now = this.#now();
    if (this.#dueMs !== null) {
      const delayMs = Math.max(0, now - this.#dueMs);
      this.#histogram.record(delayMs, now);
      this.#late(delayMs, now);
    }
    this.#dueMs = now + TICK_MS;
  }

  /** The window that ends now. */
  summary(): LoopDelay {
    const { p50, p99, max }: LatencySummary = this.#histogram.summary(this.#now());
    return { p50, p99, max };
  }
}
