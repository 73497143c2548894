/**
 * What the operator can look back at: the live calls and the last finished ones, each with its turns,
 * its interruptions, what it cost, and how long its callers waited. No words and no phone numbers.
 *
 * @module
 */

import type { CallKind } from "../telemetry/health.ts";
import type { TurnRecord, TurnStages } from "../telemetry/turn.ts";

export interface HistorySettings {
  /** Finished calls that are kept; the oldest are forgotten first. */
  readonly maxDoneCalls: number;
  /** Turns kept of one call, the newest; counts and costs go on to cover all of them. */
  readonly maxTurnsPerCall: number;
}

const HISTORY_DEFAULTS: HistorySettings = {
  maxDoneCalls: 200,
  // The longest call by default (55 min) at a turn every 16 s. A turn with its usage was measured to
  // take 0.35 kB of Bun 1.4.5's heap: 14 MB when all of 200 calls are that long.
  maxTurnsPerCall: 200,
};

/** One call in short, as `GET /calls` lists it. */
export interface CallSummary {
  /** Twilio's CallSid, or an id of our own for a browser. */
  readonly id: string;
  readonly kind: CallKind;
  readonly state: "live" | "done";
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of a live call: so far. */
  readonly durationMs: number;
  /** How many turns there were, with the one that is going on. */
  readonly turns: number;
  readonly bargeIns: number;
  /** Of answers whose audio was sent, over the turns that are kept; null when there were none. */
  readonly answerMs: { readonly p50: number; readonly p95: number } | null;
  /** To the millionth. Null when something was used that has no known price. */
  readonly costUsd: number | null;
  readonly endReason?: string;
}

/** One call with its turns, oldest first. */
export type CallDetail = Omit<CallSummary, "turns"> & { readonly turns: readonly TurnRecord[] };

/** What has just happened to a call. */
export type CallNews =
  | { readonly type: "call"; readonly call: CallSummary }
  | { readonly type: "turn"; readonly callId: string; readonly turn: TurnRecord };

/** What the turns that are no longer kept have added up to. */
interface Tally {
  turns: number;
  bargeIns: number;
  costUsd: number;
  unpriced: boolean;
}

interface KeptCall {
  readonly id: string;
  readonly kind: CallKind;
  readonly startedAtMs: number;
  readonly turns: TurnRecord[];
  readonly forgotten: Tally;
  /** The turn that is going on, if there is one. Let go at the end, and all of the call with it. */
  present: () => TurnRecord | null;
  /** Present once it has ended, from when on nothing changes. */
  done?: CallSummary;
}

export class History {
  readonly #settings: HistorySettings;
  readonly #nowMs: () => number;
  readonly #live = new Map<string, KeptCall>();
  /** In the order in which they ended. */
  readonly #done = new Map<string, KeptCall>();
  readonly #watchers = new Set<(news: CallNews) => void>();

  /**
   * @param nowMs The time of day.
   * @throws {RangeError} If a bound is not a whole number, or no turn would be kept.
   */
  constructor(settings: Partial<HistorySettings> = {}, nowMs: () => number = Date.now) {
    this.#settings = { ...HISTORY_DEFAULTS, ...settings };
    this.#nowMs = nowMs;
    const { maxDoneCalls, maxTurnsPerCall } = this.#settings;
    if (!Number.isInteger(maxDoneCalls) || maxDoneCalls < 0) {
      throw new RangeError(`maxDoneCalls is ${maxDoneCalls}, wanted is a whole number from 0`);
    }
    if (!Number.isInteger(maxTurnsPerCall) || maxTurnsPerCall < 1) {
      throw new RangeError(
        `maxTurnsPerCall is ${maxTurnsPerCall}, wanted is a whole number from 1`,
      );
    }
  }

