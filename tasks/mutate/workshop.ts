/**
 * Where mutants are judged: a temporary folder with the turn machine and the program that explores
 * it, and a process for each mutant, since one that goes round for ever can only be ended from outside.
 *
 * @module
 */

import type { Mutant } from "./mutants.ts";

/** What a judgement needs. */
const FOLDERS = ["call/turns", "tests/turns"];
const FILES = ["tests/random.ts"];

export interface Verdict {
  readonly killed: boolean;
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
      if (name.endsWith(".ts") && !name.endsWith("_test.ts")) files.push(`${folder}/${name}`);
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
  if (mutant) await Deno.writeTextFile(`${root}/${mutant.file}`, mutant.text);
  try {
    const args = ["-n", "10", Deno.execPath(), "run", "--no-check", "tests/turns/judge.ts"];
    const { success, stdout, stderr } = await new Deno.Command("nice", {
      args,
      cwd: root,
      signal: AbortSignal.timeout(limitMs),
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const seconds = (performance.now() - startedMs) / 1000;
    const late = seconds * 1000 >= limitMs;
    return { killed: !success, seconds, why: late ? "hangs" : lastLine(output) };
  } finally {
    if (mutant) await Deno.writeTextFile(`${root}/${mutant.file}`, mutant.original);
  }
}

/** Of an error, its message. */
function lastLine(output: string): string {
  const lines = output.trim().split("\n");
  return lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "";
}
