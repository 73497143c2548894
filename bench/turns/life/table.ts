/**
 * The verdicts of many conversations as a table: a row for each behaviour.
 *
 * @module
 */

import { FAULTS } from "./score.ts";
import type { Failure, Row, Tally } from "./tally.ts";

const show = (counts: ReadonlyMap<unknown, number>) =>
  [...counts].map(([key, count]) => `${key}: ${count}`).sort().join(", ") || "none";

/** Prints it, with each of its `parts` in a row of its own. */
export function printTally(
  title: string,
  tally: Tally,
  listed: number,
  parts: ReadonlyMap<string, Tally> = new Map(),
): void {
  const rows = [...tally.rows.values()].sort((a, b) => a.behaviour.localeCompare(b.behaviour));
  const all = tally.sum("all");
  console.log(`\n${title}`);
  console.log(line("", "asked", "answered", "told", ...FAULTS, "p50 ms", "p95", "max"));
  for (const row of rows) console.log(lineOf(row));
  for (const [name, part] of parts) console.log(lineOf(part.sum(name)));
  console.log(lineOf(all));
  const { stoppedMs } = all;
  console.log(
    `  interruptions: onset → last sound p50 ${stoppedMs.percentile(50)}, p95 ` +
      `${stoppedMs.percentile(95)}, max ${stoppedMs.percentile(100)} ms (n ${stoppedMs.total})`,
  );
  console.log(`  greetings heard a call: ${show(tally.greetings)}`);
  console.log(`  calls that the agent ended: ${show(tally.ended)}`);
  console.log(`  requests refused: ${show(tally.refusals)}`);
  printSeeds("told", tally.excused.slice(0, listed));
  printSeeds("failed", tally.failures.slice(0, listed));
}

function printSeeds(what: string, failures: readonly Failure[]): void {
  for (const { seed, behaviour, atMs, faults } of failures) {
    console.log(`  ${what}: --seed "${seed}"  ${behaviour} at ${atMs} ms: ${faults.join(", ")}`);
  }
}

function lineOf({ behaviour, count, answered, told, faults, delaysMs }: Row): string {
  const cells = FAULTS.map((fault) => faults[fault] || "·");
  const delays = [50, 95, 100].map((percent) =>
    delaysMs.total > 0 ? delaysMs.percentile(percent) : "·"
  );
  return line(behaviour, count, answered, told || "·", ...cells, ...delays);
}

const WIDTHS = [26, 8, 9, 6, 6, 7, 11, 6, 7, 5, 8, 5, 9, 8, 7, 6, 7];

function line(...cells: readonly (string | number)[]): string {
  return cells.map((cell, i) =>
    i === 0 ? String(cell).padEnd(WIDTHS[0]!) : String(cell).padStart(WIDTHS[i]!)
  ).join("");
}
