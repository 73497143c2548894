/**
 * What an instance knows of itself: counters, latency, load and cost, as `/health` and `/metrics`.
 *
 * @module
 */

import process from "node:process";
import { CpuStealMonitor } from "./cpu_steal.ts";
import { FrameWatch } from "./frame_watch.ts";
import {
  type CallCounts,
  type CallKind,
  type HealthReport,
  rounded,
  tenths,
  warningsFor,
} from "./health.ts";
import { BoundedLabel } from "./labels.ts";
import { log } from "./log.ts";
import { LoopDelayMonitor } from "./loop_delay.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { RollingHistogram } from "./rolling_histogram.ts";
import type { CallEndReason, ErrorSeverity, TurnRecord, TurnStages, UsageTokens } from "./turn.ts";

/** Settings of a {@link Telemetry}. */
export interface TelemetryOptions {
  readonly calls: CallCounts;
  readonly region: string;
  /** The machine: `FLY_MACHINE_ID`, or a name of our own. */
  readonly instance: string;
  readonly version?: string;
  /** How far back percentiles look. Default 5 minutes. */
  readonly windowMs?: number;
  /** Prices usage; null when the model has no known price. Without it nothing is priced. */
  readonly costUsd?: (model: string, usage: UsageTokens) => number | null;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Different values that one label may have before the rest are `other`. */
const MAX_LABEL_VALUES = 32;
const LONGEST_TURN_MS = 120_000;
const STEAL_LOOK_EVERY_MS = 5_000;

// deno-fmt-ignore
const STAGES: readonly [keyof TurnStages, string][] = [
  ["endpointMs", "endpoint"], ["commitMs", "commit"], ["createdMs", "created"],
  ["firstDeltaMs", "first_delta"], ["firstSentMs", "first_sent"], ["firstHeardMs", "first_heard"],
];

/** One for an instance. Owns its metrics and, from `start()` to `stop()`, two timers. */
export class Telemetry {
  // Hot: plain fields, added to for each frame and read when Prometheus asks.
  /** Audio frames from callers. */
  framesIn = 0;
  /** Audio frames to callers. */
  framesOut = 0;
  /** Frames dropped because the brain was slow. */
  framesDropped = 0;
  /** Messages that the fast scan handed to the full parser. */
  framesSlowPath = 0;

  #deadAirs = 0;

  /** Warns of slow frames: `frames.began()` before a frame is handled, `frames.ended()` after. */
  readonly frames: FrameWatch;

  readonly #options: Required<Omit<TelemetryOptions, "costUsd">>;
  readonly #costUsd: TelemetryOptions["costUsd"];
  readonly #startedMs: number;
  readonly #latency: RollingHistogram;
  readonly #loop: LoopDelayMonitor;
  readonly #steal = new CpuStealMonitor();
  readonly #metrics: Metrics;
  readonly #endReasons = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #refusals = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #codes = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #models = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #statuses = new BoundedLabel(MAX_LABEL_VALUES);
  #stealTimer: ReturnType<typeof setInterval> | null = null;

