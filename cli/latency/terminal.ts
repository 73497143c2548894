/**
 * The report and the progress line as a terminal shows them.
 *
 * @module
 */

import { makeBars } from "./bars.ts";
import type { LatencyProgress, LatencyReport } from "./run.ts";
import { STAGE_TITLES, type StageName, STAGES } from "./stats.ts";
import { countLines, paceLine } from "./words.ts";

/** How much a terminal can do. */
export interface TerminalLook {
  readonly colour: boolean;
  /** Columns; lines are kept within. */
  readonly width: number;
}

type Paint = (text: string) => string;

function paints(look: TerminalLook): Record<"bold" | "dim" | "green" | "red" | "blue", Paint> {
  const code = (open: number, close: number): Paint =>
    look.colour ? (text) => `\x1b[${open}m${text}\x1b[${close}m` : (text) => text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    green: code(32, 39),
    red: code(31, 39),
    blue: code(34, 39),
  };
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `columns` at full length. */
function bar(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

/** One line on a test that runs. */
export function progressLine(progress: LatencyProgress, look: TerminalLook): string {
  const { bold, dim, green, red } = paints(look);
  const { collector, elapsedMs, totalMs, up } = progress;
  const share = Math.min(1, elapsedMs / totalMs);
  const filled = Math.round(share * 20);
  const answer = collector.stages.answer;
  const { failed, answered, unanswered } = collector.counts;
  const parts = [
    `${green("━".repeat(filled))}${dim("─".repeat(20 - filled))}`,
    elapsedMs < totalMs
      ? `${Math.round(elapsedMs / 1000)} of ${Math.round(totalMs / 1000)} s`
      : "last answers",
    bold(`${up} calls`),
    `${answered} answers`,
  ];
  if (answer.count > 0) {
    parts.push(`p50 ${ms(answer.percentile(50))}  p95 ${ms(answer.percentile(95))}`);
  }
  if (failed > 0) parts.push(red(`${failed} failed`));
  if (unanswered > 0) parts.push(red(`${unanswered} unanswered`));
  return parts.join(dim(" · "));
}

/** The whole report, several lines, with a newline at the end. */
export function terminalReport(report: LatencyReport, look: TerminalLook): string {
  const { bold, dim, red, green } = paints(look);
  const { settings, counts } = report;
  const lines = [
    "",
    bold(`earshot latency-test  ${settings.url}`),
    dim(
      `${settings.scenario} · ${settings.calls} calls at ${settings.rate}/s · ` +
        `${report.durationS.toFixed(1)} s${report.interrupted ? " (broken off)" : ""}`,
    ),
    "",
    ...table(report, look),
    ...STAGES_DRAWN.flatMap((stage) => histogram(report, stage, look)),
    ...countLines(report).map((line) => line.bad ? red(line.text) : line.text),
  ];
  for (const [reason, count] of Object.entries(report.failures)) {
    lines.push(red(`  ✗ ${count} × ${reason}`));
  }
  const pace = paceLine(report);
  lines.push(pace.bad ? red(pace.text) : dim(pace.text), "");
  lines.push(
    counts.failed === 0 && counts.connected > 0
      ? green(bold("✓ every call went well"))
      : red(bold(`✗ ${counts.failed} of ${counts.dialled} calls failed`)),
  );
  return lines.join("\n") + "\n";
}

/** Stages whose distribution is worth a picture. */
const STAGES_DRAWN: readonly StageName[] = ["answer", "clear"];

function table(report: LatencyReport, look: TerminalLook): string[] {
  const { dim, bold } = paints(look);
  const heads = ["min", "avg", "p50", "p95", "p99", "max", "count"];
  const lines = [dim("ms".padEnd(31) + heads.map((head) => head.padStart(8)).join(""))];
  for (const name of STAGES) {
    const stage = report.stages[name];
    if (stage === null) continue;
    const { minMs, avgMs, p50Ms, p95Ms, p99Ms, maxMs, count } = stage;
    const cells = [minMs, avgMs, p50Ms, p95Ms, p99Ms, maxMs].map((value) => ms(value).padStart(8));
    const line = STAGE_TITLES[name].padEnd(31) + cells.join("") + String(count).padStart(8);
    lines.push(name === "answer" ? bold(line) : line);
  }
  return [...lines, ""];
}

function histogram(report: LatencyReport, name: StageName, look: TerminalLook): string[] {
  const bars = makeBars(report.histograms[name], 16);
  const stage = report.stages[name];
  if (stage === null || bars.length < 2) return [];
  const { dim, blue } = paints(look);
  const most = Math.max(...bars.map(({ count }) => count));
  const label = String(bars.at(-1)!.toMs).length;
  const columns = Math.max(10, Math.min(60, look.width - 2 * label - 22));
  const lines = bars.map(({ fromMs, toMs, count }) => {
    const marks = ([["p50", stage.p50Ms], ["p95", stage.p95Ms], ["p99", stage.p99Ms]] as const)
      .filter(([, value]) => value >= fromMs && value < toMs).map(([mark]) => mark).join(" ");
    const range = `${String(fromMs).padStart(label)}–${String(toMs).padEnd(label)}`;
    return `  ${dim(range)} ${blue(bar(count / most, columns))} ${count}${
      marks && dim(` ◂ ${marks}`)
    }`;
  });
  return [`${STAGE_TITLES[name]}, ms`, ...lines, ""];
}

/** Milliseconds with as many digits as matter. */
function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}
