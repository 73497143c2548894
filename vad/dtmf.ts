/**
 * Recognises the tones of a telephone keypad (ITU-T Q.23), so that a key pressed is not speech.
 *
 * @module
 */

/** Q.23: each key is one of the first four together with one of the last four. */
const TONES_HZ = [697, 770, 852, 941, 1209, 1336, 1477, 1633];
const GROUP = 4;
/** The two tones hold at least this much of the hop's energy; a vowel's two best harmonics less. */
const MIN_ENERGY_SHARE = 0.88;
/** Neither tone is weaker than this against the other: Q.24 lets networks differ by 6–10 dB. */
const MAX_TWIST = 10 ** (10 / 10);

const COEFFICIENTS = Float64Array.from(
  TONES_HZ,
  (hz) => 2 * Math.cos((2 * Math.PI * hz) / 8000),
);

/**
 * True when a hop of 8 kHz samples is one keypad tone pair and hardly anything else.
 *
 * Eight Goertzel filters (G. Goertzel, 1958): about 1 µs, so callers ask only when it matters.
 */
export function isDtmf(hop: Float64Array): boolean {
  const length = hop.length;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += hop[i]!;
  mean /= length;
  let energy = 0;
  for (let i = 0; i < length; i++) energy += (hop[i]! - mean) * (hop[i]! - mean);
  if (energy <= 0) return false;
  let best = 0, row = 0;
  for (let tone = 0; tone < 2 * GROUP; tone++) {
    if (tone === GROUP) {
      row = best;
      best = 0;
    }
    const coefficient = COEFFICIENTS[tone]!;
    let s1 = 0, s2 = 0;
    for (let i = 0; i < length; i++) {
      const s0 = hop[i]! - mean + coefficient * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    if (power > best) best = power;
  }
  if (row > best * MAX_TWIST || best > row * MAX_TWIST) return false;
  // A pure tone of energy E over N samples has Goertzel power E·N/2.
  return row + best >= (MIN_ENERGY_SHARE * energy * length) / 2;
}
