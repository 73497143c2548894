// @ts-check
/**
 * Lines over time, by uPlot, in the page's colours. The library is fetched when it is first needed:
 * the Talk view does without it.
 *
 * @module
 */

import { colour, isNumber, make } from "./dom.js";

const HEIGHT_PX = 220;
const MIN_WIDTH_PX = 200;
/** A chart that has just begun is not stretched over the whole width. */
const MIN_SPAN_S = 60;
/** Whole numbers only: there is no half call. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000];

/**
 * @typedef {object} ChartLine
 * @property {string} label
 * @property {string} colourName A variable of colours.css.
 * @property {string} [fillName] The same, for the area below.
 * @property {boolean} [stepped] For counts: a slope between two of them would be an invention.
 */

/**
 * @typedef {object} ChartOptions
 * @property {ChartLine[]} lines
 * @property {string} unit Written behind each value.
 * @property {() => (number | null)[][]} data Seconds of the epoch, then one column a line.
 */

/** @returns {Promise<void>} */
export function loadCharts() {
  return new Promise((resolve, reject) => {
    const script = make("script", {
      src: "/assets/uplot.js",
      onload: () => resolve(),
      onerror: reject,
    });
    document.head.append(make("link", { rel: "stylesheet", href: "/assets/uplot.css" }), script);
  });
}

export class Chart {
  #plot;

  /**
   * @param {HTMLElement} box
   * @param {ChartOptions} options
   */
  constructor(box, options) {
    this.box = box;
    this.options = options;
    this.#plot = this.#draw();
    this.refresh();
  }

  /** Draws anew, as in the colours of the other scheme. */
  restyle() {
    this.#plot.destroy();
    this.#plot = this.#draw();
    this.refresh();
  }

  resize() {
    this.#plot.setSize({ width: this.#widthPx(), height: HEIGHT_PX });
    this.#tellNewest();
  }

  /** Takes up what `options.data` now gives. */
  refresh() {
    this.#plot.setData(this.options.data());
    this.#tellNewest();
  }

  /** Without a pointer on the chart, its legend tells the newest values. */
  #tellNewest() {
    // uPlot draws in a microtask, and empties the legend as it does: hence after it.
    requestAnimationFrame(() => {
      const newest = this.#plot.data[0].length - 1;
      if (newest >= 0 && !(this.#plot.cursor.left >= 0)) this.#plot.setLegend({ idx: newest });
    });
  }

  #widthPx() {
    return Math.max(MIN_WIDTH_PX, this.box.clientWidth);
  }

  #draw() {
    const { uPlot } = /** @type {any} */ (globalThis);
    const { lines, unit, data } = this.options;
    const axis = {
      stroke: colour("--muted"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(document.body).fontFamily}`,
    };
    const series = lines.map(({ label, colourName, fillName, stepped }) => ({
      label,
      width: 2,
      stroke: colour(colourName),
      fill: fillName && colour(fillName),
      paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: false },
      value: (/** @type {unknown} */ _, /** @type {number | null} */ value) =>
        isNumber(value) ? `${Math.round(value)}${unit}` : "–",
    }));
    const time = {
      label: "at",
      value: (/** @type {unknown} */ _, /** @type {number | null} */ atS) => clockText(atS),
    };
    return new uPlot(
      {
        width: this.#widthPx(),
        height: HEIGHT_PX,
        series: [time, ...series],
        axes: [
          {
            ...axis,
            space: 76,
            size: 30,
            values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) =>
              ticks.map(clockText),
          },
          { ...axis, size: 46, incrs: WHOLE_STEPS },
        ],
        scales: { x: { range: timeRange }, y: { range: valueRange } },
        cursor: { drag: { x: false, y: false } },
      },
      data(),
      this.box,
    );
  }
}

/** @param {unknown} _ @param {number | null} first @param {number | null} last */
function timeRange(_, first, last) {
  const end = last ?? Date.now() / 1000;
  return [Math.min(first ?? end, end - MIN_SPAN_S), end];
}

/**
 * Room above the highest line, and a scale even before there is one.
 *
 * @param {unknown} _
 * @param {number | null} _least
 * @param {number | null} most
 */
function valueRange(_, _least, most) {
  return [0, !most || most <= 0 ? 4 : most * 1.15];
}

/** @param {number | null} atS */
function clockText(atS) {
  return isNumber(atS) ? new Date(atS * 1000).toTimeString().slice(0, 8) : "–";
}
