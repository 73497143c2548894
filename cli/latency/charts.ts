/**
 * The pictures of the HTML report, drawn as SVG text.
 *
 * @module
 */

import { makeBars } from "./bars.ts";
import type { Point, StageSummary } from "./stats.ts";

const WIDTH = 840;
const HEIGHT = 230;
const LEFT = 46;
const RIGHT = 12;
const TOP = 22;
const BOTTOM = 26;
/** More dots than this only make the page heavy. */
const MAX_DOTS = 4000;

const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;

/** Bars by latency, with p50, p95 and p99 marked. */
export function histogramSvg(
  bins: readonly (readonly [number, number])[],
  stage: StageSummary,
): string {
  const bars = makeBars(bins, 48);
  const fromMs = bars[0]!.fromMs;
  const toMs = bars.at(-1)!.toMs;
  const most = Math.max(...bars.map(({ count }) => count));
  const x = (ms: number) => LEFT + (ms - fromMs) / (toMs - fromMs) * PLOT_WIDTH;
  const y = (count: number) => TOP + PLOT_HEIGHT * (1 - count / most);
  const rects = bars.filter(({ count }) => count > 0).map((bar) =>
    `<rect class="bar" x="${fix(x(bar.fromMs) + 0.5)}" y="${fix(y(bar.count))}" rx="1.5" width="${
      fix(Math.max(1, x(bar.toMs) - x(bar.fromMs) - 1))
    }" height="${fix(TOP + PLOT_HEIGHT - y(bar.count))}"><title>${bar.fromMs}–${bar.toMs} ms: ` +
    `${bar.count}</title></rect>`
  );
  return svg(
    `Histogram, p50 ${stage.p50Ms} ms, p95 ${stage.p95Ms} ms, p99 ${stage.p99Ms} ms`,
    ticks(0, most, 3).map((count) => gridLine(y(count), String(count))).join("") +
      ticks(fromMs, toMs, 8).map((ms) => label(x(ms), HEIGHT - 8, String(ms))).join("") +
      rects.join("") + percentileMarks(stage, x),
  );
}

/** One dot an answer, over the time of the test. */
export function timelineSvg(points: readonly Point[], totalMs: number, p50Ms: number): string {
  const step = Math.ceil(points.length / MAX_DOTS);
  const shown = points.filter((_, i) => i % step === 0);
  const most = Math.max(...shown.map(({ ms }) => ms)) * 1.05;
  const x = (ms: number) => LEFT + Math.min(1, ms / totalMs) * PLOT_WIDTH;
  const y = (ms: number) => TOP + PLOT_HEIGHT * (1 - ms / most);
  const dots = shown.map(({ atMs, ms }) =>
    `<circle class="dot" cx="${fix(x(atMs))}" cy="${fix(y(ms))}" r="2.5"/>`
  );
  return svg(
    `${points.length} answers over ${Math.round(totalMs / 1000)} seconds`,
    ticks(0, most, 4).map((ms) => gridLine(y(ms), `${ms}`)).join("") +
      ticks(0, totalMs / 1000, 8).map((s) => label(x(s * 1000), HEIGHT - 8, `${s} s`)).join("") +
      dots.join("") +
      `<line class="mark" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fix(y(p50Ms))}" y2="${
        fix(y(p50Ms))
      }"/>` +
      `<text class="mark" x="${WIDTH - RIGHT}" y="${
        fix(y(p50Ms) - 5)
      }" text-anchor="end">p50</text>`,
  );
}

/** Vertical lines; a label that would cover its neighbour is put together with it. */
function percentileMarks(stage: StageSummary, x: (ms: number) => number): string {
  const marks = [["p50", stage.p50Ms], ["p95", stage.p95Ms], ["p99", stage.p99Ms]] as const;
  let drawn = "";
  let lastX = -Infinity;
  let lastText = "";
  for (const [name, ms] of marks) {
    const at = x(ms);
    drawn += `<line class="mark" x1="${fix(at)}" x2="${fix(at)}" y1="${TOP}" y2="${
      TOP + PLOT_HEIGHT
    }"/>`;
    if (at - lastX < 34) {
      drawn = drawn.replace(`>${lastText}<`, `>${lastText}, ${name}<`);
      lastText = `${lastText}, ${name}`;
    } else {
      const anchor = at > WIDTH - RIGHT - 60 ? "end" : "middle";
      drawn += `<text class="mark" x="${fix(at)}" y="${
        TOP - 8
      }" text-anchor="${anchor}">${name}</text>`;
      lastText = name;
      lastX = at;
    }
  }
  return drawn;
}

/** Round numbers within a range, about `wanted` of them. */
function ticks(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-9)));
  const step = Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 1);
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

function gridLine(y: number, text: string): string {
  return `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fix(y)}" y2="${fix(y)}"/>` +
    `<text x="${LEFT - 8}" y="${fix(y + 4)}" text-anchor="end">${text}</text>`;
}

function label(x: number, y: number, text: string): string {
  return `<text x="${fix(x)}" y="${y}" text-anchor="middle">${text}</text>`;
}

function svg(title: string, body: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${body}</svg>`;
}

function fix(value: number): string {
  return value.toFixed(1);
}
