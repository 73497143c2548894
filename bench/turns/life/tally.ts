/**
 * The verdicts of many conversations, counted by behaviour. Tallies add up, so that several
 * processes can share the work and hand theirs in as JSON.
 *
 * @module
 */

import { Counts } from "./counts.ts";
import { type CallScore, type Fault, FAULTS, type Verdict } from "./score.ts";

export interface Row {
  readonly behaviour: string;
  count: number;
  answered: number;
  /** Who was told to wait, or to say it again, before or instead of an answer. */
  told: number;
  readonly faults: Record<Fault, number>;
  readonly delaysMs: Counts;
  readonly stoppedMs: Counts;
}

/** What is kept of a case that went wrong, so that it can be run again alone. */
export interface Failure {
  readonly seed: string;
  readonly behaviour: string;
  readonly atMs: number;
  readonly faults: readonly string[];
}

/** A tally on its way from one process to another. */
export interface TallyRecord {
  readonly conversations: number;
  readonly rows: readonly (Omit<Row, "delaysMs" | "stoppedMs"> & {
    readonly delaysMs: readonly [number, number][];
    readonly stoppedMs: readonly [number, number][];
  })[];
  readonly greetings: Record<string, number>;
  readonly ended: Record<string, number>;
  readonly refusals: Record<string, number>;
  readonly failures: readonly Failure[];
  readonly excused: readonly Failure[];
}

const MAX_KEPT = 1000;

export class Tally {
  readonly rows = new Map<string, Row>();
  readonly failures: Failure[] = [];
  /** What would have failed had the caller not been told. */
  readonly excused: Failure[] = [];
  conversations = 0;
  /** Calls by how they began and the number of greetings heard. */
  readonly greetings = new Map<string, number>();
  /** Calls that the agent ended, by reason. */
  readonly ended = new Map<string, number>();
  /** What the brain had to refuse, by code. */
  readonly refusals = new Map<string, number>();

  add(
    score: Pick<CallScore, "verdicts" | "greetings">,
    ended: string,
    refusals: readonly { readonly code: string }[],
  ): void {
    this.conversations++;
    bump(this.greetings, `${score.verdicts[0]?.behaviour ?? "nothing"} ${score.greetings}`);
    if (ended) bump(this.ended, ended);
    for (const { code } of refusals) bump(this.refusals, code);
    for (const verdict of score.verdicts) this.#count(verdict);
    const [first] = score.verdicts;
    if (first && score.greetings > 1) {
      keep(this.failures, first, [`${score.greetings} greetings`]);
    }
  }

  /** Adds what another has counted. */
  merge(other: TallyRecord): void {
    this.conversations += other.conversations;
    for (const given of other.rows) {
      const row = this.#row(given.behaviour);
      row.count += given.count;
      row.answered += given.answered;
      row.told += given.told;
      for (const fault of FAULTS) row.faults[fault] += given.faults[fault];
      row.delaysMs.merge(new Counts(given.delaysMs));
      row.stoppedMs.merge(new Counts(given.stoppedMs));
    }
    for (const key of ["greetings", "ended", "refusals"] as const) {
      for (const [name, count] of Object.entries(other[key])) bump(this[key], name, count);
    }
    for (const key of ["failures", "excused"] as const) {
      this[key].push(...other[key].slice(0, MAX_KEPT - this[key].length));
    }
  }

  toJSON(): TallyRecord {
    return {
      conversations: this.conversations,
      rows: [...this.rows.values()].map((row) => ({
        ...row,
        delaysMs: row.delaysMs.toJSON(),
        stoppedMs: row.stoppedMs.toJSON(),
      })),
      greetings: Object.fromEntries(this.greetings),
      ended: Object.fromEntries(this.ended),
      refusals: Object.fromEntries(this.refusals),
      failures: this.failures,
      excused: this.excused,
    };
  }

  /** All rows in one. */
  sum(name: string): Row {
    const all = newRow(name);
    for (const { count, answered, told, faults, delaysMs, stoppedMs } of this.rows.values()) {
      all.count += count;
      all.answered += answered;
      all.told += told;
      for (const fault of FAULTS) all.faults[fault] += faults[fault];
      all.delaysMs.merge(delaysMs);
      all.stoppedMs.merge(stoppedMs);
    }
    return all;
  }

  #row(behaviour: string): Row {
    const row = this.rows.get(behaviour) ?? newRow(behaviour);
    this.rows.set(behaviour, row);
    return row;
  }

  #count(verdict: Verdict): void {
    const { faults, excused, delayMs, stoppedMs, toldMs } = verdict;
    const row = this.#row(verdict.behaviour);
    row.count++;
    if (verdict.answered) row.answered++;
    if (!Number.isNaN(toldMs)) row.told++;
    for (const fault of faults) row.faults[fault]++;
    row.delaysMs.add(delayMs);
    row.stoppedMs.add(stoppedMs);
    if (faults.size > 0) keep(this.failures, verdict, [...faults]);
    if (excused.size > 0) keep(this.excused, verdict, [...excused]);
  }
}

function keep(
  kept: Failure[],
  { seed, behaviour, atMs }: Verdict,
  faults: readonly string[],
): void {
  if (kept.length < MAX_KEPT) kept.push({ seed, behaviour, atMs: Math.round(atMs), faults });
}

function newRow(behaviour: string): Row {
  const none = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  return {
    behaviour,
    count: 0,
    answered: 0,
    told: 0,
    faults: none,
    delaysMs: new Counts(),
    stoppedMs: new Counts(),
  };
}

function bump<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
