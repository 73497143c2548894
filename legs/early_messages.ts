/**
 * What a socket brings while its call is still being begun: it waits here, so that no word is lost.
 *
 * @module
 */

/** 10 s of frames, which is far longer than any call takes to begin; the oldest goes first. */
const MAX_WAITING = 500;

export class EarlyMessages<Message> {
  #waiting: Message[] | null = null;

  /** From now on messages wait. */
  hold(): void {
    this.#waiting = [];
  }

  /** @returns Whether the message waits now, for `release`. */
  keep(message: Message): boolean {
    if (!this.#waiting) return false;
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    return true;
  }

  /** Hands on what waits, in order; from now on nothing does. */
  release(take: (message: Message) => void): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const message of waiting) take(message);
  }
}
