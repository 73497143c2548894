/**
 * Turns the verdicts of hops into the start and end of speech: fast to believe, slow to let go.
 *
 * @module
 */

import { AMBIGUOUS, HOP_MS, type HopVerdict, SILENCE, SPEECH } from "./detector.ts";

/** What a hop brought about. */
export const NOTHING = 0;
export const STARTED = 1;
export const ENDED = 2;
export type Turning = typeof NOTHING | typeof STARTED | typeof ENDED;

/** Speech hops in a row that take back the silence counted so far: fewer may be a click. */
const RESUME_HOPS = 3;
/** More silence than this between speech hops, and the evidence for a start is forgotten. */
const MAX_EVIDENCE_GAP_MS = 30;
/** The 30 ms of smoothing show an onset and an end this much late. */
const SMOOTHING_LAG_MS = 10;

/** The deciding half of the detector. Times are ms on the caller's clock. */
export class Segmenter {
  speaking = false;
  /** Onset of the speech now going on, or of the last. */
  startMs = 0;
  /** Where speech was last heard. */
  endMs = 0;
  minSpeechMs: number;
  minSilenceMs: number;
  readonly #ambiguousWeight: number;
  // Weighted silence; starts below zero by the hold.
  #silenceMs = 0;
  #evidenceMs = 0;
  #gapMs = 0;
  #candidateMs = 0;
  #speechHops = 0;

  constructor(minSpeechMs: number, minSilenceMs: number, ambiguousWeight: number) {
    this.minSpeechMs = minSpeechMs;
    this.minSilenceMs = minSilenceMs;
    this.#ambiguousWeight = ambiguousWeight;
  }

  /** Weighted silence since speech was last heard and the hold ran out; 0 while not speaking. */
  get silenceMs(): number {
    return this.speaking && this.#silenceMs > 0 ? this.#silenceMs : 0;
  }

  /**
   * @param verdict What the hop was.
   * @param hopEndMs The time at which it ended.
   * @param holdMs How long speech is held after this hop, should it be speech.
   */
  hop(verdict: HopVerdict, hopEndMs: number, holdMs: number): Turning {
    return this.speaking
      ? this.#whileSpeaking(verdict, hopEndMs, holdMs)
      : this.#whileSilent(verdict, hopEndMs, holdMs);
  }

  #whileSilent(verdict: HopVerdict, hopEndMs: number, holdMs: number): Turning {
    if (verdict === SPEECH) {
      if (this.#evidenceMs <= 0) {
        this.#candidateMs = Math.max(this.endMs, hopEndMs - HOP_MS - SMOOTHING_LAG_MS);
      }
      this.#evidenceMs += HOP_MS;
      this.#gapMs = 0;
    } else if (this.#evidenceMs > 0) {
      // Ambiguous hops neither add nor take: speech that dips is still speech that begins.
      if (verdict === SILENCE) {
        this.#gapMs += HOP_MS;
        this.#evidenceMs -= HOP_MS;
      }
      if (this.#gapMs > MAX_EVIDENCE_GAP_MS) this.#evidenceMs = 0;
    }
    if (this.#evidenceMs < this.minSpeechMs) return NOTHING;
    this.#evidenceMs = 0;
    this.#gapMs = 0;
    this.#speechHops = 0;
    this.#silenceMs = -holdMs;
    this.speaking = true;
    this.startMs = this.#candidateMs;
    this.endMs = hopEndMs;
    return STARTED;
  }

  #whileSpeaking(verdict: HopVerdict, hopEndMs: number, holdMs: number): Turning {
    if (verdict === SPEECH) {
      this.#speechHops++;
      if (this.#speechHops >= RESUME_HOPS || this.#silenceMs <= 0) {
        this.#silenceMs = -holdMs;
        this.endMs = hopEndMs - SMOOTHING_LAG_MS;
      }
      return NOTHING;
    }
    this.#speechHops = 0;
    this.#silenceMs += verdict === AMBIGUOUS ? HOP_MS * this.#ambiguousWeight : HOP_MS;
    return this.#silenceMs >= this.minSilenceMs ? this.end() : NOTHING;
  }

  /** Ends the speech now going on, if there is any. */
  end(): Turning {
    if (!this.speaking) return NOTHING;
    this.speaking = false;
    this.#silenceMs = 0;
    this.#evidenceMs = 0;
    this.endMs = Math.max(this.endMs, this.startMs);
    return ENDED;
  }

  /** As new, settings kept. */
  reset(): void {
    this.speaking = false;
    this.startMs = this.endMs = this.#silenceMs = 0;
    this.#evidenceMs =
      this.#gapMs =
      this.#candidateMs =
      this.#speechHops =
        0;
  }
}
