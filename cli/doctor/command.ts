/**
 * `earshot doctor`: looks at what a person would look at when calls feel slow, and says what to do.
 * It connects to what the settings name, and to nothing else.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { Runtime } from "../../runtime/runtime.ts";
import { VERSION } from "../../version.ts";
import { checkBrain } from "./brain.ts";
import type { Check, Finding, Section, Visit } from "./finding.ts";
import { checkMachine } from "./machine.ts";
import { checkSettings, readSettings } from "./settings.ts";
import { Report } from "./show.ts";
import { checkSockets } from "./sockets.ts";
import { checkTwilio } from "./twilio.ts";
import { checkWayIn } from "./way_in.ts";

export const DOCTOR_HELP =
  `earshot doctor: looks at what makes calls slow, and says what to do about it

  earshot doctor            with the settings that earshot itself would read
  earshot doctor --json     the findings as JSON
  earshot doctor --help     this text

It looks at the settings; at the brain, step by step from the name to the session; at the Twilio account
and its numbers; at the way in through PUBLIC_URL; and at this machine. It says nothing to the brain, so
it costs nothing. The exit code is 0 when all is well, 1 when something is poor, 2 when the flags are
wrong.
`;

/** Where the command writes. `process.stdout` and `process.stderr` fit. */
export interface DoctorOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface DoctorContext {
  readonly stdout: DoctorOutput;
  readonly stderr: DoctorOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly runtime: Runtime;
  /** The longest that any one step on the network may take; 5 s. */
  readonly timeoutMs?: number;
  /** How long the machine is watched; 1.5 s. */
  readonly watchMs?: number;
}

const CHECKS: readonly [Section, Check][] = [
  ["Settings", checkSettings],
  ["Brain", checkBrain],
  ["Twilio", checkTwilio],
  ["Way in", checkWayIn],
  ["This machine", checkMachine],
  ["This machine", checkSockets],
];

const NEED_SETTINGS = new Set<Section>(["Brain", "Twilio", "Way in"]);

/** Longer than any of our own sentences. */
const MAX_CHARACTERS = 400;

/**
 * Runs the command.
 *
 * @param args What follows `doctor`.
 * @returns Exit code: 0 when all is well, 1 when something is poor, 2 when the flags are wrong.
 */
export async function runDoctor(args: readonly string[], context: DoctorContext): Promise<number> {
  const { stdout, stderr, env, runtime } = context;
  let flags: { json?: boolean; help?: boolean };
  try {
    flags = parseArgs({
      args: [...args],
      options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch (error) {
    stderr.write(`${(error as Error).message}\nSee earshot doctor --help.\n`);
    return 2;
  }
  if (flags.help) {
    stdout.write(DOCTOR_HELP);
    return 0;
  }

  const report = new Report({
    isTerminal: stdout.isTTY === true,
    colour: stdout.isTTY === true && !env.NO_COLOR,
    width: Math.min(stdout.columns ?? 100, 100),
  });
  const say = (text: string) => {
    if (!flags.json && text !== "") stdout.write(text);
  };
  const where = `${runtime.name} ${runtime.version}, ${process.platform} ${process.arch}`;
  const { config, findings } = readSettings(env);
  const { timeoutMs = 5000, watchMs = 1500 } = context;
  const visit: Visit = { env, config, runtime, timeoutMs, watchMs, clocks: [] };

  say(report.head(`earshot doctor ${VERSION} on ${where}`));
  for (const finding of findings) say(report.finding(finding));
  for (const [section, check] of CHECKS) {
    say(report.waiting(section));
    for await (const heard of guarded(section, check, visit)) {
      const finding = printable(heard);
      findings.push(finding);
      say(report.done() + report.finding(finding) + report.waiting(section));
    }
    say(report.done());
  }
  say(report.summary(findings));

  const good = findings.every(({ verdict }) => verdict !== "poor");
  if (flags.json) {
    const body = {
      good,
      version: VERSION,
      runtime: `${runtime.name} ${runtime.version}`,
      findings,
    };
    stdout.write(JSON.stringify(body, null, 2) + "\n");
  }
  return good ? 0 : 1;
}

/** A check that breaks is told as a finding, and the others go on. */
async function* guarded(section: Section, check: Check, visit: Visit): AsyncGenerator<Finding> {
  if (!visit.config && NEED_SETTINGS.has(section)) {
    yield { section, what: "all", verdict: "skipped", measured: "the settings have to hold first" };
    return;
  }
  try {
    yield* check(visit);
  } catch (error) {
    const { name } = error as Error;
    yield {
      section,
      what: "check",
      verdict: "poor",
      measured: `it could not be finished (${name})`,
      advice: "Please report it, with the output of earshot doctor --json",
    };
  }
}

/** Some of the words are those of other servers, and a terminal obeys more than letters. */
function printable(finding: Finding): Finding {
  const clean = (text: string) => text.slice(0, MAX_CHARACTERS).replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
  const { measured, advice } = finding;
  return { ...finding, measured: clean(measured), ...(advice && { advice: clean(advice) }) };
}
