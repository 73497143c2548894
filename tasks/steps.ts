/**
 * Runs the steps of a gate one after the other: what it does, how long it took, and how many tests
 * passed and failed in all. A step's output is shown only when it fails.
 *
 * @module
 */

import process from "node:process";

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Neighbours of one group run side by side: whole calls mostly wait for one another to speak. */
  readonly group?: string;
  /** A step that runs longer hangs: it is ended, and its last lines say where. */
  readonly limitSeconds?: number;
}

/** Four times what the slowest step takes on two cores. */
const LIMIT_SECONDS = 900;

/** How long a pipe may stay open once its process is gone: whatever holds it was left behind. */
const LEFT_BEHIND_MS = 5000;

export interface Tally {
  passed: number;
  failed: number;
  slowest: { readonly name: string; readonly seconds: number };
}

export function newTally(): Tally {
  return { passed: 0, failed: 0, slowest: { name: "", seconds: 0 } };
}

/** The totals that `deno test` and `bun test` print. */
function count(output: string, tally: Tally): void {
  // deno-lint-ignore no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const deno = /\| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?/.exec(
    plain,
  );
  if (deno) {
    tally.passed += Number(deno[1]) + Number(deno[2] ?? 0);
    tally.failed += Number(deno[3]) + Number(deno[4] ?? 0);
  }
  const bun = /^\s*(\d+) pass$[\s\S]*?^\s*(\d+) fail$/m.exec(plain);
  if (bun) {
    tally.passed += Number(bun[1]);
    tally.failed += Number(bun[2]);
  }
}

/** Of a failed step, what tells why: from the first report of an error, or else its last lines. */
function whatFailed(output: string): string {
  const lines = output.split("\n");
  const first = lines.findIndex((line) => / ERRORS |^error:|^\(fail\)/.test(line));
  return (first >= 0 ? lines.slice(first) : lines).slice(-200).join("\n");
}

/** Runs all steps, also after one has failed, so that one run tells everything. */
export async function run(steps: readonly Step[], tally: Tally): Promise<boolean> {
  let good = true;
  for (let at = 0; at < steps.length;) {
    const { group } = steps[at]!;
    const last = steps.findIndex((step, i) => i > at && (!group || step.group !== group));
    const together = steps.slice(at, last < 0 ? steps.length : last);
    at += together.length;
    const results = await Promise.all(together.map((step) => runOne(step, tally)));
    good &&= results.every(Boolean);
  }
  return good;
}

async function runOne(step: Step, tally: Tally): Promise<boolean> {
  const { name } = step;
  const startedMs = performance.now();
  const { success, output, complaint } = await outcome(step);
  count(output, tally);
  const seconds = (performance.now() - startedMs) / 1000;
  if (seconds > tally.slowest.seconds) tally.slowest = { name, seconds };
  console.log(
    `${success ? "ok  " : "FAIL"}  ${name.padEnd(44)} ${seconds.toFixed(1).padStart(6)} s`,
  );
  if (!success) console.log(whatFailed(output));
  if (complaint) console.log(`${name}: ${complaint}`);
  return success;
}

/** Runs a step in a process group of its own, so that nothing which it started outlives it. */
async function outcome({ command, limitSeconds = LIMIT_SECONDS }: Step) {
  const [program, ...args] = command;
  const child = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const endGroup = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  };
  const read = Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  let complaint = "";
  const limit = setTimeout(() => {
    complaint = `still running after ${limitSeconds} s, ended`;
    endGroup();
  }, limitSeconds * 1000);
  const { success } = await child.status;
  clearTimeout(limit);
  const leftBehind = setTimeout(() => {
    complaint ||= "a process that it started still held its output, ended";
    endGroup();
  }, LEFT_BEHIND_MS);
  const output = (await read).join("");
  clearTimeout(leftBehind);
  return { success: success && !complaint, output, complaint };
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) text += decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}

/** The closing line, and the exit code with it. */
export function close(good: boolean, tally: Tally): never {
  if (!good && tally.failed === 0) tally.failed = 1;
  const { name, seconds } = tally.slowest;
  console.log(`\nSlowest: ${name}, ${seconds.toFixed(1)} s`);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  Deno.exit(good && tally.failed === 0 ? 0 : 1);
}
