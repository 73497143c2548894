/**
 * Every hot loop on Deno and Bun, one after the other, and the results as a page.
 *
 * Run: `deno task bench` prints; `deno task bench --write` also writes `bench/RESULTS.md`.
 *
 * @module
 */

import { BUN } from "./build.ts";

interface Row {
  readonly group: string;
  readonly name: string;
  readonly nsPerFrameP50: number;
  readonly nsPerFrameMin: number;
  readonly heapBytesPerFrame?: number;
}
interface Report {
  readonly runtime: string;
  readonly machine: string;
  readonly results: readonly Row[];
}

const RUNTIMES = [[BUN], [Deno.execPath(), "run", "-A"]] as const;

async function output(command: readonly string[]): Promise<string> {
  const [program, ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) {
    throw new Error(`${command.join(" ")} failed:\n${new TextDecoder().decode(stderr)}`);
  }
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

/** One table with both runtimes side by side. */
async function table(file: string): Promise<string> {
  const reports: Report[] = [];
  for (const runtime of RUNTIMES) {
    reports.push(JSON.parse(await output([...runtime, file, "--json"])));
  }
  const [bun, deno] = reports as [Report, Report];
  const lines = [
    `Machine: ${bun.machine}. ns for one 20 ms frame, median (least); heap bytes a frame where counted.`,
    "",
    `| loop | ${bun.runtime} | ${deno.runtime} | heap bytes |`,
    "|---|---|---|---|",
  ];
  for (const [i, row] of bun.results.entries()) {
    const other = deno.results[i]!;
    const ns = (r: Row) => `${Math.round(r.nsPerFrameP50)} (${Math.round(r.nsPerFrameMin)})`;
    const bytes = row.heapBytesPerFrame === undefined
      ? "–"
      : `${Math.round(row.heapBytesPerFrame)} / ${Math.round(other.heapBytesPerFrame ?? 0)}`;
    lines.push(`| ${row.group}: ${row.name} | ${ns(row)} | ${ns(other)} | ${bytes} |`);
  }
  return lines.join("\n");
}

/** What a bench prints by itself, for each runtime. */
async function printed(file: string): Promise<string> {
  const parts: string[] = [];
  for (const runtime of RUNTIMES) {
    parts.push("```text\n" + (await output([...runtime, file])).trim() + "\n```");
  }
  return parts.join("\n\n");
}

const SECTIONS: [title: string, make: () => Promise<string>][] = [
  ["Audio road (`bench/road_bench.ts`)", () => table("bench/road_bench.ts")],
  ["Codecs, resampler, base64 (`bench/media_bench.ts`)", () => table("bench/media_bench.ts")],
  ["Voice activity detector (`bench/vad_bench.ts`)", () => printed("bench/vad_bench.ts")],
  ["Telemetry (`bench/telemetry_bench.ts`)", () => printed("bench/telemetry_bench.ts")],
];

const page = [
  "# Bench results",
  "",
  "Written by `deno task bench --write`. Compare ratios within one run; machines differ, and this one is shared.",
];
for (const [title, make] of SECTIONS) {
  const section = await make();
  console.log(`\n${title}\n\n${section}`);
  page.push("", `## ${title}`, "", section);
}
if (Deno.args.includes("--write")) {
  await Deno.writeTextFile("bench/RESULTS.md", page.join("\n") + "\n");
}
