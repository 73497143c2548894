/**
 * A report for people: coloured and in columns on a terminal, a line each elsewhere.
 *
 * @module
 */

import type { Finding, Section, Verdict } from "./finding.ts";

/** How much the output can do. */
export interface Look {
  readonly isTerminal: boolean;
  readonly colour: boolean;
  /** Columns that lines keep within, on a terminal. */
  readonly width: number;
}

const MARKS: Record<Verdict, string> = { good: "✓", poor: "✗", skipped: "–" };
const COLOURS: Record<Verdict, number> = { good: 32, poor: 31, skipped: 90 };
const BOLD = 1;
const DIM = 90;

/** `what` has this much room, and what was measured begins behind it. */
const WHAT_WIDTH = 16;
const INDENT = 4 + WHAT_WIDTH;
/** A number stays with its unit. */
const BREAK = / (?!(?:ms|s|MiB|KiB|%)(?![\w-]))/;
/** Narrower than this, columns help nobody. */
const MIN_TEXT_WIDTH = 24;

/** Writes findings one after the other, with a heading where a section begins. */
export class Report {
  readonly #look: Look;
  #section: Section | null = null;

  constructor(look: Look) {
    this.#look = look;
  }

  /** The first line. */
  head(text: string): string {
    return this.#look.isTerminal ? this.#paint(text, BOLD) + "\n" : text + "\n";
  }

  /** A finding's lines, each with its newline. */
  finding({ section, what, verdict, measured, advice }: Finding): string {
    if (!this.#look.isTerminal) {
      const tail = advice ? ` → ${advice}` : "";
      return `${verdict.padEnd(7)}  ${section}, ${what}: ${measured}${tail}\n`;
    }
    const heading = section === this.#section ? "" : `\n${this.#paint(section, BOLD)}\n`;
    this.#section = section;
    const mark = this.#paint(MARKS[verdict], COLOURS[verdict]);
    const [first = "", ...rest] = this.#wrap(measured);
    const lines = [`  ${mark} ${what.padEnd(WHAT_WIDTH)}${this.#tone(first, verdict)}`];
    for (const line of rest) lines.push(" ".repeat(INDENT) + this.#tone(line, verdict));
    if (advice) {
      const colour = verdict === "poor" ? 33 : DIM;
      this.#wrap(advice, 2).forEach((line, index) => {
        lines.push(" ".repeat(INDENT) + this.#paint(`${index === 0 ? "→ " : "  "}${line}`, colour));
      });
    }
    return heading + lines.join("\n") + "\n";
  }

  /** What is looked at just now; overwritten by what comes next. */
  waiting(section: Section): string {
    if (!this.#look.isTerminal) return "";
    return this.#paint(`  … ${section}`, DIM);
  }

  /** Takes {@link waiting} back. */
  done(): string {
    return this.#look.isTerminal ? "\r\x1b[2K" : "";
  }

  /** The last line. */
  summary(findings: readonly Finding[]): string {
    const of = (verdict: Verdict) =>
      findings.filter((finding) => finding.verdict === verdict).length;
    const poor = of("poor");
    const skipped = of("skipped");
    const rest = `${of("good")} good${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    const text = poor === 0 ? `All well: ${rest}` : `${poor} poor, ${rest}`;
    const gap = this.#look.isTerminal ? "\n" : "";
    return `${gap}${this.#paint(text, poor === 0 ? 32 : 31, BOLD)}\n`;
  }

  #tone(text: string, verdict: Verdict): string {
    return verdict === "skipped" ? this.#paint(text, DIM) : text;
  }

  #paint(text: string, ...codes: number[]): string {
    if (!this.#look.colour) return text;
    return `\x1b[${codes.join(";")}m${text}\x1b[0m`;
  }

  #wrap(text: string, less = 0): string[] {
    const width = Math.max(MIN_TEXT_WIDTH, this.#look.width - INDENT - less);
    const lines: string[] = [];
    let line = "";
    for (const word of text.split(BREAK)) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    return [...lines, line];
  }
}
