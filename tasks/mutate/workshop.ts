/**
 * Where mutants are judged: a temporary folder with the turn machine, its tests and the program that
 * explores it, and a process for each, since what goes round for ever can only be ended from outside.
 *
 * @module
 */

import type { Mutant } from "./mutants.ts";

/** What a judgement needs. */
const FOLDERS = ["call/turns", "tests/turns"];
const FILES = ["tests/random.ts"];

export interface Verdict {
  readonly killed: boolean;
  /** ... and by the explorer, without the help of the tests that stand beside the machine. */
  readonly explored: boolean;
  readonly seconds: number;
  /** The last line of what was printed. */
  readonly why: string;
}

/** Makes a workshop. @returns Its folder, which the caller removes. */
export async function workshop(): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "mutants_" });
  const files = [...FILES];
  for (const folder of FOLDERS) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".ts") && name !== "explorer_test.ts") files.push(`${folder}/${name}`);
    }
  }
  for (const file of files) await Deno.copyFile(file, `${root}/${file}`);
  return root;
}

/** @param mutant Null for the machine as it is. */
export async function judge(
  root: string,
  mutant: Mutant | null,
  limitMs: number,
): Promise<Verdict> {
  const startedMs = performance.now();
  const late = () => performance.now() - startedMs >= limitMs;
  const run = async (...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command("nice", {
      args: ["-n", "10", Deno.execPath(), ...args],
      cwd: root,
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(limitMs),
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { success, why: late() ? "hangs" : lastLine(output) };
  };
  if (mutant) await Deno.writeTextFile(`${root}/${mutant.file}`, mutant.text);
  try {
    const explored = await run("run", "--no-check", "tests/turns/judge.ts");
    const config = `${Deno.cwd()}/deno.json`;
    const tested = explored.success
      ? await run("test", "-A", "--no-check", "--no-lock", "--config", config, "call/turns")
      : null;
    const { success, why } = tested && !tested.success ? tested : explored;
    const seconds = (performance.now() - startedMs) / 1000;
    return { killed: !success, explored: !explored.success, seconds, why };
  } finally {
    if (mutant) await Deno.writeTextFile(`${root}/${mutant.file}`, mutant.original);
  }
}

/** Of an error, its message. */
function lastLine(output: string): string {
  const lines = output.trim().split("\n");
  return lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "";
}
