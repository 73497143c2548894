/**
 * Writes the time into a frame of audio and reads it out again at the far end: the delay of a relay
 * is then known for every frame that passes, without touching its protocol.
 *
 * The digits are spelled in the quietest µ-law bytes (0xF0 to 0xFF, at most 120 of 32768, which is
 * below -48 dBFS), so that no voice detector on the way takes a stamp for speech.
 *
 * @module
 */

/** Bytes at the start of a frame that a stamp takes: 2 of signature, 12 of time, 4 of check. */
export const STAMP_BYTES = 18;
const SIGNATURE = 0x5a;
/** Time is counted in 10 µs, in 48 bits: longer than any run. */
const TICKS_PER_MS = 100;

/** Writes `nowMs` into the first bytes of `frame`. */
export function writeStamp(frame: Uint8Array, nowMs: number): void {
  let ticks = Math.round(nowMs * TICKS_PER_MS);
  let check = 0;
  frame[0] = 0xf0 | (SIGNATURE >> 4);
  frame[1] = 0xf0 | (SIGNATURE & 15);
  for (let i = 2; i < 14; i++) {
    const digit = ticks % 16;
    frame[i] = 0xf0 | digit;
    check = (check * 31 + digit) & 0xffff;
    ticks = Math.floor(ticks / 16);
  }
  for (let i = 14; i < STAMP_BYTES; i++) {
    frame[i] = 0xf0 | (check & 15);
    check >>= 4;
  }
}

/** Reads the stamp at `offset`. @returns ms, or NaN when there is no whole stamp. */
export function readStamp(bytes: Uint8Array, offset = 0): number {
  if (bytes.length < offset + STAMP_BYTES) return NaN;
  if (bytes[offset] !== (0xf0 | (SIGNATURE >> 4))) return NaN;
  if (bytes[offset + 1] !== (0xf0 | (SIGNATURE & 15))) return NaN;
  let ticks = 0;
  let check = 0;
  let place = 1;
  for (let i = 2; i < 14; i++) {
    const digit = bytes[offset + i]! & 15;
    ticks += digit * place;
    place *= 16;
    check = (check * 31 + digit) & 0xffff;
  }
  for (let i = 14; i < STAMP_BYTES; i++) {
    if ((bytes[offset + i]! & 15) !== (check & 15)) return NaN;
    check >>= 4;
  }
  return ticks / TICKS_PER_MS;
}
