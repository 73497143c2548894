/**
 * Where the caller's ear is: a clock that runs with the wall while audio plays, held to the truth by
 * the marks that come back.
 *
 * A mark proves that all before it was played, but it arrives late: by the round trip, which the
 * echo of a mark sent into an empty buffer measures, and by whatever the phone buffers. One late
 * mark is jitter, and so are several that are late by this and by that; when the last few are late
 * by much the same, the phone itself plays later than we think, and the clock is set back by the
 * least of it. A mark is never early, so one that is less late than that takes it back at once.
 *
 * @module
 */

/** Marks that must agree before the clock is set back. */
const WITNESSES = 4;
/**
 * ... to within this. Marks that were late at random by up to 300 ms agreed by chance without it:
 * the 95th percentile of the truncation error was 46 ms, and is 5 ms with it (`bench/turns`).
 */
const AGREE_MS = 40;

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
    const lateMs = wallMs - positionMs - this.roundTripMs;
    this.#lateness[this.#witnesses++ % WITNESSES] = lateMs;
    this.#lagMs = Math.max(0, Math.min(this.#lagMs, lateMs));
    if (this.#witnesses < WITNESSES) return;
    let least = lateMs, most = lateMs;
    for (let i = 0; i < WITNESSES; i++) {
      least = Math.min(least, this.#lateness[i]!);
      most = Math.max(most, this.#lateness[i]!);
    }
    if (most - least <= AGREE_MS) this.#lagMs = Math.max(0, least);
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
