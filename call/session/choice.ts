/**
 * Which brain a call tries next, and when: in the order of the settings, each loss begins with the
 * first again, and pauses grow once all have been tried. A brain whose refusal no second try changes
 * is not asked again by this call.
 *
 * @module
 */

import type { Brain } from "../../brain/brain.ts";
import type { Circuit } from "../../brain/circuit.ts";

/** A brain and what all calls know of it. */
export interface Upstream {
  readonly brain: Brain;
  readonly circuit: Circuit;
}

/** The first pause, which doubles from round to round up to the longest; half of each is chance. */
const PAUSE_MS = 250;
const MAX_PAUSE_MS = 2000;
/** Calls that lost their links together do not come back in the same millisecond. */
const SPREAD_MS = 60;
/** A session that stood for less is one more failure, and no new beginning. */
const STOOD_MS = 10_000;
/** How soon we look again whether a brain may be dialled. */
const LOOK_AGAIN_MS = 300;

export class BrainChoice {
  readonly #upstreams: readonly Upstream[];
  readonly #random: () => number;
  /** Those that will never take this call. */
  readonly #excluded = new Set<Upstream>();
  #at = 0;
  #round = 0;
  #present: Upstream | null = null;
  #stoodAtMs = -Infinity;

  constructor(upstreams: readonly Upstream[], random: () => number = Math.random) {
    this.#upstreams = upstreams;
    this.#random = random;
  }

  /**
   * The brain to dial now.
   *
   * @param patient Whether the call would rather wait than give up on brains that nobody reaches.
   * @returns Null when none is left; a number of ms after which to ask again.
   */
  next(nowMs: number, patient: boolean): Brain | number | null {
    const left = this.#upstreams.filter((upstream) => !this.#excluded.has(upstream));
    const isReached = left.some(({ circuit }) => !circuit.isOpen(nowMs));
    for (let n = 0; n < this.#upstreams.length; n++) {
      const upstream = this.#upstreams[(this.#at + n) % this.#upstreams.length]!;
      if (this.#excluded.has(upstream)) continue;
      const isOpen = upstream.circuit.isOpen(nowMs);
      if (isOpen && !upstream.circuit.allows(nowMs)) continue;
      // No caller waits to find out whether it is back, while another brain answers.
      if (isOpen && isReached) {
        probe(upstream);
        continue;
      }
      this.#at = (this.#at + n) % this.#upstreams.length;
      this.#present = upstream;
      return upstream.brain;
    }
    return left.length > 0 && patient ? LOOK_AGAIN_MS : null;
  }

  /** Whether another brain may take this call. */
  get hasOther(): boolean {
    return this.#upstreams.some((upstream) =>
      upstream !== this.#present && !this.#excluded.has(upstream)
    );
  }

  /**
   * The attempt failed.
   *
   * @param forGood No second try changes that.
   * @returns How long to wait before the next one, in ms.
   */
  failed(forGood: boolean, nowMs: number): number {
    this.#present?.circuit.failed(nowMs);
    return this.#nextPauseMs(forGood);
  }

  stood(nowMs: number): void {
    this.#present?.circuit.stood();
    this.#stoodAtMs = nowMs;
  }

  /** The session that stood is gone. @returns How long to wait before the next attempt, in ms. */
  lost(forGood: boolean, nowMs: number): number {
    if (nowMs - this.#stoodAtMs < STOOD_MS || forGood) return this.#nextPauseMs(forGood);
    this.#at = 0;
    this.#round = 0;
    return this.#random() * SPREAD_MS;
  }

  #nextPauseMs(forGood: boolean): number {
    if (forGood && this.#present) this.#excluded.add(this.#present);
    this.#at++;
    if (this.#at < this.#upstreams.length) return 0;
    this.#at = 0;
    const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** this.#round++);
    return pauseMs * (0.5 + this.#random() / 2);
  }
}

/** Finds out, for nobody in particular, whether a brain is back. */
function probe({ brain, circuit }: Upstream): void {
  let isBack = false;
  const link = brain.connect({
    message() {
      isBack = true;
      circuit.stood();
      link.close();
    },
    closed() {
      if (!isBack) circuit.failed(performance.now());
    },
  });
}
