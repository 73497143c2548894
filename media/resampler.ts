/**
 * Streaming sample-rate conversion between 8, 16, 24 and 48 kHz, mono, 16 bits.
 *
 * A polyphase Kaiser-windowed filter (resampler_filter.ts) run by a SIMD loop (resampler_kernel.ts).
 * A stream may be cut into frames of any size: the output is bit for bit that of one long frame.
 *
 * @module
 */

import { SAMPLE_RATES_HZ, type SampleRateHz } from "./format.ts";
import { convolve, OUTPUT_AT, scratchFloats, WINDOW_AT } from "./resampler_kernel.ts";
import { type ResamplerRows, resamplerRows } from "./resampler_rows.ts";

/** What a {@link Resampler} is made from. */
export interface ResamplerOptions {
  readonly fromHz: SampleRateHz;
  readonly toHz: SampleRateHz;
  /** A longer input is refused with a RangeError, as a guard. Default: any length is taken. */
  readonly maxInputSamples?: number;
}

/**
 * Inputs filtered at a time; longer frames go in parts. Times 6, the steepest ratio up, that is
 * 5,760 outputs: within the kernel's 16,384, as the inputs and 239 past ones are within its 8,192.
 */
const PART_SAMPLES = 960;
const WINDOW = WINDOW_AT / 4;
const OUTPUT = OUTPUT_AT / 4;

/**
 * Converts one mono stream from one rate to another.
 *
 * **Counts and time.** Output sample 0 belongs to the instant of input sample 0: the filter's delay
 * is made up for by writing less at first, never by leading silence. So the first calls write fewer
 * samples than the ratio says ({@link delayMs} fewer), then exactly the ratio, and after
 * {@link flush} a stream of n samples has become `Math.ceil(n * toHz / fromHz)`.
 *
 * Results are rounded to the nearest (halves upwards) and clip at −32768 and 32767.
 *
 * Equal rates copy.
 *
 * @example
 * ```ts
 * const resampler = new Resampler({ fromHz: 8000, toHz: 24000 });
 * const out = new Int16Array(resampler.outputCapacity(160));
 * const written = resampler.process(frame, out); // use out.subarray(0, written)
 * const rest = resampler.flush(out); // at the end of the stream
 * ```
 */
export class Resampler {
  readonly fromHz: SampleRateHz;
  readonly toHz: SampleRateHz;
  /** How far the newest output lies behind the newest input: 0 for equal rates. */
  readonly delayMs: number;
  readonly #maxInputSamples: number;
  readonly #rows: ResamplerRows | null;
  /** The last samples of the stream so far, as many as the filter looks back. */
  readonly #past: Float32Array;
  /** How many inputs are still to come before the newest one that the next output needs. */
  #ahead = 0;
  /** Which row of taps the next output needs. */
  #phase = 0;

  /** @throws {RangeError} For a rate that is not 8000, 16000, 24000 or 48000, or a bad maximum. */
  constructor({ fromHz, toHz, maxInputSamples }: ResamplerOptions) {
    for (const [name, rateHz] of [["fromHz", fromHz], ["toHz", toHz]] as const) {
      if (!SAMPLE_RATES_HZ.includes(rateHz)) {
        throw new RangeError(
          `Cannot resample: ${name} is ${rateHz}, needs one of ${SAMPLE_RATES_HZ.join(", ")}`,
        );
      }
    }
    if (maxInputSamples !== undefined && !(maxInputSamples >= 1)) {
      throw new RangeError(
        `Cannot resample: maxInputSamples is ${maxInputSamples}, needs at least 1`,
      );
    }
    this.fromHz = fromHz;
    this.toHz = toHz;
    this.#maxInputSamples = maxInputSamples ?? Infinity;
    this.#rows = fromHz === toHz ? null : resamplerRows(fromHz, toHz);
    this.#past = new Float32Array(this.#rows ? this.#rows.taps - 1 : 0);
    this.delayMs = this.#rows ? (this.#rows.centre * 1000) / (fromHz * this.#rows.up) : 0;
    this.reset();
  }

