/**
 * How far a long run has come, a line now and then on standard error.
 *
 * @module
 */

import process from "node:process";

const EVERY_MS = 10_000;

export class Progress {
  readonly #total: number;
  readonly #startedMs = performance.now();
  readonly #rssBytes: number[] = [];
  #done = 0;
  #toldMs = this.#startedMs;

  constructor(total: number) {
    this.#total = total;
  }

  /** @param child Whose memory `rssBytes` is. */
  add(count: number, child: number, rssBytes: number): void {
    this.#done += count;
    this.#rssBytes[child] = rssBytes;
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < EVERY_MS) return;
    this.#toldMs = nowMs;
    const perSecond = this.#done / this.seconds;
    const leftMinutes = (this.#total - this.#done) / perSecond / 60;
    const memory = this.#rssBytes.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(", ");
    process.stderr.write(
      `${this.#done} of ${this.#total} conversations, ${perSecond.toFixed(1)} a second, ` +
        `${leftMinutes.toFixed(1)} minutes left, ${memory}\n`,
    );
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }
}
