/**
 * Where the caller's ear is: a clock that runs with the wall while audio plays, held to the truth by
 * the marks that come back.
 *
 * A mark proves that all before it was played, but it arrives late: by the round trip, which the
 * echo of a mark sent into an empty buffer measures, and by whatever the phone buffers. One late
 * mark is weather; when all of the last few are late, the phone itself plays later than we think,
 * and the clock is set back by the least of it.
 *
 * @module
 */

/** Marks that must agree before the clock is set back. */
const WITNESSES = 4;

export class PlayoutClock {
  /** Round trip to the leg and back, from the mark sent at the start; 0 until it is known. */
  roundTripMs = 0;
  #playing = false;
  /** Position that was reached, or is said to have been reached, at `#anchorAtMs`. */
  #anchorMs = 0;
  #anchorAtMs = 0;
  #provenMs = 0;
  #sentMs = 0;
  #lagMs = 0;
  readonly #lateness = new Float64Array(WITNESSES);
  #witnesses = 0;

  /** Audio up to `sentMs` is on its way; call it after each send. */
  sent(sentMs: number, nowMs: number): void {
    if (!this.#playing || this.heardMs(nowMs) >= this.#sentMs) {
      // The phone had run dry: what is sent now is played now.
      this.#anchorMs = this.#sentMs;
      this.#anchorAtMs = nowMs;
      this.#lagMs = 0;
      this.#witnesses = 0;
      this.#playing = true;
    }
    this.#sentMs = sentMs;
  }

  /** A mark behind `positionMs` came back. */
  proven(positionMs: number, nowMs: number): void {
    if (positionMs > this.#provenMs) this.#provenMs = positionMs;
    if (!this.#playing) return;
    const wallMs = this.#anchorMs + (nowMs - this.#anchorAtMs);
    this.#lateness[this.#witnesses++ % WITNESSES] = wallMs - positionMs - this.roundTripMs;
    if (this.#witnesses < WITNESSES) return;
    let least = this.#lateness[0]!;
    for (let i = 1; i < WITNESSES; i++) least = Math.min(least, this.#lateness[i]!);
    this.#lagMs = Math.max(0, least);
  }

  /** How much the caller has heard, in ms of the stream since the last `restart`. */
  heardMs(nowMs: number): number {
    if (!this.#playing) return this.#anchorMs;
    const wallMs = this.#anchorMs + (nowMs - this.#anchorAtMs) - this.#lagMs;
    return Math.min(this.#sentMs, Math.max(this.#provenMs, wallMs, 0));
  }

  /** Playing stopped at `positionMs`, and what is sent next goes on from there. */
  restart(positionMs: number): void {
    this.#playing = false;
    this.#anchorMs = positionMs;
    this.#provenMs = positionMs;
    this.#sentMs = positionMs;
    this.#lagMs = 0;
    this.#witnesses = 0;
  }
}
