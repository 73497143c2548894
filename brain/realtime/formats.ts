/**
 * The audio formats of the API, and how much of them is how much sound.
 *
 * @module
 */

import type { RealtimeAudioFormats } from "openai/resources/realtime/realtime";
import { type AudioFormat, PCM_24K, PCMA, PCMU } from "../../media/format.ts";

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
