/**
 * The audio formats of the API and how their bytes become samples and back. Every use that the
 * embedded brains make of `media/` passes here.
 *
 * @module
 */

import type { RealtimeAudioFormats } from "openai/resources/realtime/realtime";
import { decodeAlawInto, encodeAlawInto } from "../../media/alaw.ts";
import {
  type AudioFormat,
  bytesPerMs,
  PCM_24K,
  PCMA,
  PCMU,
  sameFormat,
} from "../../media/format.ts";
import { decodeMulawInto, encodeMulawInto } from "../../media/mulaw.ts";
import { pcm16FromBytesInto, pcm16ToBytesInto } from "../../media/pcm.ts";

export { base64ByteLength, decodeBase64Into, encodeBase64 } from "../../media/base64.ts";
export { Resampler } from "../../media/resampler.ts";
export { type AudioFormat, bytesPerMs, sameFormat };

/** What `audio.input.format` or `audio.output.format` stands for. */
export function formatOf(wire: RealtimeAudioFormats): AudioFormat {
  if (wire.type === "audio/pcmu") return PCMU;
  if (wire.type === "audio/pcma") return PCMA;
  return PCM_24K;
}

/** Samples that `byteCount` bytes hold. */
export function samplesIn(format: AudioFormat, byteCount: number): number {
  return format.encoding === "pcm16" ? byteCount >> 1 : byteCount;
}

/** Bytes that `samples` take. */
export function bytesFor(format: AudioFormat, samples: number): number {
  return format.encoding === "pcm16" ? samples * 2 : samples;
}

/** Decodes `bytes` at the format's own rate. Returns samples written. */
export function decodeInto(format: AudioFormat, bytes: Uint8Array, out: Int16Array): number {
  if (format.encoding === "pcmu") return decodeMulawInto(bytes, out);
  if (format.encoding === "pcma") return decodeAlawInto(bytes, out);
  return pcm16FromBytesInto(bytes, out);
}

/** Encodes `pcm`, which must be at the format's own rate. Returns bytes written. */
export function encodeInto(format: AudioFormat, pcm: Int16Array, out: Uint8Array): number {
  if (format.encoding === "pcmu") return encodeMulawInto(pcm, out);
  if (format.encoding === "pcma") return encodeAlawInto(pcm, out);
  return pcm16ToBytesInto(pcm, out);
}
