/**
 * The audio formats that cross earshot: which encoding, how many samples a second, mono.
 *
 * @module
 */

/** G.711 µ-law, G.711 A-law, or 16-bit signed little-endian linear PCM. */
export type Encoding = "pcmu" | "pcma" | "pcm16";

/** The rates that legs and brains speak. */
export type SampleRateHz = 8000 | 16000 | 24000 | 48000;

/** A mono audio format. G.711 is always 8000 Hz. */
export interface AudioFormat {
  readonly encoding: Encoding;
  readonly sampleRateHz: SampleRateHz;
}

/** What the phone speaks, and what the Realtime API calls `audio/pcmu`. */
export const PCMU: AudioFormat = { encoding: "pcmu", sampleRateHz: 8000 };
/** What the Realtime API calls `audio/pcma`. */
export const PCMA: AudioFormat = { encoding: "pcma", sampleRateHz: 8000 };
/** What the Realtime API calls `audio/pcm`: 24 kHz is the only rate it takes. */
export const PCM_24K: AudioFormat = { encoding: "pcm16", sampleRateHz: 24000 };

/** The sample rates, for checks on what the outside asks for. */
export const SAMPLE_RATES_HZ: readonly SampleRateHz[] = [8000, 16000, 24000, 48000];

/** Bytes of one sample: 1 for G.711, 2 for PCM. */
export function bytesPerSample(format: AudioFormat): 1 | 2 {
  return format.encoding === "pcm16" ? 2 : 1;
}

/** Bytes that one millisecond of `format` takes: 8 for G.711, 48 for PCM at 24 kHz. */
export function bytesPerMs(format: AudioFormat): number {
  return (format.sampleRateHz / 1000) * bytesPerSample(format);
}

/** True when audio of one format can be passed on as the other untouched. */
export function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.encoding === b.encoding && a.sampleRateHz === b.sampleRateHz;
}
