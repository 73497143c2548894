/**
 * Reads mono 16-bit WAV and brings it to 8 kHz.
 *
 * @module
 */

/** Samples within ±1 and their rate. */
export interface Sound {
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
}

/**
 * Reads a RIFF/WAVE file of mono 16-bit PCM.
 *
 * @throws {SyntaxError} If it is anything else.
 */
export function readWav(bytes: Uint8Array): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 44 || tag(0) !== "RIFF" || tag(8) !== "WAVE") {
    throw new SyntaxError("Cannot read WAV: no RIFF/WAVE header");
  }
  let sampleRateHz = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (tag(at) === "fmt ") {
      const format = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
      const bits = view.getUint16(at + 22, true);
      if (format[0] !== 1 || format[1] !== 1 || bits !== 16) {
        throw new SyntaxError(`Cannot read WAV: format ${format}, ${bits} bits; wants mono PCM16`);
      }
      sampleRateHz = view.getUint32(at + 12, true);
    } else if (tag(at) === "data") {
      // A pipe writer such as espeak-ng cannot know the length; what is there counts.
      const count = Math.min(length, bytes.length - at - 8) >> 1;
      const samples = new Float32Array(count);
      for (let i = 0; i < count; i++) samples[i] = view.getInt16(at + 8 + 2 * i, true) / 32768;
      return { samples, sampleRateHz };
    }
    at += 8 + length + (length & 1);
  }
  throw new SyntaxError("Cannot read WAV: no data chunk");
}

/** Any rate to 8 kHz by a windowed sinc (Hann, 32 zero crossings, −6 dB at 3.6 kHz). */
export function to8kHz(sound: Sound): Float32Array {
  const { samples, sampleRateHz } = sound;
  if (sampleRateHz === 8000) return samples;
  const step = sampleRateHz / 8000;
  const cutoff = 3600 / sampleRateHz;
  const half = Math.ceil(16 / cutoff / 2);
  const out = new Float32Array(Math.floor(samples.length / step));
  for (let n = 0; n < out.length; n++) {
    const centre = n * step;
    const first = Math.max(0, Math.ceil(centre - half));
    const last = Math.min(samples.length - 1, Math.floor(centre + half));
    let sum = 0;
    for (let i = first; i <= last; i++) {
      const t = i - centre;
      const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
      sum += samples[i]! * sinc * (0.5 + 0.5 * Math.cos((Math.PI * t) / half));
    }
    out[n] = sum;
  }
  return out;
}
