/**
 * The matrices as tables for `docs/reliability.md`.
 *
 * @module
 */

import { LINK_ROWS, MOMENTS, type Outcome, problemsOf, UPGRADE_ROWS } from "./cells.ts";
import { LEG_FAULTS, LEG_MOMENTS, type LegCell, legProblems } from "./leg_cells.ts";
import type { Cell } from "./matrix.ts";

const WORDS_OF_PHRASES: Readonly<Record<string, string>> = {
  one_moment: "“One moment, please.”",
  say_again: "“Could you say it again?”",
};

/** What the caller hears, in a few words. */
function cellText(outcome: Outcome | Error, lateMs: number): string {
  if (outcome instanceof Error) return `**no outcome**: ${outcome.message.slice(0, 80)}`;
  const problems = problemsOf(outcome, lateMs);
  if (problems.length > 0) return `**fails**: ${problems.join("; ")}`;
  const { moment, phrases, silenceMs, twice, againMs } = outcome;
  if (phrases.includes("apology")) return "an apology, then we hang up";
  const end = moment === "closing" ? "goodbye is heard" : "goes on";
  const more = phrases.map((phrase) => `, ${WORDS_OF_PHRASES[phrase] ?? phrase}`).join("");
  const again = twice > 0 ? ", one word twice" : againMs > 0 ? ", part of a word twice" : "";
  return `${end}, +${(Math.round(silenceMs / 10) / 100).toFixed(2)} s${more}${again}`;
}

/** Markdown: a row for each fault, a column for each moment, and what is logged. */
export function tableOf(cells: readonly Cell[], lateMs: number): string {
  const lines = [
    `| fault | ${MOMENTS.join(" | ")} | logged |`,
    `| --- |${" --- |".repeat(MOMENTS.length + 1)}`,
  ];
  for (const fault of [...LINK_ROWS, ...UPGRADE_ROWS]) {
    const row = MOMENTS.map((moment) =>
      cells.find((cell) => cell.fault === fault && cell.moment === moment)
    );
    const logged = new Set<string>();
    for (const cell of row) {
      if (cell && !(cell.outcome instanceof Error)) {
        cell.outcome.logged.forEach((l) => logged.add(l));
      }
    }
    const texts = row.map((cell) => cell ? cellText(cell.outcome, lateMs) : "");
    lines.push(`| ${fault.name} | ${texts.join(" | ")} | ${[...logged].join("; ") || "nothing"} |`);
  }
  return lines.join("\n");
}

function legText({ outcome }: LegCell): string {
  if (outcome instanceof Error) return `**no outcome**: ${outcome.message.slice(0, 80)}`;
  const problems = legProblems(outcome);
  if (problems.length > 0) return `**fails**: ${problems.join("; ")}`;
  const { goesOn, againMs, freedMs } = outcome;
  if (!goesOn) return `let go after ${(freedMs / 1000).toFixed(1)} s`;
  return againMs > 0 ? `goes on over another stream, after ${againMs.toFixed(0)} ms` : "goes on";
}

/** The same for the caller's side. */
export function legTableOf(cells: readonly LegCell[]): string {
  const rows = LEG_FAULTS.map((fault) => {
    const texts = LEG_MOMENTS.map((moment) =>
      legText(cells.find((cell) => cell.fault === fault && cell.moment === moment)!)
    );
    return `| ${fault.name} | ${texts.join(" | ")} |`;
  });
  return [
    `| fault | ${LEG_MOMENTS.join(" | ")} |`,
    `| --- |${" --- |".repeat(LEG_MOMENTS.length)}`,
    ...rows,
  ].join("\n");
}
