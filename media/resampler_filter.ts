/**
 * The resampler's filter: a Kaiser-windowed sinc, cut into one row of taps for each phase.
 *
 * The design is fixed relative to the lower of the two rates, so all ratios share one quality. With
 * 8 kHz at one end: flat to 3.4 kHz within 0.04 dB, at least 95 dB down from 4.5 kHz, centred after
 * 2.46 ms. With 16 kHz as the lower rate the same figures hold at 6.8 kHz, 9 kHz and 1.23 ms, with
 * 24 kHz at 10.2 kHz, 13.5 kHz and 0.82 ms. docs/decisions/resampler.md says how they were chosen.
 *
 * @module
 */

/** Half the filter's length, in samples of the lower rate: 2.46 ms at 8 kHz. */
const HALF_LENGTH_LOW_SAMPLES = 19.7;
/** Where the filter is 6 dB down, as a share of the lower rate: 3880 Hz at 8 kHz. */
const CUTOFF_SHARE = 0.485;
/** Kaiser's beta: stop-band depth traded against the width of the transition. */
const BETA = 9.6;

/** A filter for one ratio, as the rows that a polyphase loop walks. */
export interface PolyphaseFilter {
  /** Outputs in one period of the ratio: 3 for 16 to 24 kHz. */
  readonly up: number;
  /** Inputs in one period of the ratio: 2 for 16 to 24 kHz. */
  readonly down: number;
  /** The index of the middle tap, at `up` times the input rate: the filter's delay. */
  readonly centre: number;
  /** Taps in a row. */
  readonly taps: number;
  /** `up` rows, by phase. A row's last tap is for the newest sample. */
  readonly rows: readonly Float64Array[];
}

/**
 * Designs the filter that turns `down` samples into `up`.
 *
 * @param up Outputs a period, without a common divisor with `down`.
 * @param down Inputs a period.
 * @param tapsMultiple Rows are padded with zeros, at their old end, to a multiple of this.
 */
export function polyphaseFilter(up: number, down: number, tapsMultiple = 1): PolyphaseFilter {
  // The filter runs at `up` times the input rate, which is `steps` times the lower of the two rates.
  const steps = Math.max(up, down);
  const centre = Math.floor(HALF_LENGTH_LOW_SAMPLES * steps);
  const radiansPerTap = (2 * Math.PI * CUTOFF_SHARE) / steps;
  const taps = Math.ceil((2 * centre + 1) / up / tapsMultiple) * tapsMultiple;
  const rows = Array.from({ length: up }, () => new Float64Array(taps));
  for (let at = 0; at <= 2 * centre; at++) {
    const distance = at - centre;
    const angle = radiansPerTap * distance;
    const sinc = distance === 0 ? 1 : Math.sin(angle) / angle;
    // Half a tap wider than the filter, so that its first and last taps are not spent on zeros.
    const kaiser = besselI0(BETA * Math.sqrt(1 - (distance / (centre + 0.5)) ** 2));
    rows[at % up]![taps - 1 - Math.floor(at / up)] = sinc * kaiser;
  }
  // Each phase passes DC at exactly 1, so that an offset makes no tone at the period of the ratio.
  for (const row of rows) {
    const sum = row.reduce((total, tap) => total + tap, 0);
    for (let i = 0; i < taps; i++) row[i]! /= sum;
  }
  return { up, down, centre, taps, rows };
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