  /**
   * A call begins. A phone call whose stream comes a second time begins anew.
   *
   * @param present Gives the turn that is going on, as far as it has come.
   */
  began(id: string, kind: CallKind, present: () => TurnRecord | null): void {
    this.#done.delete(id);
    const forgotten = { turns: 0, bargeIns: 0, costUsd: 0, unpriced: false };
    const call = { id, kind, startedAtMs: this.#nowMs(), turns: [], forgotten, present };
    this.#live.set(id, call);
    this.#tellOf(call);
  }

  /** A turn of a live call was first heard: watchers are told, and nothing is kept yet. */
  heard(id: string, turn: TurnRecord): void {
    if (!this.#live.has(id)) return;
    for (const watcher of this.#watchers) {
      watcher({ type: "turn", callId: id, turn: rounded(turn) });
    }
  }

  /** A turn of a live call is over. */
  turned(id: string, turn: TurnRecord): void {
    const call = this.#live.get(id);
    if (!call) return;
    const kept = rounded(turn);
    call.turns.push(kept);
    if (call.turns.length > this.#settings.maxTurnsPerCall) {
      add(call.forgotten, call.turns.shift()!);
    }
    for (const watcher of this.#watchers) watcher({ type: "turn", callId: id, turn: kept });
    this.#tellOf(call);
  }

  /** A call is over. */
  ended(id: string, reason: string): void {
    const call = this.#live.get(id);
    if (!call) return;
    this.#live.delete(id);
    call.present = () => null;
    call.done = { ...this.#summaryOf(call), state: "done", endReason: reason };
    this.#done.set(id, call);
    while (this.#done.size > this.#settings.maxDoneCalls) {
      this.#done.delete(this.#done.keys().next().value!);
    }
    this.#tellOf(call);
  }

  /** Live and kept calls, those that began last in front. */
  list(): CallSummary[] {
    return [...this.#live.values(), ...this.#done.values()]
      .sort((a, b) => b.startedAtMs - a.startedAtMs)
      .map((call) => this.#summaryOf(call));
  }

  /** One call with its turns; null when it is not known, or no longer. */
  detail(id: string): CallDetail | null {
    const call = this.#live.get(id) ?? this.#done.get(id);
    return call ? { ...this.#summaryOf(call), turns: turnsOf(call) } : null;
  }

  /**
   * Tells of every change from now on. `watcher` must not throw: it runs inside the call.
   *
   * @returns Ends it.
   */
  watch(watcher: (news: CallNews) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #tellOf(call: KeptCall): void {
    if (this.#watchers.size === 0) return;
    const summary = this.#summaryOf(call);
    for (const watcher of this.#watchers) watcher({ type: "call", call: summary });
  }

  #summaryOf(call: KeptCall): CallSummary {
    if (call.done) return call.done;
    const { id, kind, startedAtMs } = call;
    const tally = { ...call.forgotten };
    const answersMs: number[] = [];
    for (const turn of turnsOf(call)) {
      add(tally, turn);
      // One that was cut before its first audio was sent kept nobody waiting.
      if (turn.kind === "answer" && turn.stages.firstSentMs !== undefined) {
        answersMs.push(turn.totalMs);
      }
    }
    answersMs.sort((a, b) => a - b);
    return {
      id,
      kind,
      state: "live",
      startedAt: new Date(startedAtMs).toISOString(),
      durationMs: Math.max(0, this.#nowMs() - startedAtMs),
      turns: tally.turns,
      bargeIns: tally.bargeIns,
      answerMs: answersMs.length === 0
        ? null
        : { p50: percentile(answersMs, 50), p95: percentile(answersMs, 95) },
      costUsd: tally.unpriced ? null : Math.round(tally.costUsd * 1e6) / 1e6,
    };
  }
}

/** Those that are kept, and the one that is going on. */
function turnsOf(call: KeptCall): readonly TurnRecord[] {
  const present = call.present();
  if (!present || call.turns.at(-1)?.n === present.n) return call.turns;
  return [...call.turns, rounded(present)];
}

function add(tally: Tally, turn: TurnRecord): void {
  tally.turns++;
  if (turn.bargeIn) tally.bargeIns++;
  if (turn.costUsd !== undefined) tally.costUsd += turn.costUsd;
  else if (turn.usage) tally.unpriced = true;
}

/** The nearest rank: always a value that really occurred. `sorted` is not empty. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
}

/** Tenths of a millisecond: enough for six stages to sum to their total within 0.4 ms. */
const tenths = (ms: number) => Math.round(ms * 10) / 10;

function rounded(turn: TurnRecord): TurnRecord {
  const stages: Record<string, number> = {};
  for (const [stage, ms] of Object.entries(turn.stages)) stages[stage] = tenths(ms);
  const { bargeIn } = turn;
  return {
    ...turn,
    stages: stages as TurnStages,
    totalMs: tenths(turn.totalMs),
    ...(bargeIn && {
      bargeIn: {
        onsetToClearMs: tenths(bargeIn.onsetToClearMs),
        lastHeardMs: tenths(bargeIn.lastHeardMs),
      },
    }),
  };
}
