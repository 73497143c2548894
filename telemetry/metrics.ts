/**
 * Every Prometheus metric of earshot: name, help, labels, buckets. Seconds, bytes and `_total`, as
 * https://prometheus.io/docs/practices/naming/ asks.
 *
 * @module
 */

import process from "node:process";
import type * as prom from "prom-client";
import { Counter, Gauge, Histogram, Registry } from "./prom.ts";

/** Bounds of the turn histograms: fine where people notice (0.2 s to 1.5 s), coarse beyond. */
// deno-fmt-ignore
const TURN_BUCKETS_SECONDS = [
  0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10,
];

/** Bounds of a call's length: a hang-up at once, up to the hour at which sessions end. */
const CALL_BUCKETS_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** Why a call is not taken; `server/registry.ts` says when. */
// deno-fmt-ignore
const CALL_REFUSALS = [
  "full", "draining", "browsers_full", "caller_limit", "address_limit", "too_fast",
];

/** Bounds of the gap while a session is replaced: the aim is 0.3 s, and callers bear about 2. */
const GAP_BUCKETS_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20];

/** What is read at each scrape, so that it costs nothing in between. */
export interface ScrapeSources {
  readonly framesIn: () => number;
  readonly framesOut: () => number;
  readonly framesDropped: () => number;
  readonly framesSlowPath: () => number;
  readonly slowFrames: () => number;
  readonly lateTicks: () => number;
  readonly calls: {
    readonly maxCalls: number;
    readonly liveByKind: Readonly<Record<string, number>>;
    readonly closedBecause: string | null;
  };
  /** What is wrong now; of each kind there is a series, 0 while all is well. */
  readonly troubles: { readonly kinds: readonly string[]; now(): readonly { kind: string }[] };
  /** In seconds; null until something was measured. */
  readonly loopDelay: () => { p50: number | null; p99: number | null; max: number | null };
  /** 0..1; null where the system does not tell. */
  readonly stealShare: () => number | null;
  readonly uptimeSeconds: () => number;
}

/** The metrics that are told of events as they happen. */
export interface Metrics {
  readonly registry: prom.Registry;
  readonly callsStarted: prom.Counter<"kind">;
  readonly callsEnded: prom.Counter<"kind" | "reason">;
  readonly callsRefused: prom.Counter<"reason">;
  readonly socketsRefused: prom.Counter<"route" | "reason">;
  readonly callSeconds: prom.Histogram<"kind">;
  readonly turns: prom.Counter<"kind">;
  readonly turnSeconds: prom.Histogram<"kind">;
  readonly stageSeconds: prom.Histogram<"stage">;
  readonly bargeInSeconds: prom.Histogram<"stage">;
  readonly clears: prom.Counter;
  readonly truncations: prom.Counter;
  readonly bargeIns: prom.Counter;
  readonly falseAlarms: prom.Counter;
  readonly phrases: prom.Counter<"phrase" | "why">;
  readonly deadAirs: prom.Counter;
  readonly discardedTokens: prom.Counter;
  readonly brainErrors: prom.Counter<"code" | "severity">;
  readonly brainReplaced: prom.Counter<"reason">;
  readonly brainGapSeconds: prom.Histogram;
  readonly connectFailures: prom.Counter<"brain" | "code">;
  readonly webhooks: prom.Counter<"status">;
  readonly tokens: prom.Counter<"model" | "direction" | "modality">;
  readonly costUsd: prom.Counter<"model">;
  readonly unpriced: prom.Counter<"model">;
}

