/**
 * The echo brain's own voice: a chime to greet with, and soft tones that stand in for spoken text.
 *
 * @module
 */

/** One note: a sine that swells in and rings out. */
interface Note {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly hz: number;
  /** Peak, 1 is full scale. */
  readonly gain: number;
}

/** Sound of a known length that can be rendered piece by piece. */
export interface Tune {
  readonly lengthMs: number;
  readonly notes: readonly Note[];
}

const ATTACK_MS = 12;
const RELEASE_MS = 40;
/** Far enough below full scale that three notes at once don't clip. */
const GAIN = 0.2;

/** C5, E5, G5, one after the other, each ringing until the end: 600 ms. */
export function chime(): Tune {
  const lengthMs = 600;
  const note = (startMs: number, hz: number): Note => ({
    startMs,
    lengthMs: lengthMs - startMs,
    hz,
    gain: GAIN,
  });
  return { lengthMs, notes: [note(0, 523.25), note(110, 659.26), note(220, 783.99)] };
}

// A pentatonic scale around the pitch of speech: any order of its notes sounds at ease.
const SCALE_HZ = [220, 246.94, 277.18, 329.63, 369.99, 440];
const MIN_SPOKEN_MS = 300;

/** How long the tones for `text` last, ms. */
export function spokenMs(text: string, msPerChar: number, maxMs: number): number {
  return Math.min(maxMs, Math.max(MIN_SPOKEN_MS, Math.round(text.length * msPerChar)));
}

/**
 * A note for each word, as long as the word is; the same text always sounds the same.
 *
 * @param msPerChar Length of one character.
 * @param maxMs Longer texts are spoken faster, to end here.
 */
export function spokenTones(text: string, msPerChar: number, maxMs: number): Tune {
  const lengthMs = spokenMs(text, msPerChar, maxMs);
  const msEach = lengthMs / Math.max(1, text.length);
  const notes: Note[] = [];
  for (const match of text.matchAll(/\S+/g)) {
    let sum = 0;
    for (let i = 0; i < match[0].length; i++) sum += match[0].charCodeAt(i);
    notes.push({
      startMs: match.index * msEach,
      lengthMs: match[0].length * msEach,
      hz: SCALE_HZ[sum % SCALE_HZ.length]!,
      gain: GAIN,
    });
  }
  return { lengthMs, notes };
}

/**
 * Renders a stretch of a tune.
 *
 * @param out Receives mono samples, beginning with sample `from` of the tune.
 */
export function renderTune(tune: Tune, from: number, sampleRateHz: number, out: Int16Array): void {
  out.fill(0);
  const perMs = sampleRateHz / 1000;
  for (const note of tune.notes) {
    const first = Math.ceil(note.startMs * perMs);
    const last = Math.floor((note.startMs + note.lengthMs) * perMs);
    const begin = Math.max(from, first);
    const end = Math.min(from + out.length, last);
    const step = (2 * Math.PI * note.hz) / sampleRateHz;
    for (let n = begin; n < end; n++) {
      const ms = (n - first) / perMs;
      const fadeIn = Math.min(1, ms / ATTACK_MS);
      const fadeOut = Math.min(1, (last - n) / perMs / RELEASE_MS);
      const ring = Math.exp(-2 * (ms / note.lengthMs));
      out[n - from]! += 32767 * note.gain * fadeIn * fadeOut * ring * Math.sin(step * (n - first));
    }
  }
}