  /** @throws {RangeError} If `windowMs` is too short. */
  constructor(options: TelemetryOptions) {
    this.#options = {
      calls: options.calls,
      region: options.region || "local",
      instance: options.instance,
      version: options.version ?? "unknown",
      windowMs: options.windowMs ?? 300_000,
      now: options.now ?? (() => performance.now()),
    };
    this.#costUsd = options.costUsd;
    const { windowMs, now } = this.#options;
    this.#startedMs = now();
    // In whole milliseconds, three digits keep every value up to 2 s exact.
    this.#latency = new RollingHistogram({ windowMs, highestMs: LONGEST_TURN_MS, stepsPerMs: 1 });
    const server = log("server");
    this.frames = new FrameWatch((sentence, fields) => server.warn(sentence, fields), { now });
    this.#loop = new LoopDelayMonitor(
      windowMs,
      (delayMs, nowMs) => this.frames.ticked(delayMs, nowMs),
      now,
    );
    this.#metrics = createMetrics(this.#options, {
      framesIn: () => this.framesIn,
      framesOut: () => this.framesOut,
      framesDropped: () => this.framesDropped,
      framesSlowPath: () => this.framesSlowPath,
      slowFrames: () => this.frames.slowFrames,
      lateTicks: () => this.frames.lateTicks,
      calls: this.#options.calls,
      loopDelay: () => this.#loopDelaySeconds(),
      stealShare: () => this.#steal.share,
      rssBytes: () => process.memoryUsage.rss(),
      cpuSeconds: () => cpuSeconds(),
      uptimeSeconds: () => this.uptimeMs / 1000,
    });
  }

  /** Starts the timers that watch the event loop and the CPU. Idempotent. */
  start(): void {
    this.#loop.start();
    if (this.#stealTimer !== null) return;
    void this.#steal.look();
    this.#stealTimer = setInterval(() => void this.#steal.look(), STEAL_LOOK_EVERY_MS);
    (this.#stealTimer as { unref?(): void }).unref?.();
  }

  /** Stops them. Idempotent. */
  stop(): void {
    this.#loop.stop();
    if (this.#stealTimer !== null) clearInterval(this.#stealTimer);
    this.#stealTimer = null;
  }

  /** Milliseconds since this was made. */
  get uptimeMs(): number {
    return this.#options.now() - this.#startedMs;
  }

  callStarted(kind: CallKind): void {
    this.#metrics.callsStarted.inc({ kind });
  }

  callEnded(kind: CallKind, reason: CallEndReason, durationMs: number): void {
    this.#metrics.callsEnded.inc({ kind, reason: this.#endReasons.valueOf(reason) });
    this.#metrics.callSeconds.observe({ kind }, seconds(durationMs));
  }

  /** A call was not taken: `full`, `draining`, `bad_token` and their like. */
  callRefused(reason: string): void {
    this.#metrics.callsRefused.inc({ reason: this.#refusals.valueOf(reason) });
  }

  /** A socket was not granted, or was closed for what it sent: of which route, and why. */
  socketRefused(route: string, reason: string): void {
    this.#metrics.socketsRefused.inc({ route, reason });
  }

  /**
   * A turn is over. An answer that reached the caller also counts for the latency in `/health`; one
   * that was cut before its first audio was sent has no latency to speak of.
   */
  turn(turn: TurnRecord): void {
    const { kind, stages, totalMs, bargeIn } = turn;
    this.#metrics.turns.inc({ kind });
    for (const [stage, label] of STAGES) {
      const ms = stages[stage];
      if (ms !== undefined) this.#metrics.stageSeconds.observe({ stage: label }, seconds(ms));
    }
    if (stages.firstSentMs !== undefined) {
      this.#metrics.turnSeconds.observe({ kind }, seconds(totalMs));
      if (kind === "answer") this.#latency.record(totalMs, this.#options.now());
    }
    if (bargeIn !== undefined) {
      const { onsetToClearMs, lastHeardMs } = bargeIn;
      this.#metrics.bargeInSeconds.observe({ stage: "clear" }, seconds(onsetToClearMs));
      this.#metrics.bargeInSeconds.observe({ stage: "last_heard" }, seconds(lastHeardMs));
    }
  }

  /** Queued audio was cleared. */
  cleared(): void {
    this.#metrics.clears.inc();
  }

  /** An answer was cut in the brain's memory to what was heard. */
  truncated(): void {
    this.#metrics.truncations.inc();
  }

  /** The caller spoke over an answer. */
  bargedIn(): void {
    this.#metrics.bargeIns.inc();
  }

  /** Counts what an early answer used that nobody heard. */
  discarded(usage: UsageTokens): void {
    const { inputTextTokens, inputAudioTokens, outputTextTokens, outputAudioTokens } = usage;
    const tokens = inputTextTokens + inputAudioTokens + outputTextTokens + outputAudioTokens;
    if (tokens > 0) this.#metrics.discardedTokens.inc(tokens);
  }

  /** We said something ourselves, because the brain made the caller wait, or failed. */
  spoke(phrase: string, why: string): void {
    this.#metrics.phrases.inc({ phrase, why });
    if (why !== "dead_air") return;
    this.#deadAirs++;
    this.#metrics.deadAirs.inc();
  }

  /** What seemed a barge-in was none, and the answer went on. */
  falseAlarm(): void {
    this.#metrics.falseAlarms.inc();
  }

  /** A brain reported an error, or failed. */
  brainError(code: string, severity: ErrorSeverity): void {
    this.#metrics.brainErrors.inc({ code: this.#codes.valueOf(code), severity });
  }

  /** A webhook was answered. */
  webhook(status: number): void {
    this.#metrics.webhooks.inc({ status: this.#statuses.valueOf(String(status)) });
  }

  /**
   * Counts the tokens of one response and what they cost.
   *
   * @returns The cost in US dollars, for the turn's record; null when the model has no price.
   */
  usage(model: string, usage: UsageTokens): number | null {
    const label = this.#models.valueOf(model);
    const add = (direction: string, modality: string, tokens: number) => {
      if (tokens > 0 && Number.isFinite(tokens)) {
        this.#metrics.tokens.inc({ model: label, direction, modality }, tokens);
      }
    };
    add("input", "text", usage.inputTextTokens - usage.cachedTextTokens);
    add("input", "audio", usage.inputAudioTokens - usage.cachedAudioTokens);
    add("input", "image", usage.inputImageTokens - usage.cachedImageTokens);
    add("cached_input", "text", usage.cachedTextTokens);
    add("cached_input", "audio", usage.cachedAudioTokens);
    add("cached_input", "image", usage.cachedImageTokens);
    add("output", "text", usage.outputTextTokens);
    add("output", "audio", usage.outputAudioTokens);
    const cost = this.#costUsd?.(model, usage) ?? null;
    if (cost === null) this.#metrics.unpriced.inc({ model: label });
    else if (cost > 0 && Number.isFinite(cost)) this.#metrics.costUsd.inc({ model: label }, cost);
    return cost;
  }

  /** What `GET /health` answers. */
  health(): HealthReport {
    const { calls, region, instance, version, windowMs, now } = this.#options;
    const loop = this.#loop.summary();
    const cpuSteal = this.#steal.share;
    return {
      status: calls.closedBecause ?? "ok",
      warnings: warningsFor(loop, cpuSteal),
      uptimeMs: Math.round(this.uptimeMs),
      version,
      region,
      instance,
      calls: { live: calls.live, max: calls.maxCalls },
      latencyMs: { windowMs, ...rounded(this.#latency.summary(now())) },
      deadAirs: this.#deadAirs,
      eventLoopDelayMs: { p50: tenths(loop.p50), p99: tenths(loop.p99), max: tenths(loop.max) },
      cpuSteal: cpuSteal === null ? null : Math.round(cpuSteal * 1000) / 1000,
      memory: { rssBytes: process.memoryUsage.rss() },
    };
  }

  /** What `GET /metrics` answers, as {@link metricsContentType}. */
  metrics(): Promise<string> {
    return this.#metrics.registry.metrics();
  }

  /** The content type of `metrics()`: Prometheus text format 0.0.4. */
  get metricsContentType(): string {
    return this.#metrics.registry.contentType;
  }

  #loopDelaySeconds(): { p50: number | null; p99: number | null; max: number | null } {
    const { p50, p99, max } = this.#loop.summary();
    const toSeconds = (ms: number | null) => ms === null ? null : ms / 1000;
    return { p50: toSeconds(p50), p99: toSeconds(p99), max: toSeconds(max) };
  }
}

/** Prometheus takes no NaN in a sum, and a clock that ran back must not subtract from it. */
function seconds(ms: number): number {
  return Number.isFinite(ms) && ms > 0 ? ms / 1000 : 0;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
