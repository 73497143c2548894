// @ts-check
/**
 * A scrolling waveform of one side: one bar for each 40 ms, the newest at the right.
 *
 * @module
 */

import { colour, onSchemeChange, reducedMotion } from "./dom.js";

const PEAKS_PER_BAR = 2;
const BAR_PX = 2;
const GAP_PX = 1;
/** 1,024 bars of 40 ms: wider than any screen draws. */
const HISTORY_BARS = 1024;
/** With reduced motion the picture is renewed this seldom instead of flowing. */
const CALM_REDRAW_MS = 1000;

export class Scope {
  #bars = new Float32Array(HISTORY_BARS);
  #count = 0;
  #open = 0;
  #openPeaks = 0;
  #dirty = true;
  #drawnAtMs = -Infinity;
  #colour = "";
  #quiet = "";

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {string} colourName A variable of colours.css.
   */
  constructor(canvas, colourName) {
    this.canvas = canvas;
    const readColours = () => {
      this.#colour = colour(colourName);
      this.#quiet = colour("--line-strong");
      this.#dirty = true;
    };
    readColours();
    onSchemeChange(readColours);
    new ResizeObserver(() => this.#dirty = true).observe(canvas);
  }

  /** @param {number} peak The loudest sample of 20 ms, 0 to 1. */
  push(peak) {
    if (peak > this.#open) this.#open = peak;
    if (++this.#openPeaks < PEAKS_PER_BAR) return;
    this.#bars[this.#count % HISTORY_BARS] = this.#open;
    this.#count++;
    this.#open = this.#openPeaks = 0;
    this.#dirty = true;
  }

  reset() {
    this.#bars.fill(0);
    this.#dirty = true;
  }

  /** Draws if something changed. @param {number} nowMs */
  draw(nowMs) {
    if (!this.#dirty) return;
    if (reducedMotion.matches && nowMs - this.#drawnAtMs < CALM_REDRAW_MS) return;
    const { canvas } = this;
    const widthPx = canvas.clientWidth;
    const heightPx = canvas.clientHeight;
    if (widthPx === 0) return;
    this.#dirty = false;
    this.#drawnAtMs = nowMs;
    const scale = devicePixelRatio;
    if (canvas.width !== Math.round(widthPx * scale)) canvas.width = Math.round(widthPx * scale);
    if (canvas.height !== Math.round(heightPx * scale)) {
      canvas.height = Math.round(heightPx * scale);
    }
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, widthPx, heightPx);
    const middle = heightPx / 2;
    const shown = Math.min(HISTORY_BARS, Math.floor(widthPx / (BAR_PX + GAP_PX)));
    for (let i = 0; i < shown; i++) {
      const index = this.#count - 1 - i;
      const peak = index < 0 ? 0 : /** @type {number} */ (this.#bars[index % HISTORY_BARS]);
      // The square root lets quiet speech be seen beside loud.
      const half = Math.max(0.75, Math.sqrt(peak) * (middle - 1));
      pen.fillStyle = peak > 0.004 ? this.#colour : this.#quiet;
      pen.fillRect(widthPx - (i + 1) * (BAR_PX + GAP_PX), middle - half, BAR_PX, half * 2);
    }
  }
}

/** @param {Int16Array} frame @returns {number} 0 to 1 */
export function peakOf(frame) {
  let peak = 0;
  for (let i = 0; i < frame.length; i++) {
    const sample = /** @type {number} */ (frame[i]);
    const size = sample < 0 ? -sample : sample;
    if (size > peak) peak = size;
  }
  return peak / 32768;
}
