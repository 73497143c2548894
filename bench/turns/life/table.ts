/**
 * The verdicts of many conversations as a table: a row for each behaviour.
 *
 * @module
 */

import { percentile } from "../figures.ts";
import { type CallScore, type Fault, FAULTS, type Verdict } from "./score.ts";

export interface Row {
  readonly behaviour: string;
  count: number;
  answered: number;
  readonly faults: Record<Fault, number>;
  readonly delaysMs: number[];
  readonly stoppedMs: number[];
}

/** What is kept of a case that went wrong, so that it can be run again alone. */
export interface Failure {
  readonly seed: string;
  readonly behaviour: string;
  readonly atMs: number;
  readonly faults: readonly string[];
}

const MAX_FAILURES = 1000;

export class Tally {
  readonly rows = new Map<string, Row>();
  readonly failures: Failure[] = [];
  conversations = 0;
  /** Calls by how they began and the number of greetings heard. */
  readonly greetings = new Map<string, number>();
  /** Calls that the agent ended, by reason. */
  readonly ended = new Map<string, number>();
  /** What the brain had to refuse, by code. */
  readonly refusals = new Map<string, number>();

  add(score: CallScore, ended: string, refusals: readonly { readonly code: string }[]): void {
    this.conversations++;
    bump(this.greetings, `${score.verdicts[0]?.behaviour ?? "nothing"} ${score.greetings}`);
    if (ended) bump(this.ended, ended);
    for (const { code } of refusals) bump(this.refusals, code);
    for (const verdict of score.verdicts) this.#count(verdict);
    const [first] = score.verdicts;
    if (first && score.greetings > 1) {
      this.#fail({ ...first, faults: new Set() }, [`${score.greetings} greetings`]);
    }
  }

  /** All of it but the single figures. */
  json(): Record<string, unknown> {
    const rows = [...this.rows.values()].map(({ delaysMs, stoppedMs, ...row }) => ({
      ...row,
      delayMs: [50, 95, 100].map((percent) => percentile(delaysMs, percent)),
      stoppedMs: [50, 95, 100].map((percent) => percentile(stoppedMs, percent)),
    }));
    const { conversations, failures } = this;
    const counts = [this.greetings, this.ended, this.refusals].map((map) =>
      Object.fromEntries(map)
    );
    const [greetings, ended, refusals] = counts;
    return { conversations, rows, greetings, ended, refusals, failures };
  }

  #count(verdict: Verdict): void {
    const { behaviour, faults, delayMs, stoppedMs } = verdict;
    let row = this.rows.get(behaviour);
    if (!row) {
      const none = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
      row = { behaviour, count: 0, answered: 0, faults: none, delaysMs: [], stoppedMs: [] };
      this.rows.set(behaviour, row);
    }
    row.count++;
    if (verdict.answered) row.answered++;
    for (const fault of faults) row.faults[fault]++;
    if (!Number.isNaN(delayMs)) row.delaysMs.push(Math.round(delayMs));
    if (!Number.isNaN(stoppedMs)) row.stoppedMs.push(Math.round(stoppedMs));
    if (faults.size > 0) this.#fail(verdict, [...faults]);
  }

  #fail({ seed, behaviour, atMs }: Verdict, faults: readonly string[]): void {
    if (this.failures.length < MAX_FAILURES) {
      this.failures.push({ seed, behaviour, atMs: Math.round(atMs), faults });
    }
  }
}

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const show = (counts: ReadonlyMap<unknown, number>) =>
  [...counts].map(([key, count]) => `${key}: ${count}`).sort().join(", ") || "none";

/** Prints it. */
export function printTally(title: string, tally: Tally, listed: number): void {
  const rows = [...tally.rows.values()].sort((a, b) => a.behaviour.localeCompare(b.behaviour));
  console.log(`\n${title}`);
  console.log(line("", "asked", "answered", ...FAULTS, "p50 ms", "p95", "max"));
  for (const row of rows) console.log(lineOf(row));
  const sum = (pick: (row: Row) => number) => rows.reduce((n, row) => n + pick(row), 0);
  const all = Object.fromEntries(FAULTS.map((f) => [f, sum(({ faults }) => faults[f])]));
  console.log(lineOf({
    behaviour: "all",
    count: sum(({ count }) => count),
    answered: sum(({ answered }) => answered),
    faults: all as Record<Fault, number>,
    delaysMs: rows.flatMap(({ delaysMs }) => delaysMs),
    stoppedMs: [],
  }));
  const stopped = rows.flatMap(({ stoppedMs }) => stoppedMs);
  console.log(
    `  interruptions: onset → last sound p50 ${percentile(stopped, 50)}, p95 ` +
      `${percentile(stopped, 95)}, max ${percentile(stopped, 100)} ms (n ${stopped.length})`,
  );
  console.log(`  greetings heard a call: ${show(tally.greetings)}`);
  console.log(`  calls that the agent ended: ${show(tally.ended)}`);
  console.log(`  requests refused: ${show(tally.refusals)}`);
  for (const { seed, behaviour, atMs, faults } of tally.failures.slice(0, listed)) {
    console.log(`  failed: --seed "${seed}"  ${behaviour} at ${atMs} ms: ${faults.join(", ")}`);
  }
}

function lineOf({ behaviour, count, answered, faults, delaysMs }: Row): string {
  const cells = FAULTS.map((fault) => faults[fault] || "·");
  const delays = [50, 95, 100].map((percent) =>
    delaysMs.length > 0 ? percentile(delaysMs, percent) : "·"
  );
  return line(behaviour, count, answered, ...cells, ...delays);
}

const WIDTHS = [26, 7, 9, 6, 7, 11, 6, 7, 5, 8, 5, 9, 8, 7, 6, 7];

function line(...cells: readonly (string | number)[]): string {
  return cells.map((cell, i) =>
    i === 0 ? String(cell).padEnd(WIDTHS[0]!) : String(cell).padStart(WIDTHS[i]!)
  ).join("");
}
