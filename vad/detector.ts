/**
 * One hop in, one judgement out: how high the level stands above the noise floor, over three
 * bands, against a threshold between that floor and the peak of speech.
 *
 * @module
 */

import { BackgroundWatch } from "./background.ts";
import { BAND_COUNT, Bands } from "./bands.ts";
import { isDtmf } from "./dtmf.ts";
import { FloorTracker } from "./floor.ts";
import type { VadOptions } from "./options.ts";
import { SteadyWatch } from "./steady.ts";

/** Milliseconds between two judgements. */
export const HOP_MS = 10;
/** What one hop was taken for. */
export const SILENCE = 0;
export const AMBIGUOUS = 1;
export const SPEECH = 2;
export type HopVerdict = typeof SILENCE | typeof AMBIGUOUS | typeof SPEECH;

/** Quieter than this is no signal: digital silence, a muted line. It teaches the floor nothing. */
const NO_SIGNAL_DBFS = -85;
/** No band counts as quieter than this. µ-law's smallest step alone is about −72 dBFS. */
const LOWEST_DBFS = -75;
/** Assumed until something is heard: a quiet line, and speech 20 dB above it. */
const START_FLOOR_DBFS = -60;
const START_RANGE_DB = 20;
/** In a band where speech hardly stands out, the range is still taken for this much. */
const MIN_RANGE_DB = 3;
/** A call that starts livelier than this (dB in some band) starts with speech, not with noise. */
const LIVELY_START_DB = 7;
/** The first hops hold the filters' own start; the floor does not learn from them. */
const SETTLING_HOPS = 3;
/** Below this share of the threshold a hop may teach the mean of the noise. */
const LEARN_BELOW_SHARE = 0.8;
/** How much of the distance to a louder hop the speech peak goes, a hop. */
const PEAK_STEP = 0.2;
/** Above this range speech stands clear and needs no longer hold; 20 dB lower it needs all. */
const CLEAR_RANGE_DB = 30;
const DROWNED_RANGE_DB = 10;
/** What background that is not steady is taken to deviate by, until it is measured. */
const RESTLESS_DEVIATION_DB = 3;
/** A tone is steady: only hops this close to the one before are asked whether they are DTMF. */
const TONE_STEP_RATIO = 10 ** (1.5 / 10);

const DB_PER_NEPER = 10 / Math.LN10;
const FULL_SCALE_DB = 20 * Math.log10(32768);

/** The judging half of the detector. */
export class Detector {
  /** Level of all bands together over the last 30 ms, dBFS. */
  levelDbfs = LOWEST_DBFS;
  /** Height of that level: dB above the floor, bands weighted by their range. */
  heightDb = 0;
  /** The height that makes a hop speech. */
  thresholdDb = 0;
  /** Height of the speech peak. */
  rangeDb = START_RANGE_DB;
  /** How long silence is held off after a speech hop, given how clear speech stands. */
  holdMs = 0;
  readonly floors: FloorTracker[] = [];
  readonly peaksDbfs = new Float64Array(BAND_COUNT);

  readonly #options: VadOptions;
  readonly #bands = new Bands();
  readonly #background = new BackgroundWatch();
  readonly #steady: SteadyWatch;
  readonly #startHops: number;
  readonly #levels = new Float64Array(BAND_COUNT);
  // The last three hop powers of each band; the newest overwrites the oldest.
  readonly #recent = new Float64Array(BAND_COUNT * 3);
  #slot = 0;
  #heardHops = 0;
  #lastLow = 0;
  #lastMid = 0;

