/**
 * The settings of the detector: names, units, defaults, and what is refused.
 *
 * @module
 */

/** The rates the detector takes; above 8 kHz it first decimates to 8 kHz. */
export type VadSampleRateHz = 8000 | 16000 | 24000 | 48000;

/**
 * Every setting of the detector. Levels are dBFS, 0 dBFS a full-scale square wave (0 dBov).
 * "Height" is the level above the noise floor, "range" the height of the speech peak.
 */
export interface VadOptions {
  /** Rate of the samples given to `push`. Default 8000. */
  readonly sampleRateHz: VadSampleRateHz;
  /** Speech this long starts a turn, 10–2000 ms. Default 50. */
  readonly minSpeechMs: number;
  /** Silence this long ends a turn, 20–10000 ms; may be changed while running. Default 200. */
  readonly minSilenceMs: number;

  /** Lowest share of the range at which the threshold lies, steady noise. Default 0.25. */
  readonly steadyShare: number;
  /** Highest share, for restless noise such as voices. Default 0.5. */
  readonly restlessShare: number;
  /** Between the two shares the threshold is this many mean deviations of the noise. 3.5. */
  readonly noiseDeviations: number;
  /** The threshold's height is never less than this, dB. Default 2.5. */
  readonly minThresholdDb: number;
  /** The threshold's height is never more than this, dB. Default 10. */
  readonly maxThresholdDb: number;
  /** Quieter than this, speech may go on but does not begin, dBFS. Default −55. */
  readonly faintestSpeechDbfs: number;

  /** Below this share of the threshold's height a hop is silence in full. Default 0.4. */
  readonly releaseShare: number;
  /** What a hop between release and threshold adds to the silence count, 0–1. Default 0.35. */
  readonly ambiguousWeight: number;
  /** Silence is counted this long after the last speech hop, ms. Default 50. */
  readonly holdMs: number;
  /** In noise (range from 30 down to 10 dB) the hold grows by up to this, ms. Default 150. */
  readonly noisyHoldMs: number;

  /** The first signal of a call teaches the floor for this long, unless it is lively. 100 ms. */
  readonly startLearnMs: number;
  /** How far back the floor looks for the lowest level, ms. Default 1500. */
  readonly floorWindowMs: number;
  /** A level that stays within `steadyRangeDb` for this long is noise, ms. Default 700. */
  readonly steadyWindowMs: number;
  /** See `steadyWindowMs`, dB. Default 5. */
  readonly steadyRangeDb: number;
  /** How fast the memory of loud speech fades, dB a second. Default 1. */
  readonly peakDecayDbPerS: number;
}

/** What a detector does unless told otherwise. */
export const VAD_DEFAULTS: VadOptions = {
  sampleRateHz: 8000,
  minSpeechMs: 50,
  minSilenceMs: 200,
  steadyShare: 0.25,
  restlessShare: 0.5,
  noiseDeviations: 3.5,
  minThresholdDb: 2.5,
  maxThresholdDb: 10,
  faintestSpeechDbfs: -55,
  releaseShare: 0.4,
  ambiguousWeight: 0.35,
  holdMs: 50,
  noisyHoldMs: 150,
  startLearnMs: 100,
  floorWindowMs: 1500,
  steadyWindowMs: 700,
  steadyRangeDb: 5,
  peakDecayDbPerS: 1,
};

/** What each numeric setting may be, low and high. */
const RANGES: readonly (readonly [keyof VadOptions, number, number])[] = [
  ["minSpeechMs", 10, 2000],
  ["minSilenceMs", 20, 10000],
  ["steadyShare", 0.02, 0.98],
  ["restlessShare", 0.02, 0.98],
  ["noiseDeviations", 0, 20],
  ["minThresholdDb", 0.5, 60],
  ["maxThresholdDb", 0.5, 60],
  ["faintestSpeechDbfs", -100, 0],
  ["releaseShare", 0, 1],
  ["ambiguousWeight", 0, 1],
  ["holdMs", 0, 1000],
  ["noisyHoldMs", 0, 1000],
  ["startLearnMs", 50, 1000],
  ["floorWindowMs", 500, 10000],
  ["steadyWindowMs", 100, 5000],
  ["steadyRangeDb", 0, 20],
  ["peakDecayDbPerS", 0, 60],
];

/** Throws a RangeError naming the field, the value had and the value wanted. */
export function checkRange(field: string, value: unknown, low: number, high: number): void {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new RangeError(`Vad: ${field} is ${String(value)}, wants a number ${low}..${high}`);
  }
}

/**
 * Fills in the defaults and checks every field.
 *
 * @throws {RangeError} Naming the field, the value had and the value wanted.
 */
export function resolveVadOptions(given: Partial<VadOptions>): VadOptions {
  const mixed: Record<string, unknown> = { ...VAD_DEFAULTS };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(mixed, key)) throw new RangeError(`Vad: ${key} is not a setting`);
    if (value !== undefined) mixed[key] = value;
  }
  const options = mixed as unknown as VadOptions;
  if (![8000, 16000, 24000, 48000].includes(options.sampleRateHz)) {
    throw new RangeError(
      `Vad: sampleRateHz is ${String(options.sampleRateHz)}, wants 8000, 16000, 24000 or 48000`,
    );
  }
  for (const [field, low, high] of RANGES) checkRange(field, options[field], low, high);
  checkRange("restlessShare", options.restlessShare, options.steadyShare, 0.98);
  checkRange("maxThresholdDb", options.maxThresholdDb, options.minThresholdDb, 60);
  return options;
}
