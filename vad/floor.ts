/**
 * Tracks the noise floor of one band and how restless the noise is: the lowest level of the last
 * second and a half bounds it, the mean of the hops that were not speech refines it.
 *
 * @module
 */

const SUB_WINDOWS = 8;
/** Smoothing before the minimum is taken, a hop: about 30 ms on top of the level's own 30. */
const MINIMUM_STEP = 0.3;
/** How much of the distance to a noise hop the floor goes, a hop: a time constant of 160 ms. */
const MEAN_STEP = 0.06;
/** The same for the deviation. */
const DEVIATION_STEP = 0.03;
/** The mean of restless noise (voices) lies at most this far above its lowest moment. */
const MAX_ABOVE_MINIMUM_DB = 12;
/** One outlier must not teach the deviation more than this. */
const MAX_DEVIATION_DB = 12;

/** The floor of one band. All levels are dBFS; one call a 10 ms hop. */
export class FloorTracker {
  /** The noise floor. */
  floorDbfs = 0;
  /** Mean distance of noise hops from the floor. */
  deviationDb = 1;
  readonly #startDbfs: number;
  readonly #subWindowHops: number;
  readonly #minima = new Float64Array(SUB_WINDOWS);
  #at = 0;
  #hops = 0;
  #smoothDbfs = 0;
  // The lowest of the finished sub-windows, and of the one now running.
  #pastDbfs = 0;
  #currentDbfs = Infinity;

  constructor(windowHops: number, startDbfs: number) {
    this.#subWindowHops = Math.max(1, Math.round(windowHops / SUB_WINDOWS));
    this.#startDbfs = startDbfs;
    this.reset();
  }

  /**
   * @param levelDbfs Smoothed level of the band.
   * @param isNoise The hop was clearly not speech: the mean may learn from it.
   */
  update(levelDbfs: number, isNoise: boolean): void {
    this.#smoothDbfs += MINIMUM_STEP * (levelDbfs - this.#smoothDbfs);
    if (this.#smoothDbfs < this.#currentDbfs) this.#currentDbfs = this.#smoothDbfs;
    this.#hops++;
    if (this.#hops >= this.#subWindowHops) this.#closeSubWindow();
    const lowest = this.#currentDbfs < this.#pastDbfs ? this.#currentDbfs : this.#pastDbfs;
    if (isNoise) {
      this.floorDbfs += MEAN_STEP * (levelDbfs - this.floorDbfs);
      const distance = Math.min(MAX_DEVIATION_DB, Math.abs(levelDbfs - this.floorDbfs));
      this.deviationDb += DEVIATION_STEP * (distance - this.deviationDb);
    }
    if (this.floorDbfs < lowest) this.floorDbfs = lowest;
    const highest = lowest + MAX_ABOVE_MINIMUM_DB;
    if (this.floorDbfs > highest) this.floorDbfs = highest;
  }

  #closeSubWindow(): void {
    this.#hops = 0;
    this.#minima[this.#at] = this.#currentDbfs;
    this.#at = (this.#at + 1) % SUB_WINDOWS;
    this.#currentDbfs = Infinity;
    let past = Infinity;
    for (let i = 0; i < SUB_WINDOWS; i++) if (this.#minima[i]! < past) past = this.#minima[i]!;
    this.#pastDbfs = past;
  }

  /**
   * Noise that hardly varies: the floor is there at once, whatever the window remembers.
   *
   * The level comes in its array, and no builtin fills the window: handed over as a number, V8
   * boxed it (19 bytes a frame in steady noise).
   */
  jumpTo(levelsDbfs: Float64Array, band: number): void {
    const level = levelsDbfs[band]!;
    for (let i = 0; i < SUB_WINDOWS; i++) this.#minima[i] = level;
    this.#pastDbfs = level;
    this.#currentDbfs = level;
    this.#smoothDbfs = level;
    this.floorDbfs = level;
  }

  /** Back to the floor assumed before anything is heard. */
  reset(): void {
    this.jumpTo(Float64Array.of(this.#startDbfs), 0);
    this.#currentDbfs = Infinity;
    this.#at = 0;
    this.#hops = 0;
    this.deviationDb = 1;
  }
}
