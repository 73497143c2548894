/**
 * What an instance knows of itself: counters, latency, load and cost, as `/health` and `/metrics`.
 *
 * @module
 */

import process from "node:process";
import { BrainWatch, type Trouble, TROUBLES } from "./brain_watch.ts";
import { CpuStealMonitor } from "./cpu_steal.ts";
import { FrameWatch } from "./frame_watch.ts";
import { type CallKind, type HealthReport, rounded, tenths, warningsFor } from "./health.ts";
import { BoundedLabel } from "./labels.ts";
import { log } from "./log.ts";
import { LoopDelayMonitor } from "./loop_delay.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { countTokens, observeTurn, seconds } from "./observe.ts";
import type { TelemetryOptions } from "./options.ts";
import { RollingHistogram } from "./rolling_histogram.ts";
import type { CallEndReason, ErrorSeverity, TurnRecord, UsageTokens } from "./turn.ts";

/** Different values that one label may have before the rest are `other`. */
const MAX_LABEL_VALUES = 32;
const LONGEST_TURN_MS = 120_000;
const STEAL_LOOK_EVERY_MS = 5_000;

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
  readonly #brains: BrainWatch;
  readonly #metrics: Metrics;
  readonly #endReasons = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #refusals = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #replacements = new BoundedLabel(MAX_LABEL_VALUES);
  readonly #brainNames = new BoundedLabel(MAX_LABEL_VALUES);
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
      unreachable: options.unreachable ?? (() => null),
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
    this.#brains = new BrainWatch(windowMs);
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
      troubles: { kinds: TROUBLES, now: () => this.#troubles() },
      loopDelay: () => this.#loopDelaySeconds(),
      stealShare: () => this.#steal.share,
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
    this.#brains.callEnded(reason, this.#options.now());
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
    observeTurn(turn, this.#metrics);
    if (turn.stages.firstSentMs === undefined || turn.kind !== "answer") return;
    const nowMs = this.#options.now();
    this.#latency.record(turn.totalMs, nowMs);
    this.#brains.answered(nowMs);
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
    const label = this.#codes.valueOf(code);
    this.#metrics.brainErrors.inc({ code: label, severity });
    this.#brains.error(label, severity, this.#options.now());
  }

  /** A brain's session stands: the first of a call, or the next one. */
  connected(): void {
    this.#brains.connected(this.#options.now());
  }

  /**
   * A session could not be opened, one attempt; `connected` tells of those that could.
   *
   * @param brain Which one: the name of the brain, or the host of its URL.
   * @param code Why: `http_429`, `closed_1006`, `session_timeout`.
   */
  connectFailed(brain: string, code: string): void {
    const labels = { brain: this.#brainNames.valueOf(brain), code: this.#codes.valueOf(code) };
    this.#metrics.connectFailures.inc(labels);
    this.#brains.connectFailed(labels.brain, labels.code, this.#options.now());
  }

  /**
   * A call goes on with another session.
   *
   * @param reason What became of the one before: `rotation` when we chose to, else a code such as
   *   `closed_1006` or `session_expired`. Only what we did not choose counts against our health.
   * @param gapMs From the loss, or from where a rotation stopped the old one, until the new one stood.
   */
  brainReplaced(reason: string, gapMs: number): void {
    this.#metrics.brainReplaced.inc({ reason: this.#replacements.valueOf(reason) });
    this.#metrics.brainGapSeconds.observe(seconds(gapMs));
    this.#brains.replaced(reason, this.#options.now());
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
    countTokens(usage, label, this.#metrics);
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
    const troubles = this.#troubles();
    return {
      status: calls.closedBecause ?? (troubles.length > 0 ? "degraded" : "ok"),
      degradedBecause: troubles.map(({ text }) => text),
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

  #troubles(): Trouble[] {
    const { calls, now, unreachable } = this.#options;
    return this.#brains.troubles(calls.live, unreachable(), now());
  }

  #loopDelaySeconds(): { p50: number | null; p99: number | null; max: number | null } {
    const { p50, p99, max } = this.#loop.summary();
    const toSeconds = (ms: number | null) => ms === null ? null : ms / 1000;
    return { p50: toSeconds(p50), p99: toSeconds(p99), max: toSeconds(max) };
  }
}
