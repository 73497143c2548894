/**
 * One clock for many phones: each phone has a frame due every 20 ms, and a single timer serves
 * them all. Due times are computed from the start of each phone, so they never drift; how late the
 * timer really ran is recorded, because a load generator that fell behind measures itself.
 *
 * @module
 */

/** Something that has work due at a steady pace. */
export interface Ticking {
  /** When the next work is due, in the ticker's ms. */
  nextDueMs: number;
  /** Does the work that was due at `nextDueMs` and moves `nextDueMs` forward. */
  tick(nowMs: number): void;
}

/** How late work was done, in ms. */
export interface Lateness {
  readonly ticks: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** Fine enough to tell a timer's own 1 ms steps from a stall. */
const BUCKET_MS = 0.1;
const BUCKETS = 20_000;
/** Timers have whole milliseconds: doing what is due in less than this beats being late by more. */
const EARLY_MS = 0.5;

/** Runs `tick` of everything added, at its due times. Stops its timer when nothing is left. */
export class Ticker {
  readonly #now: () => number;
  readonly #members: Ticking[] = [];
  readonly #counts = new Uint32Array(BUCKETS);
  #ticks = 0;
  #worstMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #wake = (): void => this.#run();

  /** @param now The clock, in ms; `performance.now` unless a test brings its own. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(member: Ticking): void {
    if (this.#members.includes(member)) return;
    this.#members.push(member);
    this.#arm();
  }

  /** Idempotent; may be called from within `tick`. */
  remove(member: Ticking): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    // The order of members does not matter, so the last one takes the hole.
    const last = this.#members.pop()!;
    if (last !== member) this.#members[at] = last;
    if (this.#members.length === 0) this.#disarm();
  }

  /** Lateness of all work since the start or the last `resetLateness`. */
  lateness(): Lateness {
    return {
      ticks: this.#ticks,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      worstMs: this.#worstMs,
    };
  }

  resetLateness(): void {
    this.#counts.fill(0);
    this.#ticks = 0;
    this.#worstMs = 0;
  }

  /** Serves what is due, then sleeps until the next due time. */
  #run(): void {
    this.#timer = undefined;
    const members = this.#members;
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i];
      if (member === undefined) continue;
      // After a stall a phone sends what it missed, as a network that was held up would.
      while (member === members[i]) {
        const nowMs = this.#now();
        const lateMs = nowMs - member.nextDueMs;
        if (lateMs < -EARLY_MS) break;
        this.#record(lateMs);
        const dueMs = member.nextDueMs;
        member.tick(nowMs);
        if (member.nextDueMs <= dueMs) member.nextDueMs = dueMs + 20;
      }
    }
    this.#arm();
  }

  #arm(): void {
    this.#disarm();
    const members = this.#members;
    if (members.length === 0) return;
    let nextMs = Infinity;
    for (let i = 0; i < members.length; i++) {
      if (members[i]!.nextDueMs < nextMs) nextMs = members[i]!.nextDueMs;
    }
    this.#timer = setTimeout(this.#wake, Math.max(0, Math.round(nextMs - this.#now())));
  }

  #disarm(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #record(lateMs: number): void {
    const late = Math.max(0, lateMs);
    this.#ticks++;
    if (late > this.#worstMs) this.#worstMs = late;
    this.#counts[Math.min(BUCKETS - 1, Math.floor(late / BUCKET_MS))]!++;
  }

  #quantile(q: number): number {
    if (this.#ticks === 0) return 0;
    const wanted = Math.ceil(this.#ticks * q);
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#counts[i]!;
      if (seen >= wanted) return Math.min(this.#worstMs, (i + 1) * BUCKET_MS);
    }
    return this.#worstMs;
  }
}

/** The ticker that phones share unless told otherwise. */
export const sharedTicker: Ticker = new Ticker();
