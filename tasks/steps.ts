/**
 * Runs the steps of a gate one after the other: what it does, how long it took, and how many tests
 * passed and failed in all. A step's output is shown only when it fails.
 *
 * @module
 */

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Neighbours of one group run side by side: whole calls mostly wait for one another to speak. */
  readonly group?: string;
}

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

async function runOne({ name, command }: Step, tally: Tally): Promise<boolean> {
  const startedMs = performance.now();
  const [program, ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program!, { args }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  count(output, tally);
  const seconds = (performance.now() - startedMs) / 1000;
  if (seconds > tally.slowest.seconds) tally.slowest = { name, seconds };
  console.log(
    `${success ? "ok  " : "FAIL"}  ${name.padEnd(44)} ${seconds.toFixed(1).padStart(6)} s`,
  );
  if (!success) console.log(whatFailed(output));
  return success;
}

/** The closing line, and the exit code with it. */
export function close(good: boolean, tally: Tally): never {
  if (!good && tally.failed === 0) tally.failed = 1;
  const { name, seconds } = tally.slowest;
  console.log(`\nSlowest: ${name}, ${seconds.toFixed(1)} s`);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  Deno.exit(good && tally.failed === 0 ? 0 : 1);
}
