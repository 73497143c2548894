/**
 * A warning when one frame takes too long to handle, or the event loop runs late: either is heard.
 *
 * @module
 */

/** How a {@link FrameWatch} judges. */
export interface FrameWatchOptions {
  /** A frame that takes longer is slow. Default 5. */
  readonly slowFrameMs?: number;
  /** A tick of the loop that comes later than this is late. Default 60, three frames. */
  readonly lateLoopMs?: number;
  /** At most one warning of each kind in this time. Default 10 000. */
  readonly warnEveryMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Receives the warnings: a fixed sentence and what was measured. */
export type Warn = (sentence: string, fields: Record<string, number>) => void;

/**
 * Handling a frame is synchronous, so one watch serves every call: `began()` before, `ended()` after.
 * The first slow frame is told at once; those that follow within `warnEveryMs` are counted and told
 * with the next one.
 */
export class FrameWatch {
  /** Frames that took longer than `slowFrameMs`, since the start. */
  slowFrames = 0;
  /** Ticks of the loop that came later than `lateLoopMs`, since the start. */
  lateTicks = 0;

  // Plain fields, not #private: they are touched for each frame.
  private beganMs = 0;
  private readonly slowFrameMs: number;
  private readonly lateLoopMs: number;
  private readonly now: () => number;
  readonly #slow: Throttle;
  readonly #late: Throttle;

  /** @throws {RangeError} If a limit is not a positive number. */
  constructor(warn: Warn, options: FrameWatchOptions = {}) {
    const { slowFrameMs = 5, lateLoopMs = 60, warnEveryMs = 10_000 } = options;
    for (const [name, value] of Object.entries({ slowFrameMs, lateLoopMs, warnEveryMs })) {
      if (!(value > 0)) throw new RangeError(`Cannot watch frames: ${name} is ${value}, needs > 0`);
    }
    this.slowFrameMs = slowFrameMs;
    this.lateLoopMs = lateLoopMs;
    this.now = options.now ?? monotonicMs;
    this.#slow = new Throttle(
      warnEveryMs,
      (worstMs, count) =>
        warn("Handling a frame took too long", { worstMs, count, limitMs: slowFrameMs }),
    );
    this.#late = new Throttle(
      warnEveryMs,
      (worstMs, count) => warn("The event loop is late", { worstMs, count, limitMs: lateLoopMs }),
    );
  }

  /**
   * Just before a frame is handled. Hot.
   *
   * @param nowMs The time, if the caller has read the same clock already: a look at it is most of
   *   what watching costs (45 ns on Bun 1.4.5, 95 ns on Deno 2.9.6).
   */
  began(nowMs: number = this.now()): void {
    this.beganMs = nowMs;
  }

  /** Just after. Hot: a look at the clock and one comparison, unless it was slow. */
  ended(): void {
    const nowMs = this.now();
    if (nowMs - this.beganMs > this.slowFrameMs) this.#frameWasSlow(nowMs - this.beganMs, nowMs);
  }

  /** One tick of the loop, `delayMs` later than it was due. */
  ticked(delayMs: number, nowMs: number): void {
    if (delayMs <= this.lateLoopMs) return;
    this.lateTicks++;
    this.#late.add(delayMs, nowMs);
  }

  #frameWasSlow(tookMs: number, nowMs: number): void {
    this.slowFrames++;
    this.#slow.add(tookMs, nowMs);
  }
}

function monotonicMs(): number {
  return performance.now();
}

/** Lets one report through in a while, with the worst value and the number that it stands for. */
class Throttle {
  #nextMs = -Infinity;
  #worstMs = 0;
  #count = 0;
  readonly #everyMs: number;
  readonly #report: (worstMs: number, count: number) => void;

  constructor(everyMs: number, report: (worstMs: number, count: number) => void) {
    this.#everyMs = everyMs;
    this.#report = report;
  }

  add(valueMs: number, nowMs: number): void {
    this.#count++;
    if (valueMs > this.#worstMs) this.#worstMs = valueMs;
    if (nowMs < this.#nextMs) return;
    const worstMs = Math.round(this.#worstMs * 10) / 10;
    const count = this.#count;
    this.#nextMs = nowMs + this.#everyMs;
    this.#worstMs = 0;
    this.#count = 0;
    this.#report(worstMs, count);
  }
}
