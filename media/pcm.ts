/**
 * 16-bit linear PCM as it crosses the wire (little-endian bytes) and as `Int16Array`.
 *
 * @module
 */

/**
 * Reads 16-bit little-endian PCM into a buffer the caller owns. `bytes` may start at any offset.
 *
 * @param bytes Two bytes a sample, the low one first.
 * @param out Receives mono samples.
 * @returns Samples written: half of `bytes.length`.
 * @throws {RangeError} If `bytes` has an odd length, or `out` is too short.
 */
export function pcm16FromBytesInto(bytes: Uint8Array, out: Int16Array): number {
  if ((bytes.length & 1) !== 0) {
    throw new RangeError(`Cannot read PCM16: ${bytes.length} bytes, needs an even number`);
  }
  const samples = bytes.length >> 1;
  if (out.length < samples) {
    throw new RangeError(`Cannot read PCM16: out holds ${out.length} samples, needs ${samples}`);
  }
  // Hot: 50 calls a second a stream. Shifts, not a DataView, so that nothing is allocated.
  for (let i = 0, at = 0; i < samples; i++, at += 2) out[i] = bytes[at]! | (bytes[at + 1]! << 8);
  return samples;
}

/**
 * Writes samples as 16-bit little-endian PCM into a buffer the caller owns.
 *
 * @param pcm Mono samples.
 * @param out Receives two bytes a sample, the low one first.
 * @returns Bytes written: twice `pcm.length`.
 * @throws {RangeError} If `out` is too short.
 */
export function pcm16ToBytesInto(pcm: Int16Array, out: Uint8Array): number {
  const samples = pcm.length;
  const payloadBytes = samples * 2;
  if (out.length < payloadBytes) {
    throw new RangeError(
      `Cannot write PCM16: out holds ${out.length} bytes, needs ${payloadBytes}`,
    );
  }
  for (let i = 0, at = 0; i < samples; i++, at += 2) {
    const sample = pcm[i]!;
    out[at] = sample;
    out[at + 1] = sample >> 8;
  }
  return payloadBytes;
}
