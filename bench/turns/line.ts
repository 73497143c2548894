/**
 * What really goes into a phone: the caller at some loudness, the noise of the line, and the echo of
 * what the phone itself plays, mixed and companded frame by frame. It also knows when the caller's
 * mouth opened and closed, to the sample.
 *
 * @module
 */

import { mulawToPcm16, pcm16ToMulaw } from "../../media/mulaw.ts";
import { loadSpeech, speechFacts, type SpeechName } from "../../tests/speech/speech.ts";
import { Random } from "../vad/random.ts";

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;
const SAMPLES_PER_MS = 8;

/** Sound at 8 kHz, and where in it somebody truly speaks. */
export interface Clip {
  readonly pcm: Int16Array;
  readonly startMs: number;
  readonly endMs: number;
}

/** One of the repository's fixtures. */
export function fixture(name: SpeechName): Clip {
  const { startMs, endMs } = speechFacts(name);
  return { pcm: Int16Array.from(loadSpeech(name), mulawToPcm16), startMs, endMs };
}

/** A click: noise that dies away within a few ms, as a handset that is put on a table. */
export function click(ms: number, peakDbfs: number, random: Random): Clip {
  const padMs = 60;
  const pcm = new Int16Array((2 * padMs + 4 * ms) * SAMPLES_PER_MS);
  const peak = 32768 * 10 ** (peakDbfs / 20);
  const length = ms * SAMPLES_PER_MS;
  for (let i = 0; i < 4 * length; i++) {
    pcm[padMs * SAMPLES_PER_MS + i] = clamp(0.5 * peak * random.normal() * Math.exp(-i / length));
  }
  return { pcm, startMs: padMs, endMs: padMs + 2 * ms };
}

/** When it was said, on the phone's clock: the mouth's own time, before the frame was full. */
export interface Spoken {
  readonly onsetAtMs: number;
  readonly endAtMs: number;
}

export interface LineSettings {
  readonly seed: string;
  /** A quiet line of a telephone network is about −60. */
  readonly noiseDbfs: number;
  /** How much weaker the phone's own sound comes back, and how late. */
  readonly echo?: { readonly lossDb: number; readonly delayMs: number };
}

/** What a line knows of its phone: the clock, when the first frame began, and what was heard. */
export interface LinePhone {
  now(): number;
  startedAtMs(): number;
  heard(fromMs: number, toMs: number): Uint8Array;
  press(digit: string): void;
}

interface Saying {
  readonly clip: Clip;
  readonly gain: number;
  /** Samples of the clip that are left out, negative for silence before it. */
  at: number;
  onsetAtMs: number;
  endAtMs: number;
  readonly resolve: (spoken: Spoken) => void;
}

export class Line {
  readonly #settings: LineSettings;
  readonly #random: Random;
  readonly #noise: number;
  readonly #mix = new Float64Array(FRAME_SAMPLES);
  readonly #sent: Uint8Array[] = [];
  #saying: Saying | null = null;
  #phone: LinePhone | null = null;

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#random = new Random(settings.seed);
    this.#noise = 32768 * 10 ** (settings.noiseDbfs / 20);
  }

  /** Whose clock counts, and whose playback echoes. */
  attach(phone: LinePhone): void {
    this.#phone = phone;
  }

  /**
   * Says a clip, once what is being said is over.
   *
   * @param offsetSamples Shifts it against the phone's frames: mouths don't know of them.
   */
  say(clip: Clip, gainDb = 0, offsetSamples = 0): Promise<Spoken> {
    if (this.#saying) throw new Error("Cannot say: the caller is speaking already");
    return new Promise((resolve) => {
      this.#saying = {
        clip,
        gain: 10 ** (gainDb / 20),
        at: -offsetSamples,
        onsetAtMs: NaN,
        endAtMs: NaN,
        resolve,
      };
    });
  }

  /** All that has left the phone so far, µ-law. */
  sent(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#sent.length * FRAME_SAMPLES);
    this.#sent.forEach((frame, i) => out.set(frame, i * FRAME_SAMPLES));
    return out;
  }

  /** For `PhoneOptions.fillFrame`. */
  readonly fillFrame = (frame: Uint8Array, index: number): void => {
    const mix = this.#mix;
    for (let i = 0; i < FRAME_SAMPLES; i++) mix[i] = this.#noise * this.#random.normal();
    this.#addEcho(index);
    this.#addSpeech();
    for (let i = 0; i < FRAME_SAMPLES; i++) frame[i] = pcm16ToMulaw(clamp(mix[i]!));
    this.#sent.push(frame.slice());
  };

  /** A frame with its payload, for a phone without a socket. */
  frame(index: number): { bytes: Uint8Array; payload: string } {
    const bytes = new Uint8Array(FRAME_SAMPLES);
    this.fillFrame(bytes, index);
    return { bytes, payload: bytes.toBase64() };
  }

  #addEcho(index: number): void {
    const { echo } = this.#settings;
    if (!echo || !this.#phone) return;
    const dueMs = this.#phone.startedAtMs() + (index + 1) * FRAME_MS - echo.delayMs;
    const heard = this.#phone.heard(dueMs - FRAME_MS, dueMs);
    const gain = 10 ** (-echo.lossDb / 20);
    for (let i = 0; i < Math.min(heard.length, FRAME_SAMPLES); i++) {
      this.#mix[i]! += gain * mulawToPcm16(heard[i]!);
    }
  }

  #addSpeech(): void {
    const saying = this.#saying;
    if (!saying || !this.#phone) return;
    const { clip: { pcm, startMs, endMs }, gain } = saying;
    const nowMs = this.#phone.now();
    for (let i = 0; i < FRAME_SAMPLES; i++, saying.at++) {
      if (saying.at < 0 || saying.at >= pcm.length) continue;
      this.#mix[i]! += gain * pcm[saying.at]!;
      // A frame leaves when all of it has been spoken.
      const mouthMs = nowMs - FRAME_MS + i / SAMPLES_PER_MS;
      if (saying.at === Math.round(startMs * SAMPLES_PER_MS)) saying.onsetAtMs = mouthMs;
      if (saying.at === Math.round(endMs * SAMPLES_PER_MS)) saying.endAtMs = mouthMs;
    }
    if (saying.at < pcm.length) return;
    this.#saying = null;
    saying.resolve({ onsetAtMs: saying.onsetAtMs, endAtMs: saying.endAtMs });
  }
}

function clamp(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample)));
}
