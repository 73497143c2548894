/**
 * Where speech truly begins and ends in a clean recording, by energy alone. Clean means that
 * nothing else sounds, so a threshold below the loudest moment is the truth and not a guess.
 *
 * @module
 */

/** Averaging window: short enough to place an edge within 3 ms. */
const WINDOW_MS = 5;
/** Below the loudest window by more than this, nobody calls it speech. */
const DROP_DB = 35;
/** A silence inside speech counts as a pause from here: longer than the closure of a "t" or "k". */
const PAUSE_MS = 200;

/** What `findSpeech` found; times in ms from the start of the recording. */
export interface SpeechEdges {
  readonly startMs: number;
  readonly endMs: number;
  /** Silences of 200 ms or more between start and end. */
  readonly pauses: readonly { readonly startMs: number; readonly endMs: number }[];
}

/** Root mean square of `pcm[from..to)`, in sample units. */
export function rms(pcm: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += pcm[i]! * pcm[i]!;
  return Math.sqrt(sum / Math.max(1, to - from));
}

/**
 * Finds the speech in a clean recording: 5 ms windows each millisecond, speech where a window is
 * less than 35 dB below the loudest one, edges at the window's middle.
 *
 * @param pcm Mono samples.
 * @param rateHz Samples a second, a multiple of 1000.
 * @throws {RangeError} If the recording is silent.
 */
export function findSpeech(pcm: Int16Array, rateHz: number): SpeechEdges {
  const perMs = rateHz / 1000;
  const windows = Math.floor(pcm.length / perMs) - WINDOW_MS + 1;
  const levels = new Float64Array(Math.max(0, windows));
  let loudest = 0;
  for (let ms = 0; ms < windows; ms++) {
    levels[ms] = rms(pcm, ms * perMs, (ms + WINDOW_MS) * perMs);
    loudest = Math.max(loudest, levels[ms]!);
  }
  if (loudest === 0) throw new RangeError("Cannot find speech: the recording is silent");
  const threshold = loudest * 10 ** (-DROP_DB / 20);
  const middle = Math.floor(WINDOW_MS / 2);
  let startMs = -1;
  let lastMs = -1;
  const pauses: { startMs: number; endMs: number }[] = [];
  for (let ms = 0; ms < windows; ms++) {
    if (levels[ms]! < threshold) continue;
    if (startMs < 0) startMs = ms + middle;
    else if (ms + middle - lastMs >= PAUSE_MS) pauses.push({ startMs: lastMs, endMs: ms + middle });
    lastMs = ms + middle;
  }
  return { startMs, endMs: lastMs + 1, pauses };
}
