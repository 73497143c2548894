/**
 * What a latency test counts: one HDR histogram a stage, and the plain numbers beside it.
 *
 * hdr-histogram-js runs on Deno, Bun and in the compiled binary; importing it takes 20 ms on Bun,
 * 45 ms on Deno and 4 ms in the binary, so only this command does. One record costs 21 to 42 ns.
 *
 * @module
 */

import { build, type Histogram } from "hdr-histogram-js";
import { Bounded } from "../phone/bounded.ts";

/** The stages of a call, in the order of a report. */
export const STAGES = [
  "webhook",
  "upgrade",
  "connect",
  "greeting",
  "answer",
  "clear",
  "silence",
  "jitter",
] as const;

export type StageName = typeof STAGES[number];

/** What each stage measures, for people. */
export const STAGE_TITLES: Readonly<Record<StageName, string>> = {
  webhook: "webhook answered",
  upgrade: "stream opened",
  connect: "connect (both)",
  greeting: "start → greeting heard",
  answer: "end of speech → answer heard",
  clear: "barge-in → clear",
  silence: "barge-in → silence",
  jitter: "frame behind steady pace",
};

/** Times in ms. */
export interface StageSummary {
  readonly count: number;
  readonly minMs: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Two minutes: nothing that takes longer is a latency any more. */
const MAX_US = 120_000_000;
/** Bars of a drawn histogram are made of these. */
export const BIN_MS = 2;
const BINS = 10_000;

/** One stage. */
export class Stage {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
  /** Counts by 2 ms, the last bin takes all from 20 s up. */
  readonly bins = new Uint32Array(BINS);
  #sumMs = 0;
  #minMs = Infinity;
  #maxMs = 0;

  record(ms: number): void {
    const value = Math.max(0, ms);
    this.#histogram.recordValue(Math.min(MAX_US, Math.round(value * 1000)));
    this.bins[Math.min(BINS - 1, Math.floor(value / BIN_MS))]!++;
    this.#sumMs += value;
    if (value < this.#minMs) this.#minMs = value;
    if (value > this.#maxMs) this.#maxMs = value;
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** In ms. */
  percentile(percent: number): number {
    // The histogram answers with the upper edge of a bucket, 0.1 % wide.
    const ms = this.#histogram.getValueAtPercentile(percent) / 1000;
    return Math.min(this.#maxMs, Math.max(this.#minMs, ms));
  }

  /** Null when nothing was recorded. */
  summary(): StageSummary | null {
    if (this.count === 0) return null;
    return {
      count: this.count,
      minMs: round(this.#minMs),
      avgMs: round(this.#sumMs / this.count),
      p50Ms: round(this.percentile(50)),
      p95Ms: round(this.percentile(95)),
      p99Ms: round(this.percentile(99)),
      maxMs: round(this.#maxMs),
    };
  }
}

/** Plain numbers of a test. */
export interface Counts {
  dialled: number;
  connected: number;
  failed: number;
  turns: number;
  answered: number;
  unanswered: number;
  /** Turns in which the agent spoke before the caller had finished. */
  talkedOver: number;
  bargeIns: number;
  /** Barge-ins after which the agent did not stop. */
  ignoredBargeIns: number;
  /** Barge-ins after which the sound ended without a `clear`: perhaps of its own. */
  endedWithoutClear: number;
  /** Answers that were over before they could be interrupted. */
  tooShort: number;
  framesSent: number;
  framesReceived: number;
  /** Caller's frames that the server was too slow to read (Twilio's warning 31930). */
  framesDiscarded: number;
  /** Frames of speech whose echo was looked for, and those that did not come back. */
  echoFrames: number;
  lostFrames: number;
  /** Times that the sound broke off because the next frame was late, and for how long. */
  gaps: number;
  gapMs: number;
  /** Messages that Twilio would refuse (31951). */
  refusedMessages: number;
}

/** One measured latency in time, for the picture over time. */
export interface Point {
  /** Since the start of the test. */
  readonly atMs: number;
  readonly stage: StageName;
  readonly ms: number;
}

const MAX_POINTS = 20_000;
const MAX_REASONS = 50;

/** Everything that the calls of one test report. */
export class Collector {
  readonly stages: Readonly<Record<StageName, Stage>> = Object.fromEntries(
    STAGES.map((name) => [name, new Stage()]),
  ) as Record<StageName, Stage>;
  readonly points = new Bounded<Point>(MAX_POINTS);
  readonly failures = new Map<string, number>();
  readonly counts: Counts = {
    dialled: 0,
    connected: 0,
    failed: 0,
    turns: 0,
    answered: 0,
    unanswered: 0,
    talkedOver: 0,
    bargeIns: 0,
    ignoredBargeIns: 0,
    endedWithoutClear: 0,
    tooShort: 0,
    framesSent: 0,
    framesReceived: 0,
    framesDiscarded: 0,
    echoFrames: 0,
    lostFrames: 0,
    gaps: 0,
    gapMs: 0,
    refusedMessages: 0,
  };
  readonly #startedAtMs: number;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  /** Records a stage that ended at `atMs`. */
  record(stage: StageName, ms: number, atMs: number): void {
    this.stages[stage].record(ms);
    this.points.push({ atMs: atMs - this.#startedAtMs, stage, ms });
  }

  /** A call failed, once a call. */
  fail(reason: string): void {
    this.counts.failed++;
    const known = this.failures.has(reason) || this.failures.size < MAX_REASONS;
    const key = known ? reason : "other reasons";
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
