/**
 * Splits 8 kHz audio into three bands with five biquads and measures the power of each hop.
 *
 * low 200–800 Hz (voicing, first formant), mid 800–2000 Hz, high 2000–4000 Hz (fricatives).
 * A shared high-pass takes away DC and most of the mains hum first.
 *
 * @module
 */

/** How many bands there are. */
export const BAND_COUNT = 3;

/** The rate the bank is designed for. */
const BANK_RATE_HZ = 8000;

/**
 * A second-order Butterworth section by the bilinear transform. The numerator is
 * gain · (1 ± 2z⁻¹ + z⁻²), so three numbers say it all: gain, a1, a2.
 */
function butterworth(kind: "lowpass" | "highpass", cutoffHz: number): [number, number, number] {
  const w = (2 * Math.PI * cutoffHz) / BANK_RATE_HZ;
  const alpha = Math.sin(w) / Math.SQRT2;
  const cos = Math.cos(w);
  const a0 = 1 + alpha;
  const gain = kind === "lowpass" ? (1 - cos) / 2 : (1 + cos) / 2;
  return [gain / a0, (-2 * cos) / a0, (1 - alpha) / a0];
}

// Scalars at module scope: the loop below reads them without touching an array.
const [HUM_GAIN, HUM_A1, HUM_A2] = butterworth("highpass", 200);
const [LOW_GAIN, LOW_A1, LOW_A2] = butterworth("lowpass", 800);
const [MID_FROM_GAIN, MID_FROM_A1, MID_FROM_A2] = butterworth("highpass", 800);
const [MID_TO_GAIN, MID_TO_A1, MID_TO_A2] = butterworth("lowpass", 2000);
const [HIGH_GAIN, HIGH_A1, HIGH_A2] = butterworth("highpass", 2000);

/** Below this a filter's memory is set to zero: denormals are many times slower to reckon with. */
const FLUSH_BELOW = 1e-15;

/** The filters and their memory. */
export class Bands {
  /** Mean square of the last hop in each band, in sample units (full scale 32768² = 1.07e9). */
  readonly power = new Float64Array(BAND_COUNT);
  // Two words of memory a biquad, transposed direct form II, in the order of the constants above.
  #memory = new Float64Array(10);

  /** Measures one hop of 8 kHz samples into `power`. Hot: once a hop, every sample. */
  measure(hop: Float64Array): void {
    const m = this.#memory;
    let hum1 = m[0]!, hum2 = m[1]!, low1 = m[2]!, low2 = m[3]!, from1 = m[4]!, from2 = m[5]!;
    let to1 = m[6]!, to2 = m[7]!, high1 = m[8]!, high2 = m[9]!;
    let lowSum = 0, midSum = 0, highSum = 0;
    const length = hop.length;
    for (let i = 0; i < length; i++) {
      let x = HUM_GAIN * hop[i]!;
      const clean = x + hum1;
      hum1 = hum2 - 2 * x - HUM_A1 * clean;
      hum2 = x - HUM_A2 * clean;

      x = LOW_GAIN * clean;
      const low = x + low1;
      low1 = low2 + 2 * x - LOW_A1 * low;
      low2 = x - LOW_A2 * low;

      x = MID_FROM_GAIN * clean;
      const from = x + from1;
      from1 = from2 - 2 * x - MID_FROM_A1 * from;
      from2 = x - MID_FROM_A2 * from;
      x = MID_TO_GAIN * from;
      const mid = x + to1;
      to1 = to2 + 2 * x - MID_TO_A1 * mid;
      to2 = x - MID_TO_A2 * mid;

      x = HIGH_GAIN * clean;
      const high = x + high1;
      high1 = high2 - 2 * x - HIGH_A1 * high;
      high2 = x - HIGH_A2 * high;

      lowSum += low * low;
      midSum += mid * mid;
      highSum += high * high;
    }
    m[0] = hum1;
    m[1] = hum2;
    m[2] = low1;
    m[3] = low2;
    m[4] = from1;
    m[5] = from2;
    m[6] = to1;
    m[7] = to2;
    m[8] = high1;
    m[9] = high2;
    for (let i = 0; i < 10; i++) if (m[i]! < FLUSH_BELOW && m[i]! > -FLUSH_BELOW) m[i] = 0;
    this.power[0] = lowSum / length;
    this.power[1] = midSum / length;
    this.power[2] = highSum / length;
  }

  /** Forgets everything heard. */
  reset(): void {
    this.#memory.fill(0);
    this.power.fill(0);
  }
}
