/**
 * Where the time of a turn goes: from the true end of the caller's speech to the first sound of the
 * answer in their ear. The stages follow one another, so they sum to the total.
 *
 * @module
 */

import type { TurnKind, TurnRecord, TurnStages, UsageTokens } from "../telemetry/turn.ts";

/** The moments of a turn, in the order in which they happen. */
export type Moment = "endpoint" | "commit" | "created" | "firstDelta" | "firstSent" | "firstHeard";

const ORDER: readonly Moment[] = [
  "endpoint",
  "commit",
  "created",
  "firstDelta",
  "firstSent",
  "firstHeard",
];

interface OpenTurn {
  readonly kind: TurnKind;
  startedMs: number;
  moments: Partial<Record<Moment, number>>;
  bargeIn?: TurnRecord["bargeIn"];
  usage?: UsageTokens;
  costUsd?: number;
}

export class Timeline {
  readonly #callId: string;
  readonly #done: (turn: TurnRecord) => void;
  /** What to add to the call's clock for the time of day. */
  readonly #epochMs: number;
  #turn: OpenTurn | null = null;
  #count = 0;

  /** @param done Receives each turn once, when the next one begins or the call ends. */
  constructor(callId: string, nowMs: number, done: (turn: TurnRecord) => void) {
    this.#callId = callId;
    this.#epochMs = Date.now() - nowMs;
    this.#done = done;
  }

  /** A turn begins: for an answer, where the caller truly stopped speaking. */
  begin(kind: TurnKind, startedMs: number): void {
    this.end();
    this.#turn = { kind, startedMs, moments: {} };
    this.#count++;
  }

  /** The caller said more: the turn that nothing answered yet is counted from here. */
  goOn(startedMs: number): void {
    if (!this.#turn) return this.begin("answer", startedMs);
    this.#turn.startedMs = startedMs;
    this.#turn.moments = {};
  }

  /** The first time a moment is reached counts. */
  reach(moment: Moment, atMs: number): void {
    if (this.#turn) this.#turn.moments[moment] ??= atMs;
  }

  /** Whether the present turn still waits for this moment. */
  awaits(moment: Moment): boolean {
    return this.#turn !== null && this.#turn.moments[moment] === undefined;
  }

  /** The caller spoke over the present turn. */
  bargedIn(onsetMs: number, clearedMs: number, lastHeardMs: number): void {
    if (!this.#turn) return;
    this.#turn.bargeIn = {
      onsetToClearMs: clearedMs - onsetMs,
      lastHeardMs: lastHeardMs - onsetMs,
    };
  }

  /** What the present turn used. Several answers in one turn add up. */
  used(usage: UsageTokens, costUsd: number | null): void {
    if (!this.#turn) return;
    this.#turn.usage = this.#turn.usage ? sum(this.#turn.usage, usage) : usage;
    if (costUsd !== null) this.#turn.costUsd = (this.#turn.costUsd ?? 0) + costUsd;
  }

  /** The present turn as far as it has come, or null. */
  snapshot(): TurnRecord | null {
    const turn = this.#turn;
    if (!turn) return null;
    const stages: Record<string, number> = {};
    let reachedMs = turn.startedMs;
    for (const moment of ORDER) {
      const atMs = turn.moments[moment];
      if (atMs === undefined) continue;
      // A mark that is dated back may land a hair before the sending that it proves.
      stages[`${moment}Ms`] = Math.max(0, atMs - reachedMs);
      reachedMs = Math.max(reachedMs, atMs);
    }
    return {
      callId: this.#callId,
      n: this.#count,
      kind: turn.kind,
      startedAtMs: Math.round(this.#epochMs + turn.startedMs),
      stages: stages as TurnStages,
      totalMs: reachedMs - turn.startedMs,
      ...(turn.bargeIn && { bargeIn: turn.bargeIn }),
      ...(turn.usage && { usage: turn.usage }),
      ...(turn.costUsd !== undefined && { costUsd: turn.costUsd }),
    };
  }

  /** The present turn is over. */
  end(): void {
    const record = this.snapshot();
    this.#turn = null;
    if (record) this.#done(record);
  }
}

function sum(a: UsageTokens, b: UsageTokens): UsageTokens {
  const total: Record<string, number> = {};
  for (const key of Object.keys(a) as (keyof UsageTokens)[]) total[key] = a[key] + b[key];
  return total as unknown as UsageTokens;
}
