/**
 * Notices speech that is none: a sound that began over a quiet line and leaves no dips as talk
 * does. Music on hold, an engine. The detector then takes it for background.
 *
 * Talk closes its lips: within a second and a half it dips towards the line's own noise, so the
 * floor stays where it was. Music lifts the floor up to just under its own peaks.
 *
 * @module
 */

import { BAND_COUNT } from "./bands.ts";
import type { FloorTracker } from "./floor.ts";

/** How far the floor must have risen since speech began. Babble alone wanders by 10–15 dB. */
const RISEN_FLOOR_DB = 18;
/** And how little the peaks of late may stand above it. */
const DIPLESS_RANGE_DB = 12;
/** "Of late": a peak fades from this memory by 8 dB a second. */
const PEAK_DECAY_DB = 0.08;
/** Not asked before this much speech: a second. */
const MIN_SPOKEN_HOPS = 100;
/** The floor at rest counts only after 300 ms without speech; a call that starts loud has none. */
const MIN_RESTED_HOPS = 30;

/** Watches one stream. All counts are 10 ms hops. */
export class BackgroundWatch {
  /** Such a sound is going on. */
  active = false;
  #restingDbfs = Infinity;
  #peakDbfs = -Infinity;
  #spokenHops = 0;
  #restedHops = 0;

  /**
   * @param levelsDbfs Levels of the bands.
   * @param speaking Whether a turn is going on.
   * @returns True when the speech now going on turns out to be background.
   */
  update(
    levelsDbfs: Float64Array,
    floors: readonly FloorTracker[],
    speaking: boolean,
  ): boolean {
    let floor = 0, level = 0;
    for (let b = 0; b < BAND_COUNT; b++) {
      floor += floors[b]!.floorDbfs / BAND_COUNT;
      level += levelsDbfs[b]! / BAND_COUNT;
    }
    this.#peakDbfs = Math.max(level, this.#peakDbfs - PEAK_DECAY_DB);
    const risen = floor > this.#restingDbfs + RISEN_FLOOR_DB;
    if (!risen) this.active = false;
    if (!speaking) {
      this.#spokenHops = 0;
      this.#restedHops++;
      if (this.#restedHops >= MIN_RESTED_HOPS && !this.active) this.#restingDbfs = floor;
      return false;
    }
    this.#restedHops = 0;
    this.#spokenHops++;
    if (!risen || this.#spokenHops < MIN_SPOKEN_HOPS) return false;
    if (this.#peakDbfs >= floor + DIPLESS_RANGE_DB) return false;
    this.active = true;
    this.#spokenHops = 0;
    return true;
  }

  /** Forgets everything heard. */
  reset(): void {
    this.active = false;
    this.#restingDbfs = Infinity;
    this.#peakDbfs = -Infinity;
    this.#spokenHops = 0;
    this.#restedHops = 0;
  }
}
