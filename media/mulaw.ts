/**
 * G.711 µ-law to and from 16-bit linear PCM, by tables built at load.
 *
 * The 14-bit values of ITU-T G.711 table 2a are multiplied by 4, so that they fill 16 bits: decoded
 * samples reach ±32124.
 *
 * @module
 */

/** The µ-law byte for silence. 0x80 is not silence: it is the loudest positive sample. */
export const MULAW_SILENCE = 0xff;

/** 33 in the 14-bit scale of G.711: it turns the curve's segments into powers of two. */
const BIAS = 33 * 4;
/** The largest magnitude that, with the bias, still has 15 bits; louder samples clip here. */
const CLIP = 0x7fff - BIAS;

const PCM16_BY_MULAW = buildDecodeTable();
const MULAW_BY_PCM16 = buildEncodeTable();

/** Decodes each of the 256 codes: sign, 3 bits of segment, 4 bits of step, all sent inverted. */
function buildDecodeTable(): Int16Array {
  const table = new Int16Array(256);
  for (let code = 0; code < 256; code++) {
    const bits = ~code & 0xff;
    const segment = (bits >> 4) & 7;
    const step = bits & 15;
    // The middle of the step: 2·step + 33 half-steps of the first segment, doubled by each segment.
    const magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    table[code] = bits & 0x80 ? -magnitude : magnitude;
  }
  return table;
}

/** Encodes each 16-bit sample, indexed by its bits read as unsigned. */
function buildEncodeTable(): Uint8Array {
  const table = new Uint8Array(65536);
  for (let sample = -32768; sample < 32768; sample++) {
    const biased = Math.min(Math.abs(sample), CLIP) + BIAS;
    // The bias keeps biased >= 2^7, so the highest set bit is 7 (segment 0) to 14 (segment 7).
    const segment = 31 - Math.clz32(biased) - 7;
    const step = (biased >> (segment + 3)) & 15;
    const sign = sample < 0 ? 0x80 : 0;
    table[sample & 0xffff] = ~(sign | (segment << 4) | step);
  }
  return table;
}

/** Decodes one µ-law byte to a 16-bit sample, −32124 to 32124. */
export function mulawToPcm16(byte: number): number {
  return PCM16_BY_MULAW[byte & 0xff]!;
}

/** Encodes one 16-bit sample, −32768 to 32767, as a µ-law byte. */
export function pcm16ToMulaw(sample: number): number {
  return MULAW_BY_PCM16[sample & 0xffff]!;
}

/**
 * Decodes µ-law (ITU-T G.711, tables 2a and 2b) to 16-bit linear PCM in a buffer the caller owns.
 *
 * @param bytes One sample a byte.
 * @param out Receives mono samples, −32124 to 32124.
 * @returns Samples written: `bytes.length`.
 * @throws {RangeError} If `out` is shorter than `bytes`.
 */
export function decodeMulawInto(bytes: Uint8Array, out: Int16Array): number {
  const samples = bytes.length;
  if (out.length < samples) {
    throw new RangeError(`Cannot decode µ-law: out holds ${out.length} samples, needs ${samples}`);
  }
  // Hot: 50 calls a second a stream. Four at a time: 71 instead of 94 ns for 160 on Bun 1.4.5, and
  // 81 instead of 77 on Deno 2.9.6.
  let i = 0;
  for (; i + 3 < samples; i += 4) {
    out[i] = PCM16_BY_MULAW[bytes[i]!]!;
    out[i + 1] = PCM16_BY_MULAW[bytes[i + 1]!]!;
    out[i + 2] = PCM16_BY_MULAW[bytes[i + 2]!]!;
    out[i + 3] = PCM16_BY_MULAW[bytes[i + 3]!]!;
  }
  for (; i < samples; i++) out[i] = PCM16_BY_MULAW[bytes[i]!]!;
  return samples;
}

/**
 * Encodes 16-bit linear PCM as µ-law (ITU-T G.711, tables 2a and 2b) into a buffer the caller owns.
 *
 * @param pcm Mono samples, full scale ±32767; beyond ±32635 they clip, as the standard's curve does.
 * @param out Receives one byte a sample.
 * @returns Bytes written: `pcm.length`.
 * @throws {RangeError} If `out` is shorter than `pcm`.
 */
export function encodeMulawInto(pcm: Int16Array, out: Uint8Array): number {
  const samples = pcm.length;
  if (out.length < samples) {
    throw new RangeError(`Cannot encode µ-law: out holds ${out.length} bytes, needs ${samples}`);
  }
  // Hot: 50 calls a second a stream. Four at a time: 77 instead of 87 ns for 160 on Bun 1.4.5.
  let i = 0;
  for (; i + 3 < samples; i += 4) {
    out[i] = MULAW_BY_PCM16[pcm[i]! & 0xffff]!;
    out[i + 1] = MULAW_BY_PCM16[pcm[i + 1]! & 0xffff]!;
    out[i + 2] = MULAW_BY_PCM16[pcm[i + 2]! & 0xffff]!;
    out[i + 3] = MULAW_BY_PCM16[pcm[i + 3]! & 0xffff]!;
  }
  for (; i < samples; i++) out[i] = MULAW_BY_PCM16[pcm[i]! & 0xffff]!;
  return samples;
}
