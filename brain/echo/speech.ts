/**
 * The audio of an answer, made piece by piece in the output format.
 *
 * @module
 */

import type { Segment } from "./answer.ts";
import type { AudioClip } from "../realtime/clip.ts";
import { bytesFor, samplesIn } from "../realtime/formats.ts";
import { decodeInto, encodeInto } from "../../media/codec.ts";
import { type AudioFormat, bytesPerMs, sameFormat } from "../../media/format.ts";
import { Resampler } from "../../media/resampler.ts";
import type { EchoVoice } from "./settings.ts";
import { chime, renderTune, spokenTones, type Tune } from "./voice.ts";

/** Where audio comes from: pieces of about `ms`, and an empty one at the end. */
interface Source {
  readonly lengthMs: number;
  read(ms: number): Uint8Array;
}

/** Audio that needs no change: views of it, byte for byte. */
class Verbatim implements Source {
  readonly lengthMs: number;
  #at = 0;
  constructor(readonly clip: AudioClip) {
    this.lengthMs = clip.durationMs;
  }
  read(ms: number): Uint8Array {
    const from = this.#at;
    this.#at = Math.min(this.clip.byteLength, from + Math.round(ms) * bytesPerMs(this.clip.format));
    return this.clip.slice(from, this.#at);
  }
}

/** Audio in another format: decoded, resampled where the rates differ, encoded. */
class Converted implements Source {
  readonly lengthMs: number;
  readonly #to: AudioFormat;
  readonly #resampler: Resampler | undefined;
  #at = 0;
  #flushed = false;

  constructor(readonly clip: AudioClip, to: AudioFormat) {
    this.lengthMs = clip.durationMs;
    this.#to = to;
    const fromHz = clip.format.sampleRateHz;
    const toHz = to.sampleRateHz;
    this.#resampler = fromHz === toHz ? undefined : new Resampler({ fromHz, toHz });
  }

  read(ms: number): Uint8Array {
    const { format } = this.clip;
    const from = this.#at;
    this.#at = Math.min(this.clip.byteLength, from + Math.round(ms) * bytesPerMs(format));
    const bytes = this.clip.slice(from, this.#at);
    const pcm = new Int16Array(samplesIn(format, bytes.length));
    decodeInto(format, bytes, pcm);
    const resampler = this.#resampler;
    if (!resampler) return this.#encode(pcm);
    // The filter's own delay comes out at the end.
    const ending = this.#at >= this.clip.byteLength && !this.#flushed;
    const out = new Int16Array(
      resampler.outputCapacity(pcm.length) + (ending ? resampler.outputCapacity(0) : 0),
    );
    let written = resampler.process(pcm, out);
    if (ending) {
      written += resampler.flush(out.subarray(written));
      this.#flushed = true;
    }
    return this.#encode(out.subarray(0, written));
  }

  #encode(pcm: Int16Array): Uint8Array {
    const bytes = new Uint8Array(bytesFor(this.#to, pcm.length));
    encodeInto(this.#to, pcm, bytes);
    return bytes;
  }
}

/** Tones, rendered at the rate of the output. */
class Rendered implements Source {
  readonly lengthMs: number;
  #sample = 0;
  constructor(readonly tune: Tune, readonly to: AudioFormat) {
    this.lengthMs = tune.lengthMs;
  }
  read(ms: number): Uint8Array {
    const perMs = this.to.sampleRateHz / 1000;
    const left = Math.round(this.tune.lengthMs * perMs) - this.#sample;
    const pcm = new Int16Array(Math.min(left, Math.round(ms * perMs)));
    renderTune(this.tune, this.#sample, this.to.sampleRateHz, pcm);
    this.#sample += pcm.length;
    const bytes = new Uint8Array(bytesFor(this.to, pcm.length));
    encodeInto(this.to, pcm, bytes);
    return bytes;
  }
}

/** All the segments of an answer, one after the other. */
export class Speech {
  readonly lengthMs: number;
  readonly #sources: Source[];
  #current = 0;

  constructor(
    segments: readonly Segment[],
    to: AudioFormat,
    speed: number,
    voice: EchoVoice,
  ) {
    this.#sources = segments.map((segment): Source => {
      if (segment.kind === "chime") return new Rendered(chime(), to);
      if (segment.kind === "spoken") {
        const msPerChar = voice.msPerChar / speed;
        return new Rendered(spokenTones(segment.text, msPerChar, voice.maxSpokenMs), to);
      }
      return sameFormat(segment.clip.format, to)
        ? new Verbatim(segment.clip)
        : new Converted(segment.clip, to);
    });
    this.lengthMs = this.#sources.reduce((total, source) => total + source.lengthMs, 0);
  }

  /** The next piece, about `ms` long; empty when all is said. The caller may keep it. */
  read(ms: number): Uint8Array {
    while (this.#current < this.#sources.length) {
      const bytes = this.#sources[this.#current]!.read(ms);
      if (bytes.length > 0) return bytes;
      this.#current++;
    }
    return new Uint8Array(0);
  }
}
