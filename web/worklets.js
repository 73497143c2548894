/**
 * The two ends that run on the audio thread: the microphone's frames out, the answer's samples in.
 *
 * Messages in to `earshot-play`: an `Int16Array` at the wire's rate, `{ mark }`, `{ clear: true }`.
 * Messages out of it: `{ heard }` (a mark) and, every 20 ms, `{ peak, playedSamples, … }`.
 * Messages out of `earshot-capture`: one `Int16Array` for each 20 ms at the wire's rate.
 *
 * @module
 */

import { FrameCollector, PlayQueue, Resampler } from "./playout.js";

const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

const FRAME_MS = 20;
const PREBUFFER_MS = 40;
const MAX_QUEUED_MS = 300_000;
const MAX_MARKS = 4096;

class Capture extends AudioWorkletProcessor {
  /** @param {{ processorOptions: { wireRateHz: number } }} options */
  constructor(options) {
    super();
    const { wireRateHz } = options.processorOptions;
    this.resampler = wireRateHz === sampleRate ? null : new Resampler(sampleRate, wireRateHz);
    this.collector = new FrameCollector(
      wireRateHz * FRAME_MS / 1000,
      (frame) => this.port.postMessage(frame),
    );
    this.stopped = false;
    this.port.onmessage = () => this.stopped = true;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const samples = inputs[0]?.[0];
    if (samples) this.collector.push(this.resampler ? this.resampler.process(samples) : samples);
    return !this.stopped;
  }
}

class Play extends AudioWorkletProcessor {
  /** @param {{ processorOptions: { wireRateHz: number } }} options */
  constructor(options) {
    super();
    const { wireRateHz } = options.processorOptions;
    this.resampler = wireRateHz === sampleRate ? null : new Resampler(wireRateHz, sampleRate);
    this.queue = new PlayQueue({
      maxQueuedSamples: sampleRate * MAX_QUEUED_MS / 1000,
      prebufferSamples: sampleRate * PREBUFFER_MS / 1000,
      maxMarks: MAX_MARKS,
    });
    this.sinceReport = 0;
    this.port.onmessage = (/** @type {MessageEvent} */ event) => this.take(event.data);
  }

  /** @param {any} message */
  take(message) {
    if (message instanceof Int16Array) this.queue.push(this.convert(message));
    else if (message.clear) {
      this.resampler?.reset();
      this.tell(this.queue.clear());
    } else this.tell(this.queue.mark(message.mark));
  }

  /** @param {Int16Array} pcm */
  convert(pcm) {
    if (!this.resampler) return pcm;
    const out = this.resampler.process(Float32Array.from(pcm));
    // An Int16Array wraps around at its ends; a filter may overshoot them.
    return Int16Array.from(out, (s) => Math.max(-32768, Math.min(32767, Math.round(s))));
  }

  /** @param {string[] | null} names */
  tell(names) {
    if (names) { for (const name of names) this.port.postMessage({ heard: name }); }
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const out = outputs[0]?.[0];
    if (!out) return true;
    this.tell(this.queue.pull(out));
    this.sinceReport += out.length;
    if (this.sinceReport >= sampleRate * FRAME_MS / 1000) {
      this.sinceReport -= sampleRate * FRAME_MS / 1000;
      const { playedSamples, queuedSamples, droppedSamples, underruns } = this.queue;
      const peak = this.queue.takePeak();
      this.port.postMessage({ peak, playedSamples, queuedSamples, droppedSamples, underruns });
    }
    return true;
  }
}

registerProcessor("earshot-capture", Capture);
registerProcessor("earshot-play", Play);