  /** Samples that a call with `inputSamples` can write at most; enough for {@link flush} too. */
  outputCapacity(inputSamples: number): number {
    if (!this.#rows) return inputSamples;
    const { up, down, centre } = this.#rows;
    return Math.max(Math.ceil((inputSamples * up) / down), Math.ceil(centre / down));
  }

  /**
   * Takes the next part of the stream, of any length, and writes what can be known by now.
   *
   * @param input Mono samples.
   * @param out Receives samples; {@link outputCapacity} is always enough. Must not be `input`.
   * @returns Samples written.
   * @throws {RangeError} If `out` is too short or `input` too long; the stream is then as before.
   */
  process(input: Int16Array, out: Int16Array): number {
    this.#check(input.length, out.length);
    if (!this.#rows) {
      out.set(input);
      return input.length;
    }
    const windowNew = WINDOW + this.#past.length;
    let written = 0;
    for (let from = 0; from < input.length; from += PART_SAMPLES) {
      const samples = Math.min(PART_SAMPLES, input.length - from);
      for (let i = 0; i < samples; i++) scratchFloats[windowNew + i] = input[from + i]! / 32768;
      const made = this.#filter(this.#rows, samples);
      this.#advance(this.#rows, samples, made);
      storePcm16(out, written, made);
      written += made;
    }
    return written;
  }

  /**
   * Ends the stream: writes what the filter still holds, as if silence followed, then resets.
   *
   * @returns Samples written: about {@link delayMs} worth.
   * @throws {RangeError} If `out` is too short; nothing is lost then.
   */
  flush(out: Int16Array): number {
    const rows = this.#rows;
    if (!rows) return 0;
    // Outputs up to the last input's instant: those within the filter's delay of the end.
    const { up, down, centre } = rows;
    const due = Math.max(0, Math.ceil((centre - this.#ahead * up - this.#phase) / down));
    if (out.length < due) {
      throw new RangeError(`Cannot flush: out holds ${out.length} samples, needs ${due}`);
    }
    const windowNew = WINDOW + this.#past.length;
    scratchFloats.fill(0, windowNew, windowNew + PART_SAMPLES);
    this.#filter(rows, PART_SAMPLES);
    storePcm16(out, 0, due);
    this.reset();
    return due;
  }

  /** Forgets the stream: what the filter holds is dropped, and the next sample is a first one. */
  reset(): void {
    this.#past.fill(0);
    if (!this.#rows) return;
    this.#ahead = Math.floor(this.#rows.centre / this.#rows.up);
    this.#phase = this.#rows.centre % this.#rows.up;
  }

  #check(inputSamples: number, outSamples: number): void {
    if (inputSamples > this.#maxInputSamples) {
      throw new RangeError(
        `Cannot resample: input has ${inputSamples} samples, may have ${this.#maxInputSamples}`,
      );
    }
    const needs = this.#rows ? this.#dueAfter(this.#rows, inputSamples) : inputSamples;
    if (outSamples < needs) {
      throw new RangeError(`Cannot resample: out holds ${outSamples} samples, needs ${needs}`);
    }
  }

  /** Outputs whose last input is among the next `samples`. */
  #dueAfter({ up, down }: ResamplerRows, samples: number): number {
    return Math.max(0, Math.ceil(((samples - this.#ahead) * up - this.#phase) / down));
  }

  /** Filters the window, whose new `samples` the caller has set; returns the outputs made. */
  #filter(rows: ResamplerRows, samples: number): number {
    const past = this.#past;
    for (let i = 0; i < past.length; i++) scratchFloats[WINDOW + i] = past[i]!;
    const made = this.#dueAfter(rows, samples);
    if (made > 0) {
      convolve(
        WINDOW_AT + this.#ahead * 4,
        rows.address + this.#phase * rows.rowStrideBytes,
        OUTPUT_AT,
        OUTPUT_AT + made * 4,
        rows.taps * 4,
      );
    }
    return made;
  }

  /** Moves on by `samples` inputs and `made` outputs. */
  #advance({ up, down }: ResamplerRows, samples: number, made: number): void {
    const past = this.#past;
    for (let i = 0; i < past.length; i++) past[i] = scratchFloats[WINDOW + samples + i]!;
    const position = this.#phase + made * down;
    this.#ahead += Math.floor(position / up) - samples;
    this.#phase = position % up;
  }
}

function storePcm16(out: Int16Array, at: number, samples: number): void {
  for (let i = 0; i < samples; i++) {
    // Truncating a positive number is the cheapest way to round down: for 480 samples 670 instead of
    // 940 ns by Math.floor on Bun 1.4.5.
    const raised = scratchFloats[OUTPUT + i]! * 32768 + 32768.5;
    out[at + i] = ((raised < 0 ? 0 : raised > 65535 ? 65535 : raised) | 0) - 32768;
  }
}