/** Builds a registry of its own, so that two telemetries (tests) do not meet. */
export function createMetrics(
  info: { region: string; instance: string; version: string },
  read: ScrapeSources,
): Metrics {
  const registry = new Registry();
  // On every series, so that each chart can be split by region. Fly writes its own over it, the same.
  registry.setDefaultLabels({ region: info.region });
  const registers = [registry];

  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name: `earshot_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    buckets: number[],
  ) => new Histogram<L>({ name: `earshot_${name}`, help, labelNames, buckets, registers });
  const scrapedCounter = (name: string, help: string, value: () => number) =>
    new Counter({
      name: `earshot_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  /** A gauge that is left out of the text while its value is null. */
  const scrapedGauge = (name: string, help: string, value: () => number | null) =>
    new Gauge({
      name: `earshot_${name}`,
      help,
      registers,
      collect() {
        const now = value();
        if (now === null) this.remove();
        else this.set(now);
      },
    });

  new Gauge({
    name: "earshot_info",
    help: "Always 1; what runs here is in the labels.",
    labelNames: ["version", "machine"],
    registers,
  }).set({ version: info.version, machine: info.instance }, 1);

  scrapedCounter("frames_in_total", "Audio frames that came from callers.", read.framesIn);
  scrapedCounter("frames_out_total", "Audio frames that went to callers.", read.framesOut);
  scrapedCounter("frames_dropped_total", "Audio frames dropped: slow brain.", read.framesDropped);
  scrapedCounter(
    "frames_slow_path_total",
    "Messages that the fast scan handed to the full parser.",
    read.framesSlowPath,
  );
  scrapedCounter("frames_slow_total", "Frames that took over 5 ms to handle.", read.slowFrames);
  scrapedCounter("loop_late_total", "Times the event loop ran over 60 ms late.", read.lateTicks);
  scrapedCounter("cpu_seconds_total", "CPU time of this process.", cpuSeconds);
  scrapedGauge("uptime_seconds", "Time since the start.", read.uptimeSeconds);
  scrapedGauge(
    "memory_rss_bytes",
    "Resident memory of this process.",
    () => process.memoryUsage.rss(),
  );
  scrapedGauge("cpu_steal_ratio", "Share of CPU time that the host took.", read.stealShare);
  scrapedGauge("event_loop_delay_p50_seconds", "Loop delay, median.", () => read.loopDelay().p50);
  scrapedGauge("event_loop_delay_p99_seconds", "Loop delay, 99 %.", () => read.loopDelay().p99);
  scrapedGauge("event_loop_delay_max_seconds", "Loop delay, worst.", () => read.loopDelay().max);
  scrapedGauge("calls_max", "Calls that this instance takes at once.", () => read.calls.maxCalls);
  scrapedGauge(
    "draining",
    "1 while no new calls are taken.",
    () => read.calls.closedBecause === "draining" ? 1 : 0,
  );
  new Gauge({
    name: "earshot_calls_live",
    help: "Calls that are up now.",
    labelNames: ["kind"],
    registers,
    collect() {
      for (const [kind, live] of Object.entries(read.calls.liveByKind)) this.set({ kind }, live);
    },
  });

  new Gauge({
    name: "earshot_degraded",
    help: "1 while callers notice this trouble with the brain.",
    labelNames: ["reason"],
    registers,
    collect() {
      const now = new Set(read.troubles.now().map(({ kind }) => kind));
      for (const reason of read.troubles.kinds) this.set({ reason }, now.has(reason) ? 1 : 0);
    },
  });

  const callsRefused = counter("calls_refused_total", "Calls not taken, and why.", ["reason"]);
  const webhooks = counter("webhooks_total", "Webhooks answered, by HTTP status.", ["status"]);
  // A series that is born at 1 has no increase that `rate()` could see: those that alerts watch begin
  // at 0.
  for (const reason of CALL_REFUSALS) callsRefused.inc({ reason }, 0);
  for (const status of ["200", "403"]) webhooks.inc({ status }, 0);

  return {
    registry,
    callsStarted: counter("calls_started_total", "Calls that began.", ["kind"]),
    callsEnded: counter("calls_ended_total", "Calls that ended, and why.", ["kind", "reason"]),
    callsRefused,
    socketsRefused: counter(
      "sockets_refused_total",
      "Sockets not granted, or closed for what they sent, and why.",
      ["route", "reason"],
    ),
    callSeconds: histogram(
      "call_duration_seconds",
      "Length of ended calls.",
      ["kind"],
      CALL_BUCKETS_SECONDS,
    ),
    turns: counter("turns_total", "Turns of all conversations.", ["kind"]),
    turnSeconds: histogram(
      "turn_seconds",
      "From the true end of speech until the answer was heard.",
      ["kind"],
      TURN_BUCKETS_SECONDS,
    ),
    stageSeconds: histogram(
      "turn_stage_seconds",
      "Where the time of a turn went.",
      ["stage"],
      TURN_BUCKETS_SECONDS,
    ),
    bargeInSeconds: histogram(
      "barge_in_seconds",
      "From the onset of the caller's speech until clear was sent, and our last audio heard.",
      ["stage"],
      TURN_BUCKETS_SECONDS,
    ),
    clears: counter("clears_total", "Times that queued audio was cleared."),
    truncations: counter("truncations_total", "Answers cut to what was heard."),
    bargeIns: counter("barge_ins_total", "Times a caller spoke over an answer."),
    falseAlarms: counter("barge_in_false_alarms_total", "Barge-ins that were none."),
    phrases: counter("phrases_total", "What we said ourselves, in the brain's place, and why.", [
      "phrase",
      "why",
    ]),
    deadAirs: counter(
      "dead_air_total",
      "Times that an answer was owed and nobody made a sound for too long: 0 when all is well.",
    ),
    discardedTokens: counter(
      "discarded_tokens_total",
      "Tokens of answers that were asked for early and taken back; counted in tokens too.",
    ),
    brainErrors: counter("brain_errors_total", "Errors of brains.", ["code", "severity"]),
    brainReplaced: counter("brain_replaced_total", "Sessions replaced within a call, and why.", [
      "reason",
    ]),
    brainGapSeconds: histogram(
      "brain_gap_seconds",
      "From the loss of a session until the next one stood.",
      [],
      GAP_BUCKETS_SECONDS,
    ),
    connectFailures: counter(
      "brain_connect_failures_total",
      "Sessions that could not be opened, by brain and code.",
      ["brain", "code"],
    ),
    webhooks,
    tokens: counter("tokens_total", "Tokens used; cached ones are not in input too.", [
      "model",
      "direction",
      "modality",
    ]),
    costUsd: counter("cost_usd_total", "What priced usage cost, in US dollars.", ["model"]),
    unpriced: counter("unpriced_responses_total", "Usage of models without a price.", ["model"]),
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
