/**
 * How steadily a server feeds a phone. A message may come early, because the phone queues; one that
 * comes later than the audio before it lasts is what a caller hears as a gap, or what a playout
 * buffer has to cover.
 *
 * @module
 */

/** Audio that comes this long after the last of it was played begins a new answer. */
const NEW_ANSWER_MS = 400;

/** Follows one stream. */
export class Pace {
  #anchorMs = -Infinity;
  #audioMs = 0;

  /**
   * Takes the next message.
   *
   * @returns How far it is behind a steady pace that began with the first message of the answer,
   *   ms, 0 when it is early; null for that first message.
   */
  next(atMs: number, audioMs: number): number | null {
    const dueMs = this.#anchorMs + this.#audioMs;
    const lateMs = atMs - dueMs;
    if (!(lateMs < NEW_ANSWER_MS)) {
      this.#anchorMs = atMs;
      this.#audioMs = audioMs;
      return null;
    }
    this.#audioMs += audioMs;
    return Math.max(0, lateMs);
  }

  /** A `clear` empties the queue: what follows is another answer. */
  reset(): void {
    this.#anchorMs = -Infinity;
    this.#audioMs = 0;
  }
}
