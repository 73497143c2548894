/**
 * Runs a latency test: dials the calls one after another, lets them talk, and puts together the
 * report when the last has hung up.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { type Lateness, Ticker } from "../phone/ticker.ts";
import type { LatencySettings, Scenario } from "./args.ts";
import type { Clips } from "./clips.ts";
import { TIMINGS, type Timings } from "./call_plan.ts";
import { makeCall } from "./make_call.ts";
import {
  BIN_MS,
  Collector,
  type Counts,
  type Point,
  type StageName,
  STAGES,
  type StageSummary,
} from "./stats.ts";

/** What a test found out. Also the shape of `--json`. */
export interface LatencyReport {
  readonly startedAt: string;
  readonly durationS: number;
  readonly interrupted: boolean;
  readonly settings: {
    readonly url: string;
    readonly scenario: Scenario;
    readonly calls: number;
    readonly rate: number;
    readonly durationS: number;
    readonly signed: boolean;
  };
  readonly counts: Counts;
  readonly failures: Readonly<Record<string, number>>;
  readonly stages: Readonly<Record<StageName, StageSummary | null>>;
  /** Non-empty bins of 2 ms: from (ms) and count. */
  readonly histograms: Readonly<Record<StageName, readonly (readonly [number, number])[]>>;
  readonly generator: Lateness & {
    /** Of one core. */
    readonly cpuPercent: number;
    readonly cores: number;
    /** False when frames left so late that the figures say more about this machine. */
    readonly keptPace: boolean;
  };
}

/** How a running test looks, for the progress line. */
export interface LatencyProgress {
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly up: number;
  readonly collector: Collector;
  readonly lateness: Lateness;
}

/** A frame this late at p99 is a quarter of a frame: beyond it the phones are not phones any more. */
const PACE_P99_MS = 5;

/** After Ctrl-C calls have this long to hang up. */
const ABORT_WAIT_MS = 2000;

/** A test under way. */
export interface RunningTest {
  progress(): LatencyProgress;
  /** Hangs everything up; the report tells of what there is. Idempotent. */
  abort(): void;
  readonly done: Promise<{ readonly report: LatencyReport; readonly points: readonly Point[] }>;
}

/** Starts a test. Nothing in it rejects: what goes wrong is in the report. */
export function startTest(
  settings: LatencySettings,
  clips: Clips,
  timings: Timings = TIMINGS,
): RunningTest {
  const ticker = new Ticker();
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  const rampMs = (settings.calls - 1) / settings.rate * 1000;
  const totalMs = rampMs + settings.durationS * 1000;
  const collector = new Collector(startMs);
  const cpuBefore = process.cpuUsage();
  const stop = new AbortController();
  let up = 0;

  const plan = {
    phone: {
      webhookUrl: settings.webhookUrl,
      ticker,
      // The longest thing that is looked back at is an answer.
      keepHeardMs: 20_000,
      keepMessages: 200,
      ...(settings.connectTo === undefined ? {} : { connectTo: settings.connectTo }),
      ...(settings.authToken === undefined ? {} : { authToken: settings.authToken }),
      ...(settings.accountSid === undefined ? {} : { accountSid: settings.accountSid }),
    },
    scenario: settings.scenario,
    clips,
    timings,
    over: () => stop.signal.aborted || performance.now() - startMs >= totalMs,
    abort: stop.signal,
    random: Math.random,
  };

  async function one(index: number): Promise<void> {
    await sleep(startMs + index / settings.rate * 1000 - performance.now(), stop.signal);
    if (stop.signal.aborted) return;
    up++;
    await makeCall(plan, collector);
    up--;
  }

  const calls = Array.from({ length: settings.calls }, (_, index) => one(index));
  // A server that never answers the webhook must not hold up the end.
  const brokenOff = new Promise((resolve) =>
    stop.signal.addEventListener("abort", () => setTimeout(resolve, ABORT_WAIT_MS))
  );
  const done = Promise.race([Promise.all(calls), brokenOff]).then(() => {
    const elapsedMs = performance.now() - startMs;
    const cpu = process.cpuUsage(cpuBefore);
    const lateness = ticker.lateness();
    const report: LatencyReport = {
      startedAt,
      durationS: Math.round(elapsedMs) / 1000,
      interrupted: stop.signal.aborted,
      settings: {
        url: settings.webhookUrl,
        scenario: settings.scenario,
        calls: settings.calls,
        rate: settings.rate,
        durationS: settings.durationS,
        signed: settings.authToken !== undefined,
      },
      counts: { ...collector.counts, gapMs: Math.round(collector.counts.gapMs) },
      failures: Object.fromEntries(collector.failures),
      stages: byStage((name) => collector.stages[name].summary()),
      histograms: byStage((name) => filledBins(collector.stages[name].bins)),
      generator: {
        ...lateness,
        cpuPercent: Math.round((cpu.user + cpu.system) / 10 / elapsedMs),
        cores: availableParallelism(),
        keptPace: lateness.p99Ms <= PACE_P99_MS,
      },
    };
    return { report, points: collector.points.toArray() };
  });

  return {
    progress: () => ({
      elapsedMs: performance.now() - startMs,
      totalMs,
      up,
      collector,
      lateness: ticker.lateness(),
    }),
    abort: () => stop.abort(),
    done,
  };
}

function byStage<T>(value: (name: StageName) => T): Record<StageName, T> {
  return Object.fromEntries(STAGES.map((name) => [name, value(name)])) as Record<StageName, T>;
}

function filledBins(bins: Uint32Array): [number, number][] {
  const filled: [number, number][] = [];
  for (let i = 0; i < bins.length; i++) if (bins[i]! > 0) filled.push([i * BIN_MS, bins[i]!]);
  return filled;
}

/** Sleeps, unless or until the signal says stop. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
