/**
 * Voice activity detection for telephone speech: PCM frames in, `speech_started` and
 * `speech_ended` out, with the level, floor, threshold and confidence behind them.
 *
 * ```ts
 * const vad = new Vad({ sampleRateHz: 8000 }, (event) => console.log(event));
 * vad.push(pcm); // any length, as it comes
 * ```
 *
 * @module
 */

import { Decimator } from "./decimator.ts";
import { Detector, HOP_MS, type HopVerdict } from "./detector.ts";
import { checkRange, resolveVadOptions, type VadOptions } from "./options.ts";
import { ENDED, NOTHING, Segmenter, STARTED } from "./segmenter.ts";

export type { VadOptions, VadSampleRateHz } from "./options.ts";

/** Times are ms of audio (and absence) pushed since `reset`. */
export type VadEvent =
  | {
    readonly type: "speech_started";
    /** Where speech began, dated back. */
    readonly startMs: number;
    /** When that was known. */
    readonly decidedMs: number;
  }
  | {
    readonly type: "speech_ended";
    /** Where speech ended, dated back. */
    readonly endMs: number;
    /** When that was known. */
    readonly decidedMs: number;
  };

const HOP_SAMPLES = 80;

/** The detector. One for each stream; nothing is allocated while it listens, but for events. */
export class Vad {
  readonly options: VadOptions;
  readonly #emit: (event: VadEvent) => void;
  readonly #decimator: Decimator;
  readonly #detector: Detector;
  readonly #segmenter: Segmenter;
  readonly #hop = new Float64Array(HOP_SAMPLES);
  #filled = 0;
  // Time up to the samples that wait in the hop, and absence short of a hop.
  #clockMs = 0;
  #absentMs = 0;

  /**
   * @param options See {@linkcode VadOptions}; what is left out takes its default.
   * @param emit Called inside `push`, `pushSilence` and `endSpeech`, in order of time.
   * @throws {RangeError} Naming the field, the value had and the value wanted.
   */
  constructor(options: Partial<VadOptions>, emit: (event: VadEvent) => void) {
    this.options = resolveVadOptions(options);
    this.#emit = emit;
    this.#decimator = new Decimator(this.options.sampleRateHz / 8000);
    this.#detector = new Detector(this.options);
    this.#segmenter = new Segmenter(
      this.options.minSpeechMs,
      this.options.minSilenceMs,
      this.options.ambiguousWeight,
    );
  }

  /**
   * Hears mono samples of any count; what does not fill a 10 ms hop waits for the next push.
   * Hot: 50 frames a second a stream. The hop is filled through locals, not fields.
   */
  push(pcm: Int16Array): void {
    this.#clockMs += this.#absentMs;
    this.#absentMs = 0;
    const hop = this.#hop;
    const decimator = this.#decimator;
    const decimating = decimator.ratio > 1;
    const length = pcm.length;
    let filled = this.#filled;
    for (let i = 0; i < length; i++) {
      if (decimating) {
        if (!decimator.push(pcm[i]!)) continue;
        hop[filled++] = decimator.output();
      } else {
        hop[filled++] = pcm[i]!;
      }
      if (filled < HOP_SAMPLES) continue;
      filled = 0;
      // Before the step: an event's receiver may ask for positionMs.
      this.#filled = 0;
      this.#step(this.#detector.judge(hop, this.#segmenter.speaking));
    }
    this.#filled = filled;
  }

  /**
   * Time passed and nothing came (frames lost, a muted sender): silence for the turn, and no
   * lesson for the noise floor. An unfinished hop is given up as absent too.
   *
   * @param ms Not negative, at most an hour.
   * @throws {RangeError} If `ms` is not such a number.
   */
  pushSilence(ms: number): void {
    checkRange("pushSilence ms", ms, 0, 3_600_000);
    this.#absentMs += ms + this.#pendingMs;
    this.#filled = 0;
    this.#decimator.restart();
    while (this.#absentMs >= HOP_MS) {
      this.#absentMs -= HOP_MS;
      this.#step(this.#detector.absent());
    }
  }

  #step(verdict: HopVerdict): void {
    this.#clockMs += HOP_MS;
    const turning = this.#segmenter.hop(verdict, this.#clockMs, this.#detector.holdMs);
    if (turning !== NOTHING) this.#report(turning);
  }

  #report(turning: typeof STARTED | typeof ENDED): void {
    const decidedMs = this.positionMs;
    if (turning === STARTED) {
      this.#emit({ type: "speech_started", startMs: this.#segmenter.startMs, decidedMs });
    } else this.#emit({ type: "speech_ended", endMs: this.#segmenter.endMs, decidedMs });
  }

  /** Ends the speech now going on, at once: the caller stalled or hung up. */
  endSpeech(): void {
    if (this.#segmenter.end() === ENDED) this.#report(ENDED);
  }

  /** As new: position 0, nothing heard. `minSilenceMs` keeps its last value. */
  reset(): void {
    this.#decimator.reset();
    this.#detector.reset();
    this.#segmenter.reset();
    this.#filled = this.#clockMs = this.#absentMs = 0;
  }

  get #pendingMs(): number {
    const samples = this.#filled * this.#decimator.ratio + this.#decimator.waiting;
    return (samples * 1000) / this.options.sampleRateHz;
  }

  /** Milliseconds pushed since `reset`, absence included. */
  get positionMs(): number {
    return this.#clockMs + this.#absentMs + this.#pendingMs;
  }

  get speaking(): boolean {
    return this.#segmenter.speaking;
  }

  /** Silence counted while `speaking`, ms: after the hold, ambiguous hops in part. Else 0. */
  get silenceMs(): number {
    return this.#segmenter.silenceMs;
  }

  /** Silence that ends a turn; takes effect at the next hop. */
  get minSilenceMs(): number {
    return this.#segmenter.minSilenceMs;
  }

  set minSilenceMs(ms: number) {
    checkRange("minSilenceMs", ms, 20, 10000);
    this.#segmenter.minSilenceMs = ms;
  }

  /** Level of the last 30 ms between 200 and 4000 Hz; 0 dBFS is a full-scale square wave. */
  get levelDbfs(): number {
    return this.#detector.levelDbfs;
  }

  /** The noise floor on the same scale. */
  get floorDbfs(): number {
    return this.#detector.floorDbfs;
  }

  /** Floor plus the threshold's height, on the same scale; the bands are judged one by one. */
  get thresholdDbfs(): number {
    return this.#detector.floorDbfs + this.#detector.thresholdDb;
  }

  /** 0 at the floor, 0.5 at the threshold, 1 at twice its height and above; linear between. */
  get confidence(): number {
    return Math.min(1, this.#detector.heightDb / (2 * this.#detector.thresholdDb));
  }

  /** A look inside, for a page or a test. */
  toJSON(): Record<string, unknown> {
    const d = this.#detector;
    return {
      positionMs: this.positionMs,
      speaking: this.speaking,
      silenceMs: this.silenceMs,
      minSilenceMs: this.minSilenceMs,
      sampleRateHz: this.options.sampleRateHz,
      levelDbfs: d.levelDbfs,
      floorDbfs: d.floorDbfs,
      thresholdDbfs: this.thresholdDbfs,
      heightDb: d.heightDb,
      thresholdDb: d.thresholdDb,
      rangeDb: d.rangeDb,
      holdMs: d.holdMs,
      confidence: this.confidence,
      bandFloorsDbfs: d.floors.map((floor) => floor.floorDbfs),
      bandPeaksDbfs: Array.from(d.peaksDbfs),
    };
  }
}