  constructor(options: VadOptions) {
    this.#options = options;
    for (let b = 0; b < BAND_COUNT; b++) {
      this.floors.push(new FloorTracker(options.floorWindowMs / HOP_MS, START_FLOOR_DBFS));
    }
    const windowHops = Math.round(options.steadyWindowMs / HOP_MS);
    this.#steady = new SteadyWatch(windowHops, options.steadyRangeDb);
    // The start is judged on the same window, so it can be no longer.
    this.#startHops = Math.min(
      Math.round(options.startLearnMs / HOP_MS),
      windowHops + SETTLING_HOPS,
    );
    this.reset();
  }

  /**
   * Judges a hop of 8 kHz samples.
   *
   * @param speaking Whether a turn is going on: what is ambiguous then is speech dying away, not
   * noise, and teaches the floor nothing (it cut 9 % of turns short instead of 2 % when it did).
   */
  judge(hop: Float64Array, speaking: boolean): HopVerdict {
    this.#bands.measure(hop);
    if (!this.#smooth()) {
      this.heightDb = 0;
      return SILENCE;
    }
    this.#heardHops++;
    if (this.#heardHops <= this.#startHops) return this.#judgeStart();

    const verdict = this.#compare(speaking);
    if (this.#looksLikeTone() && verdict !== SILENCE && isDtmf(hop)) {
      this.heightDb = 0;
      return SILENCE;
    }
    const isNoise = speaking
      ? verdict === SILENCE
      : this.heightDb < LEARN_BELOW_SHARE * this.thresholdDb;
    this.#learn(verdict === SPEECH, isNoise);
    if (this.#background.update(this.#levels, this.floors, speaking)) this.#adoptAsBackground();
    return verdict;
  }

  /** A hop in which nothing came: silence, and nothing is learned from it. */
  absent(): HopVerdict {
    this.#recent.fill(0);
    this.levelDbfs = LOWEST_DBFS;
    this.heightDb = 0;
    return SILENCE;
  }

  /** Levels of the bands over three hops; false when there is no signal at all. */
  #smooth(): boolean {
    const recent = this.#recent;
    let total = 0;
    for (let b = 0; b < BAND_COUNT; b++) {
      const at = b * 3;
      recent[at + this.#slot] = this.#bands.power[b]!;
      const power = declicked(recent[at]!, recent[at + 1]!, recent[at + 2]!);
      total += power;
      const level = toDbfs(power);
      this.#levels[b] = level > LOWEST_DBFS ? level : LOWEST_DBFS;
    }
    this.#slot = this.#slot === 2 ? 0 : this.#slot + 1;
    const level = toDbfs(total);
    this.levelDbfs = level > LOWEST_DBFS ? level : LOWEST_DBFS;
    return level >= NO_SIGNAL_DBFS;
  }

  /**
   * The first tenth of a second of signal: nothing is decided yet, and unless it is lively the
   * floor is what was heard. A line that is noisy from the start is then no false alarm.
   */
  #judgeStart(): HopVerdict {
    this.heightDb = 0;
    if (this.#heardHops > SETTLING_HOPS) this.#steady.update(this.#levels);
    for (let b = 0; b < BAND_COUNT; b++) this.floors[b]!.update(this.#levels[b]!, false);
    if (this.#heardHops === this.#startHops && this.#steady.withinRange(LIVELY_START_DB)) {
      this.#jumpFloors();
    }
    return SILENCE;
  }

  /** Where the level stands between floor and peak, and what that makes of the hop. */
  #compare(speaking: boolean): HopVerdict {
    const o = this.#options;
    let weights = 0, height = 0, range = 0, deviation = 0;
    for (let b = 0; b < BAND_COUNT; b++) {
      const floor = this.floors[b]!;
      const own = this.peaksDbfs[b]! - floor.floorDbfs;
      // A band counts by its range: where hum or hiss drowns speech, it has little say.
      const weight = own > MIN_RANGE_DB ? own : MIN_RANGE_DB;
      const above = this.#levels[b]! - floor.floorDbfs;
      weights += weight;
      if (above > 0) height += weight * above;
      range += weight * weight;
      deviation += weight * floor.deviationDb;
    }
    height /= weights;
    range /= weights;
    deviation /= weights;

    let threshold = o.noiseDeviations * deviation;
    threshold = Math.max(o.steadyShare * range, Math.min(o.restlessShare * range, threshold));
    threshold = Math.max(o.minThresholdDb, Math.min(o.maxThresholdDb, threshold));
    // Over music one must speak up: what it does by itself is no speech.
    if (this.#background.active) threshold = o.maxThresholdDb;
    const drowned = (CLEAR_RANGE_DB - range) / (CLEAR_RANGE_DB - DROWNED_RANGE_DB);
    this.heightDb = height;
    this.rangeDb = range;
    this.thresholdDb = threshold;
    // Whole ms: V8 boxes a fraction anew each time it is handed on (16 bytes a hop).
    this.holdMs = Math.round(o.holdMs + o.noisyHoldMs * Math.max(0, Math.min(1, drowned)));
    if (height < o.releaseShare * threshold) return SILENCE;
    if (height < threshold) return AMBIGUOUS;
    return speaking || this.levelDbfs >= o.faintestSpeechDbfs ? SPEECH : AMBIGUOUS;
  }

  #learn(isSpeech: boolean, isNoise: boolean): void {
    const levels = this.#levels;
    const decayDb = (this.#options.peakDecayDbPerS * HOP_MS) / 1000;
    for (let b = 0; b < BAND_COUNT; b++) {
      const floor = this.floors[b]!;
      const level = levels[b]!;
      floor.update(level, isNoise);
      const peak = this.peaksDbfs[b]!;
      this.peaksDbfs[b] = isSpeech && level > peak
        ? peak + PEAK_STEP * (level - peak)
        : Math.max(floor.floorDbfs + MIN_RANGE_DB, peak - decayDb);
    }
    if (this.#steady.update(levels)) this.#jumpFloors();
  }

  /**
   * The floor goes to the mean of the last moments, the noise is known to be restless, and what
   * was taken for the peak of speech was not: it starts again from the first assumption.
   */
  #adoptAsBackground(): void {
    this.#steady.withinRange(Infinity);
    this.#jumpFloors();
    for (let b = 0; b < BAND_COUNT; b++) {
      this.floors[b]!.deviationDb = RESTLESS_DEVIATION_DB;
      this.peaksDbfs[b] = this.floors[b]!.floorDbfs + START_RANGE_DB;
    }
  }

  #jumpFloors(): void {
    for (let b = 0; b < BAND_COUNT; b++) this.floors[b]!.jumpTo(this.#steady.meanDbfs, b);
  }

  /** Whether the low and mid bands hold still from hop to hop, as two tones do. */
  #looksLikeTone(): boolean {
    const low = this.#bands.power[0]!;
    const mid = this.#bands.power[1]!;
    const still = low < this.#lastLow * TONE_STEP_RATIO && this.#lastLow < low * TONE_STEP_RATIO &&
      mid < this.#lastMid * TONE_STEP_RATIO && this.#lastMid < mid * TONE_STEP_RATIO;
    this.#lastLow = low;
    this.#lastMid = mid;
    return still;
  }

  /** Where the floor lies for all bands together, dBFS. */
  get floorDbfs(): number {
    let power = 0;
    for (let b = 0; b < BAND_COUNT; b++) power += 10 ** (this.floors[b]!.floorDbfs / 10);
    return 10 * Math.log10(power);
  }

  /** Back to the first hop of a call. */
  reset(): void {
    this.#bands.reset();
    this.#steady.reset();
    this.#recent.fill(0);
    this.#slot =
      this.#heardHops =
      this.#lastLow =
      this.#lastMid =
        0;
    for (const floor of this.floors) floor.reset();
    this.#background.reset();
    this.peaksDbfs.fill(START_FLOOR_DBFS + START_RANGE_DB);
    this.levelDbfs = LOWEST_DBFS;
    this.heightDb = 0;
    this.rangeDb = START_RANGE_DB;
    this.thresholdDb = this.#options.steadyShare * START_RANGE_DB;
    this.holdMs = this.#options.holdMs;
  }
}

/** Mean square in sample units to dBFS; nothing at all is −210. */
function toDbfs(power: number): number {
  return DB_PER_NEPER * Math.log(power + 1e-12) - FULL_SCALE_DB;
}

/** Mean of three powers in which the largest counts as at most four times the second: no clicks. */
function declicked(a: number, b: number, c: number): number {
  const largest = a > b ? (a > c ? a : c) : (b > c ? b : c);
  const smallest = a < b ? (a < c ? a : c) : (b < c ? b : c);
  const middle = a > b ? (b > c ? b : (a < c ? a : c)) : (a > c ? a : (b < c ? b : c));
  return ((largest < 4 * middle ? largest : 4 * middle) + middle + smallest) / 3;
}
