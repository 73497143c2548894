/**
 * Signals for this room's tests, and the measurement of a sine's gain and SINAD.
 *
 * @module
 */

/** A sine of `amplitude`, starting at `phase` radians. */
export function sine(
  samples: number,
  frequencyHz: number,
  sampleRateHz: number,
  amplitude: number,
  phase = 0.3,
): Float32Array {
  const step = (2 * Math.PI * frequencyHz) / sampleRateHz;
  return Float32Array.from({ length: samples }, (_, i) => amplitude * Math.sin(phase + step * i));
}

/** A sine whose frequency rises from 0 to half the sample rate. */
export function sweep(samples: number, amplitude: number): Float32Array {
  const rate = Math.PI / 2 / samples;
  return Float32Array.from({ length: samples }, (_, i) => amplitude * Math.sin(rate * i * i));
}

/** Floats of ±1 as 16-bit samples, rounded. */
export function asPcm16(floats: Float32Array): Int16Array {
  return Int16Array.from(floats, (sample) => Math.round(sample * 32767));
}

/** What a signal holds of one frequency, and how far all the rest lies below it. */
export interface SineFit {
  readonly amplitude: number;
  /** Signal to noise and distortion: everything that is not the fitted sine. */
  readonly sinadDb: number;
}

/** Fits a sine of known frequency by least squares. Wants many periods. */
export function fitSine(signal: ArrayLike<number>, radiansPerSample: number): SineFit {
  let cc = 0, ss = 0, cs = 0, xc = 0, xs = 0, xx = 0;
  for (let i = 0; i < signal.length; i++) {
    const c = Math.cos(radiansPerSample * i);
    const s = Math.sin(radiansPerSample * i);
    const x = signal[i]!;
    cc += c * c;
    ss += s * s;
    cs += c * s;
    xc += x * c;
    xs += x * s;
    xx += x * x;
  }
  const determinant = cc * ss - cs * cs;
  const a = (xc * ss - xs * cs) / determinant;
  const b = (xs * cc - xc * cs) / determinant;
  const fitted = a * xc + b * xs;
  return {
    amplitude: Math.hypot(a, b),
    sinadDb: 10 * Math.log10(fitted / Math.max(xx - fitted, 1e-30)),
  };
}

/** Root mean square. */
export function rms(signal: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < signal.length; i++) sum += signal[i]! ** 2;
  return Math.sqrt(sum / signal.length);
}
