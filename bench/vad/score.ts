/**
 * Scores a detector's segments against the truth. Each measure is defined in README.md.
 *
 * @module
 */

import type { Segment } from "./detectors.ts";
import type { Dialog } from "./dialogs.ts";
import { lengthMs } from "./dialogs.ts";
import type { Span } from "./truth.ts";

/** Pauses up to this belong to one turn; a detector may split there or not. */
const TURN_PAUSE_MS = 350;
/** An end decided in mid-turn is forgiven when a true pause at least this long called for it. */
const FORGIVEN_PAUSE_MS = 180;
/** A turn is handled well when its start is known this soon ... */
const OK_ONSET_MS = 300;
/** ... and its end this soon. */
const OK_END_MS = 500;

/** The sums from which the table is made. */
export class Score {
  truePositive = 0;
  falsePositive = 0;
  falseNegative = 0;
  livePositive = 0;
  liveFalsePositive = 0;
  liveFalseNegative = 0;
  turns = 0;
  found = 0;
  cut = 0;
  ok = 0;
  falseTriggers = 0;
  nonSpeechMs = 0;
  #hops = 0;
  readonly onsetsMs: number[] = [];
  readonly endsMs: number[] = [];

  /** Adds one call. */
  add(dialog: Dialog, segments: readonly Segment[]): void {
    this.#addHops(dialog, segments);
    const turns = turnsOf(dialog.spans);
    let speechMs = 0;
    for (let t = 0; t < turns.length; t++) {
      const turn = turns[t]!;
      speechMs += turn.endMs - turn.startMs;
      this.#addTurn(turn, turns[t + 1]?.startMs ?? Infinity, dialog.spans, segments);
    }
    this.nonSpeechMs += lengthMs(dialog) - speechMs;
    for (const s of segments) {
      const heard = turns.some((t) => s.startMs < t.endMs + 50 && s.endMs > t.startMs - 50);
      if (!heard) this.falseTriggers++;
    }
  }

  #addTurn(turn: Span, nextMs: number, spans: readonly Span[], segments: readonly Segment[]): void {
    this.turns++;
    const own = segments.filter((s) =>
      s.startMs < turn.endMs && s.endMs > turn.startMs && s.startDecidedMs < turn.endMs + 100
    );
    const first = own[0];
    const last = own[own.length - 1];
    if (!first || !last) return;
    this.found++;
    const onsetMs = first.startDecidedMs - turn.startMs;
    const cut = own.some((s) =>
      s.endDecidedMs < turn.endMs && !pauseBefore(spans, s.endMs, s.endDecidedMs)
    );
    if (cut) this.cut++;
    // A segment begun before the turn, or run on into the next, has no delay of its own.
    const fresh = first.startMs > turn.startMs - 200;
    if (fresh) this.onsetsMs.push(onsetMs);
    const ended = last.endDecidedMs < nextMs;
    const endMs = last.endDecidedMs - turn.endMs;
    if (ended && endMs > 0) this.endsMs.push(endMs);
    if (fresh && ended && !cut && onsetMs <= OK_ONSET_MS && endMs > 0 && endMs <= OK_END_MS) {
      this.ok++;
    }
  }

  #addHops(dialog: Dialog, segments: readonly Segment[]): void {
    const hops = Math.floor(lengthMs(dialog) / 10);
    this.#hops += hops;
    const truth = new Uint8Array(hops);
    paint(truth, dialog.spans.map((s) => [s.startMs, s.endMs]), 1);
    const dated = new Uint8Array(hops);
    paint(dated, segments.map((s) => [s.startMs, s.endMs]), 1);
    const live = new Uint8Array(hops);
    paint(live, segments.map((s) => [s.startDecidedMs, s.endDecidedMs]), 1);
    for (let h = 0; h < hops; h++) {
      if (truth[h]) {
        dated[h] ? this.truePositive++ : this.falseNegative++;
        live[h] ? this.livePositive++ : this.liveFalseNegative++;
      } else {
        if (dated[h]) this.falsePositive++;
        if (live[h]) this.liveFalsePositive++;
      }
    }
  }

  /** Noise hops taken for speech and speech hops found, both %. */
  rates(): [number, number] {
    const speech = this.truePositive + this.falseNegative;
    return [
      (100 * this.falsePositive) / Math.max(1, this.#hops - speech),
      (100 * this.truePositive) / Math.max(1, speech),
    ];
  }

  /** The row of the table. */
  row(): Row {
    const f1 = (tp: number, fp: number, fn: number) => (200 * tp) / Math.max(1, 2 * tp + fp + fn);
    return {
      f1: f1(this.truePositive, this.falsePositive, this.falseNegative),
      liveF1: f1(this.livePositive, this.liveFalsePositive, this.liveFalseNegative),
      onsetP50Ms: percentile(this.onsetsMs, 0.5),
      onsetP95Ms: percentile(this.onsetsMs, 0.95),
      endP50Ms: percentile(this.endsMs, 0.5),
      endP95Ms: percentile(this.endsMs, 0.95),
      missedPercent: 100 * (1 - this.found / Math.max(1, this.turns)),
      cutPercent: (100 * this.cut) / Math.max(1, this.turns),
      falsePerMin: this.falseTriggers / Math.max(1 / 60, this.nonSpeechMs / 60000),
      okPercent: (100 * this.ok) / Math.max(1, this.turns),
    };
  }
}

/** One detector under one condition. */
export interface Row {
  readonly f1: number;
  readonly liveF1: number;
  readonly onsetP50Ms: number;
  readonly onsetP95Ms: number;
  readonly endP50Ms: number;
  readonly endP95Ms: number;
  readonly missedPercent: number;
  readonly cutPercent: number;
  readonly falsePerMin: number;
  readonly okPercent: number;
}

/** Spans closer than 350 ms are one turn. */
function turnsOf(spans: readonly Span[]): Span[] {
  const turns: Span[] = [];
  for (const span of spans) {
    const last = turns[turns.length - 1];
    if (last && span.startMs - last.endMs < TURN_PAUSE_MS) last.endMs = span.endMs;
    else turns.push({ ...span });
  }
  return turns;
}

function pauseBefore(spans: readonly Span[], endMs: number, decidedMs: number): boolean {
  for (let i = 1; i < spans.length; i++) {
    const fromMs = spans[i - 1]!.endMs;
    const lengthMs = spans[i]!.startMs - fromMs;
    if (lengthMs >= FORGIVEN_PAUSE_MS && fromMs > endMs - 150 && fromMs < decidedMs) return true;
  }
  return false;
}

function paint(hops: Uint8Array, spans: number[][], value: number): void {
  for (const [startMs, endMs] of spans) {
    hops.fill(value, Math.round(startMs! / 10), Math.min(hops.length, Math.round(endMs! / 10)));
  }
}

function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
