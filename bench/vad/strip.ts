/**
 * The strip: a stretch of a call with its signal, level, floor, threshold and decisions, to show
 * a person why the detector decided as it did.
 *
 * @module
 */

import { Vad } from "../../vad/vad.ts";
import type { Dialog } from "./dialogs.ts";
import { axes, line, type Panel, rect, svg, text, xAt, yAt } from "./plot.ts";

const SIGNAL = "#94a3b8";
const LEVEL = "#111827";
const FLOOR = "#0369a1";
const THRESHOLD = "#c2410c";
const TRUTH = "#16a34a";
const DECIDED = "#c2410c";

/** What the detector knew after each 10 ms. */
interface Trace {
  readonly level: [number, number][];
  readonly floor: [number, number][];
  readonly threshold: [number, number][];
  readonly segments: {
    startMs: number;
    startDecidedMs: number;
    endMs: number;
    endDecidedMs: number;
  }[];
}

function trace(dialog: Dialog, fromMs: number, toMs: number): Trace {
  const out: Trace = { level: [], floor: [], threshold: [], segments: [] };
  const vad = new Vad({}, (event) => {
    if (event.type === "speech_started") {
      const { startMs, decidedMs } = event;
      out.segments.push({ startMs, startDecidedMs: decidedMs, endMs: 1e9, endDecidedMs: 1e9 });
    } else {
      const last = out.segments[out.segments.length - 1]!;
      last.endMs = event.endMs;
      last.endDecidedMs = event.decidedMs;
    }
  });
  for (let at = 0; at + 80 <= dialog.pcm.length && vad.positionMs < toMs + 1000; at += 80) {
    vad.push(dialog.pcm.subarray(at, at + 80));
    const now = vad.positionMs;
    if (now < fromMs || now > toMs) continue;
    out.level.push([now / 1000, vad.levelDbfs]);
    // Floor and threshold move slowly: half the points say as much in half the bytes.
    if (now % 20 !== 0) continue;
    out.floor.push([now / 1000, vad.floorDbfs]);
    out.threshold.push([now / 1000, vad.thresholdDbfs]);
  }
  return out;
}

/** Draws `lengthMs` of a call. */
export function stripSvg(dialog: Dialog, fromMs: number, lengthMs: number): string {
  const toMs = fromMs + lengthMs;
  const x: [number, number] = [fromMs / 1000, toMs / 1000];
  const wave: Panel = { left: 60, top: 66, width: 1020, height: 90, x, y: [-1, 1] };
  const levels: Panel = { left: 60, top: 186, width: 1020, height: 210, x, y: [-70, 0] };
  const bars: Panel = { left: 60, top: 426, width: 1020, height: 56, x, y: [0, 2] };
  const seen = trace(dialog, fromMs, toMs);
  const snr = dialog.snrDb === Infinity ? "clean" : `${dialog.noise}, ${dialog.snrDb} dB SNR`;
  const parts = [
    text(20, 28, "Why it decided: one stretch of a call", { size: 16, colour: "#111" }),
    text(20, 47, `${snr}, speech at ${dialog.levelDbov} dBov, through µ-law`),
  ];

  // Decisions first, pale, behind all panels: where an agent would think the caller speaks.
  for (const s of seen.segments) {
    const from = Math.max(fromMs, s.startDecidedMs) / 1000;
    const to = Math.min(toMs, s.endDecidedMs) / 1000;
    if (to <= from) continue;
    const left = xAt(wave, from);
    parts.push(rect(left, wave.top, xAt(wave, to) - left, 416, "#ffedd5"));
  }

  const seconds = Array.from(
    { length: Math.floor(x[1]) - Math.ceil(x[0]) + 1 },
    (_, i) => Math.ceil(x[0]) + i,
  );
  parts.push(axes(wave, [], []), waveform(dialog, wave, fromMs, toMs));
  parts.push(axes(levels, seconds, [-70, -60, -50, -40, -30, -20, -10, 0], { x: " s" }));
  parts.push(line(levels, seen.level, LEVEL, 1.2));
  parts.push(line(levels, seen.floor, FLOOR, 1.8));
  parts.push(line(levels, seen.threshold, THRESHOLD, 1.8, "5 3"));

  for (const s of dialog.spans) bar(parts, bars, s.startMs, s.endMs, fromMs, toMs, 1.15, TRUTH);
  for (const s of seen.segments) bar(parts, bars, s.startMs, s.endMs, fromMs, toMs, 0.15, DECIDED);
  parts.push(text(54, yAt(bars, 1.4), "truth", { size: 11, anchor: "end", colour: TRUTH }));
  parts.push(text(54, yAt(bars, 0.4), "heard", { size: 11, anchor: "end", colour: DECIDED }));
  parts.push(text(54, 115, "signal", { size: 11, anchor: "end" }));
  const legend: [string, string][] = [
    ["level", LEVEL],
    ["noise floor", FLOOR],
    ["threshold", THRESHOLD],
    ["shaded: speech, as known at the time", "#b45309"],
  ];
  let at = 620;
  for (const [words, colour] of legend) {
    parts.push(text(at, 47, words, { size: 12, colour }));
    at += words.length * 6.4 + 18;
  }
  return svg(1100, 500, parts);
}

function bar(
  parts: string[],
  panel: Panel,
  startMs: number,
  endMs: number,
  fromMs: number,
  toMs: number,
  y: number,
  colour: string,
): void {
  const from = Math.max(fromMs, startMs) / 1000;
  const to = Math.min(toMs, endMs) / 1000;
  if (to <= from) return;
  const left = xAt(panel, from);
  parts.push(rect(left, yAt(panel, y + 0.7), xAt(panel, to) - left, panel.height * 0.35, colour));
}

/** Highest and lowest sample of each pixel column as one closed path. */
function waveform(dialog: Dialog, panel: Panel, fromMs: number, toMs: number): string {
  const columns = panel.width;
  const each = ((toMs - fromMs) * 8) / columns;
  const upper: string[] = [];
  const lower: string[] = [];
  let loudest = 1;
  for (let i = fromMs * 8; i < toMs * 8; i++) {
    loudest = Math.max(loudest, Math.abs(dialog.pcm[i] ?? 0));
  }
  for (let c = 0; c < columns; c++) {
    let low = 0, high = 0;
    for (let i = 0; i < each; i++) {
      const sample = dialog.pcm[Math.floor(fromMs * 8 + c * each + i)] ?? 0;
      if (sample < low) low = sample;
      if (sample > high) high = sample;
    }
    upper.push(`${panel.left + c},${yAt(panel, high / loudest)}`);
    lower.push(`${panel.left + c},${yAt(panel, low / loudest)}`);
  }
  return `<polygon points="${upper.join(" ")} ${lower.reverse().join(" ")}" fill="${SIGNAL}"/>`;
}
