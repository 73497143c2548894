/**
 * Would it be noticed? Changes the turn machine in one small place at a time, has each such
 * mutant judged by a short exploration, and says how many were noticed and which were not.
 *
 * Run: `deno task mutate:turns`; `--count 70`, `--seed 1`, `--all`, `--only call/turns/owing.ts:60`,
 * `--jobs 2`, `--min 95` to make the figure a gate.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { seeded } from "../tests/random.ts";
import { type Mutant, mutantsOf } from "./mutate/mutants.ts";
import { judge, type Verdict, workshop } from "./mutate/workshop.ts";

/** The turn machine is what this needs, itself included. */
const ENTRY = "call/turns/machine.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "70" },
    seed: { type: "string", default: "1" },
    all: { type: "boolean", default: false },
    only: { type: "string" },
    jobs: { type: "string", default: "2" },
    seconds: { type: "string", default: "25" },
    min: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

/** The files beside `file` that it imports, and those that they do, in the order of their names. */
function filesOf(file: string): string[] {
  const found = new Set([file]);
  // What is added on the way is visited too.
  for (const at of found) {
    for (const [, name] of Deno.readTextFileSync(at).matchAll(/ from "\.\/(\w+\.ts)"/g)) {
      found.add(`${dirname(at)}/${name}`);
    }
  }
  return [...found].sort();
}

function chosen(): Mutant[] {
  const all = filesOf(ENTRY).flatMap((file) => mutantsOf(file, Deno.readTextFileSync(file)));
  const { only } = values;
  if (only) return all.filter(({ file, line }) => only.split(",").includes(`${file}:${line}`));
  if (values.all) return all;
  const random = seeded(Number(values.seed));
  const picked: Mutant[] = [];
  while (picked.length < Number(values.count) && all.length > 0) {
    picked.push(...all.splice(Math.floor(random() * all.length), 1));
  }
  return picked;
}

const place = ({ file, line }: Mutant) => `${file}:${line}`;

const startedMs = performance.now();
const limitMs = Number(values.seconds) * 1000;
const mutants = chosen();
const survivors: Mutant[] = [];
let explored = 0;
const waiting = mutants.map((mutant, i) => ({ mutant, n: i + 1 }));

async function work(): Promise<void> {
  const shop = await workshop();
  try {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { mutant, n } = next;
      const verdict: Verdict = await judge(shop, mutant, limitMs);
      if (verdict.explored) explored++;
      if (!verdict.killed) survivors.push(mutant);
      const word = verdict.killed ? "killed  " : "SURVIVES";
      const seconds = verdict.seconds.toFixed(1);
      console.log(`${n}/${mutants.length}  ${word}  ${seconds} s  ${place(mutant)}  ${mutant.how}`);
      if (values.verbose) console.log(`      ${mutant.after}\n      ${verdict.why}`);
    }
  } finally {
    await Deno.remove(shop, { recursive: true });
  }
}

const sound = await workshop();
const first = await judge(sound, null, limitMs);
await Deno.remove(sound, { recursive: true });
if (first.killed) {
  console.error(`The machine as it is doesn't pass: ${first.why}`);
  Deno.exit(1);
}
console.log(`As it is: ${first.why} (${first.seconds.toFixed(1)} s)`);
await Promise.all(Array.from({ length: Number(values.jobs) }, work));

const killed = mutants.length - survivors.length;
const percent = 100 * killed / mutants.length;
const minutes = (performance.now() - startedMs) / 60_000;
console.log(
  `\n${killed} of ${mutants.length} killed (${percent.toFixed(1)} %), ` +
    `${explored} of them by the explorer alone, ${minutes.toFixed(1)} min`,
);
survivors.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
for (const mutant of survivors) {
  console.log(`\n  ${place(mutant)}  ${mutant.how}\n    - ${mutant.before}\n    + ${mutant.after}`);
}
Deno.exit(values.min !== undefined && percent < Number(values.min) ? 1 : 0);
