/**
 * `earshot latency-test`: phones a server many times at once and reports what its callers hear.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { LATENCY_HELP, type LatencySettings, readLatencyArgs, UsageError } from "./args.ts";
import { type Clips, loadClips } from "./clips.ts";
import { htmlReport } from "./html.ts";
import { type RunningTest, startTest } from "./run.ts";
import { progressLine, terminalReport } from "./terminal.ts";

/** Where the command writes. `process.stdout` and `process.stderr` fit. */
export interface CommandOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Surroundings that a test may replace. */
export interface CommandContext {
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the test early, as Ctrl-C does. */
  readonly signal?: AbortSignal;
}

/** How often a terminal sees a new line, and how often a log gets one. */
const REDRAW_MS = 200;
const PLAIN_LINE_MS = 10_000;

/**
 * Runs the command.
 *
 * @param args What follows `latency-test`.
 * @returns Exit code: 0 when every call went well, 1 when calls failed or nothing could be tried,
 *   2 when the flags are wrong.
 */
export async function runLatencyTest(
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr, env } = context;
  let settings: LatencySettings;
  let clips: Clips;
  try {
    const read = readLatencyArgs(args, env);
    if (read === "help") {
      stdout.write(LATENCY_HELP);
      return 0;
    }
    settings = read;
    clips = loadClips(settings.speechPath);
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : error}\n`);
    if (error instanceof UsageError) stderr.write("See earshot latency-test --help.\n");
    return 2;
  }

  const test = startTest(settings, clips);
  const release = abortOnInterrupt(test, context.signal);
  // With --json, standard output carries the report alone.
  const hideProgress = showProgress(test, settings.json ? stderr : stdout, env);
  const { report, points } = await test.done;
  hideProgress();
  release();

  if (settings.json) stdout.write(JSON.stringify(report, null, 2) + "\n");
  else stdout.write(terminalReport(report, look(stdout, env)));
  if (settings.htmlPath !== undefined) {
    try {
      writeFileSync(settings.htmlPath, htmlReport(report, points));
      if (!settings.json) stdout.write(`The report is in ${settings.htmlPath}\n`);
    } catch (error) {
      stderr.write(
        `--html ${settings.htmlPath}: ${error instanceof Error ? error.message : error}\n`,
      );
      return 1;
    }
  }
  return report.counts.failed === 0 && report.counts.connected > 0 ? 0 : 1;
}

/** The first Ctrl-C ends the test, the second one the process. */
function abortOnInterrupt(test: RunningTest, signal: AbortSignal | undefined): () => void {
  let interrupts = 0;
  const interrupt = (): void => {
    if (++interrupts > 1) process.exit(130);
    test.abort();
  };
  const abort = () => test.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  signal?.addEventListener("abort", abort);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    signal?.removeEventListener("abort", abort);
  };
}

/** A line that redraws itself on a terminal, a line every ten seconds elsewhere. */
function showProgress(
  test: RunningTest,
  output: CommandOutput,
  env: CommandContext["env"],
): () => void {
  const style = look(output, env);
  const line = () => progressLine(test.progress(), style);
  if (!output.isTTY) {
    const timer = setInterval(() => output.write(line() + "\n"), PLAIN_LINE_MS);
    return () => clearInterval(timer);
  }
  const clear = "\r\x1b[2K";
  // Without auto-wrap a line that is too long is cut instead of filling the screen.
  output.write("\x1b[?25l\x1b[?7l");
  const timer = setInterval(() => output.write(clear + line()), REDRAW_MS);
  return () => {
    clearInterval(timer);
    output.write(clear + "\x1b[?25h\x1b[?7h");
  };
}

function look(output: CommandOutput, env: CommandContext["env"]) {
  return { colour: output.isTTY === true && !env.NO_COLOR, width: output.columns ?? 100 };
}
