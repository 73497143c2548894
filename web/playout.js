/**
 * What the two audio worklets are made of, with nothing of the browser in it: a queue that plays
 * and knows what was played, a collector of 20 ms frames, and a resampler for the sound cards
 * whose rate the wire does not speak (44.1 kHz, mostly).
 *
 * @module
 */

/**
 * Audio that waits to be played, and the marks that stand in it.
 *
 * Positions are counted in samples since the queue was made. A mark is heard as soon as the number
 * of played samples reaches the number that had been written when the mark came.
 */
export class PlayQueue {
  /**
   * @param {object} limits
   * @param {number} limits.maxQueuedSamples What comes when so much is waiting is dropped.
   * @param {number} limits.prebufferSamples Playing begins when so much waits, or as much time has
   *   passed since the first of it came: one late packet is then not heard as a gap.
   * @param {number} limits.maxMarks More marks than this wait for nothing: the oldest is let go.
   */
  constructor({ maxQueuedSamples, prebufferSamples, maxMarks }) {
    this.maxQueuedSamples = maxQueuedSamples;
    this.prebufferSamples = prebufferSamples;
    this.maxMarks = maxMarks;
    /** @type {Int16Array[]} */
    this.chunks = [];
    this.headOffset = 0;
    this.queuedSamples = 0;
    this.playedSamples = 0;
    this.droppedSamples = 0;
    /** Times the queue ran dry with no mark at its end: the network, not the end of an answer. */
    this.underruns = 0;
    this.peak = 0;
    /** @type {{ name: string, atSample: number }[]} */
    this.marks = [];
    this.started = false;
    this.waitedSamples = 0;
    this.tail = 0;
    this.sinceMark = false;
  }

  /** @param {Int16Array} pcm Mono samples, kept until they are played. */
  push(pcm) {
    if (pcm.length === 0) return;
    if (this.queuedSamples + pcm.length > this.maxQueuedSamples) {
      this.droppedSamples += pcm.length;
      return;
    }
    this.chunks.push(pcm);
    this.queuedSamples += pcm.length;
    this.sinceMark = true;
  }

  /**
   * @param {string} name
   * @returns {string[]} Marks to be told as heard at once: this one, when nothing waits before it.
   */
  mark(name) {
    this.sinceMark = false;
    if (this.queuedSamples === 0) return [name];
    this.marks.push({ name, atSample: this.playedSamples + this.queuedSamples });
    if (this.marks.length > this.maxMarks) return [/** @type {any} */ (this.marks.shift()).name];
    return [];
  }

  /** Drops everything. @returns {string[]} The marks that waited, in order. */
  clear() {
    const names = this.marks.map((mark) => mark.name);
    this.chunks.length = 0;
    this.marks.length = 0;
    this.headOffset = 0;
    this.queuedSamples = 0;
    this.started = false;
    this.waitedSamples = 0;
    this.sinceMark = false;
    return names;
  }

  /**
   * Fills `out` with the next samples, and with a short fade to silence when there are none.
   *
   * @param {Float32Array} out
   * @returns {string[] | null} The marks that were reached, in order; null (and no array made) when
   *   there were none, which is nearly always.
   */
  pull(out) {
    let written = 0;
    if (!this.started && this.queuedSamples > 0) {
      this.waitedSamples += out.length;
      this.started = this.queuedSamples >= this.prebufferSamples ||
        this.waitedSamples > this.prebufferSamples || this.marks.length > 0;
    }
    if (this.started) {
      while (written < out.length && this.queuedSamples > 0) {
        const chunk = /** @type {Int16Array} */ (this.chunks[0]);
        const take = Math.min(out.length - written, chunk.length - this.headOffset);
        for (let i = 0; i < take; i++) {
          const sample = /** @type {number} */ (chunk[this.headOffset + i]) / 32768;
          out[written + i] = sample;
          const size = sample < 0 ? -sample : sample;
          if (size > this.peak) this.peak = size;
        }
        written += take;
        this.headOffset += take;
        this.queuedSamples -= take;
        if (this.headOffset === chunk.length) {
          this.chunks.shift();
          this.headOffset = 0;
        }
      }
      this.playedSamples += written;
      if (written > 0) this.tail = /** @type {number} */ (out[written - 1]);
      if (written < out.length) {
        if (this.sinceMark) this.underruns++;
        this.started = false;
        this.waitedSamples = 0;
        this.sinceMark = false;
      }
    }
    // A cut in the middle of a wave clicks; 0.97 a sample falls to a hundredth in 3 ms at 48 kHz.
    for (let i = written; i < out.length; i++) {
      this.tail *= 0.97;
      out[i] = this.tail;
    }
    let reached = 0;
    while (
      reached < this.marks.length &&
      /** @type {any} */ (this.marks[reached]).atSample <= this.playedSamples
    ) reached++;
    return reached === 0 ? null : this.marks.splice(0, reached).map((mark) => mark.name);
  }

