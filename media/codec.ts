/**
 * The three encodings behind one name each: decode, encode, level and silence of whatever format a leg or a
 * brain speaks.
 *
 * @module
 */

import { ALAW_SILENCE, decodeAlawInto, encodeAlawInto } from "./alaw.ts";
import type { AudioFormat } from "./format.ts";
import { levelDbfsOfAlaw, levelDbfsOfMulaw, levelDbfsOfPcm16Bytes } from "./level.ts";
import { decodeMulawInto, encodeMulawInto, MULAW_SILENCE } from "./mulaw.ts";
import { pcm16FromBytesInto, pcm16ToBytesInto } from "./pcm.ts";

/**
 * Decodes bytes of `format` at its own rate into a buffer the caller owns.
 *
 * @returns Samples written.
 * @throws {RangeError} If `out` is too short, or PCM has an odd number of bytes.
 */
export function decodeInto(format: AudioFormat, bytes: Uint8Array, out: Int16Array): number {
  if (format.encoding === "pcmu") return decodeMulawInto(bytes, out);
  if (format.encoding === "pcma") return decodeAlawInto(bytes, out);
  return pcm16FromBytesInto(bytes, out);
}

/**
 * Encodes samples, which must be at the format's own rate, into a buffer the caller owns.
 *
 * @returns Bytes written.
 * @throws {RangeError} If `out` is too short.
 */
export function encodeInto(format: AudioFormat, pcm: Int16Array, out: Uint8Array): number {
  if (format.encoding === "pcmu") return encodeMulawInto(pcm, out);
  if (format.encoding === "pcma") return encodeAlawInto(pcm, out);
  return pcm16ToBytesInto(pcm, out);
}

/** The level of bytes of `format`, in dBFS; nothing is decoded into memory. */
export function levelDbfsOf(format: AudioFormat, bytes: Uint8Array): number {
  if (format.encoding === "pcmu") return levelDbfsOfMulaw(bytes);
  if (format.encoding === "pcma") return levelDbfsOfAlaw(bytes);
  return levelDbfsOfPcm16Bytes(bytes);
}

/** The byte that silence consists of. */
export function silenceByte({ encoding }: AudioFormat): number {
  return encoding === "pcmu" ? MULAW_SILENCE : encoding === "pcma" ? ALAW_SILENCE : 0;
}
