/**
 * Whether any brain can be reached, for `/ready`. It looks only when it is asked, and not often; the
 * answer is what the last looks found, so that nobody waits for it.
 *
 * @module
 */

/** The least time between two looks. */
const PROBE_EVERY_MS = 5000;
const PROBE_TIMEOUT_MS = 2000;
/** Looks in a row that must fail: one lost packet takes no instance out. */
const PROBE_FAILURES = 2;

/** Says why an endpoint can't be reached, or null; `brain/openai/reach.ts`. */
export type Reach = (url: string, timeoutMs: number) => Promise<string | null>;

export class BrainProbe {
  readonly #urls: readonly string[];
  readonly #reach: Reach;
  readonly #nowMs: () => number;
  #lookedAtMs = -Infinity;
  #failures = 0;
  #why: string | null = null;

  /** @param urls The endpoints that calls try, in order. One that answers is enough; none is well. */
  constructor(urls: readonly string[], reach: Reach, nowMs = () => performance.now()) {
    this.#urls = urls;
    this.#reach = reach;
    this.#nowMs = nowMs;
  }

  /** Why none of them could be reached when we last looked, or null. */
  get unreachable(): string | null {
    return this.#failures >= PROBE_FAILURES ? this.#why : null;
  }

  /** Looks again if the last time is long enough ago, and doesn't wait for what comes of it. */
  look(): void {
    const nowMs = this.#nowMs();
    if (this.#urls.length === 0 || nowMs - this.#lookedAtMs < PROBE_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    void Promise.all(this.#urls.map((url) => this.#reach(url, PROBE_TIMEOUT_MS))).then((found) => {
      const reached = found.includes(null);
      this.#failures = reached ? 0 : this.#failures + 1;
      this.#why = reached ? null : found[0]!;
    });
  }
}