  /** The loudest sample since this was last asked, 0 to 1. */
  takePeak() {
    const peak = this.peak;
    this.peak = 0;
    return peak;
  }
}

/** Gathers samples into frames of PCM16. */
export class FrameCollector {
  /**
   * @param {number} frameSamples
   * @param {(frame: Int16Array) => void} onFrame The frame is reused: copy it (a `postMessage` does).
   */
  constructor(frameSamples, onFrame) {
    this.frame = new Int16Array(frameSamples);
    this.filled = 0;
    this.onFrame = onFrame;
  }

  /** @param {Float32Array} samples Mono, full scale ±1; what is louder is clipped. */
  push(samples) {
    for (let i = 0; i < samples.length; i++) {
      const scaled = Math.round(/** @type {number} */ (samples[i]) * 32767);
      this.frame[this.filled++] = scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
      if (this.filled === this.frame.length) {
        this.filled = 0;
        this.onFrame(this.frame);
      }
    }
  }
}

const HALF_TAPS = 16;
const PHASES = 256;

/**
 * Resamples a stream by any ratio: a sinc of 32 taps under a Blackman window, from a table of 256
 * phases. Remembers the end of one block for the beginning of the next, so blocks join without a
 * click. Its delay is 16 input samples.
 */
export class Resampler {
  /**
   * @param {number} fromHz
   * @param {number} toHz
   */
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    // Going down, the filter's edge moves below the new Nyquist frequency.
    const cutoff = Math.min(1, toHz / fromHz) * 0.94;
    this.table = new Float32Array((PHASES + 1) * HALF_TAPS * 2);
    for (let phase = 0; phase <= PHASES; phase++) {
      let sum = 0;
      const row = phase * HALF_TAPS * 2;
      for (let tap = 0; tap < HALF_TAPS * 2; tap++) {
        const x = tap - (HALF_TAPS - 1) - phase / PHASES;
        const angle = Math.PI * cutoff * x;
        const sinc = x === 0 ? 1 : Math.sin(angle) / angle;
        const turn = Math.PI * (x / HALF_TAPS);
        const window = 0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
        sum += this.table[row + tap] = sinc * window;
      }
      // Each phase passes a constant unchanged: no ripple at the rate of the phases.
      for (let tap = 0; tap < HALF_TAPS * 2; tap++) {
        this.table[row + tap] = /** @type {number} */ (this.table[row + tap]) / sum;
      }
    }
    this.reset();
  }

  /** Forgets what was heard, as on the first day. */
  reset() {
    this.history = new Float32Array(HALF_TAPS * 2 - 1);
    this.position = 0;
  }

  /**
   * @param {Float32Array} input
   * @returns {Float32Array} A new array: this runs on the odd sound card only.
   */
  process(input) {
    const past = /** @type {Float32Array} */ (this.history);
    const line = new Float32Array(past.length + input.length);
    line.set(past);
    line.set(input, past.length);
    const last = line.length - HALF_TAPS * 2;
    const position = /** @type {number} */ (this.position);
    const count = position > last ? 0 : Math.floor((last - position) / this.step) + 1;
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const at = position + i * this.step;
      const start = Math.floor(at);
      const row = Math.round((at - start) * PHASES) * HALF_TAPS * 2;
      let sum = 0;
      for (let tap = 0; tap < HALF_TAPS * 2; tap++) {
        sum += /** @type {number} */ (line[start + tap]) *
          /** @type {number} */ (this.table[row + tap]);
      }
      out[i] = sum;
    }
    const next = position + count * this.step;
    const keepFrom = Math.min(Math.floor(next), line.length - (HALF_TAPS * 2 - 1));
    this.history = line.slice(keepFrom);
    this.position = next - keepFrom;
    return out;
  }
}
