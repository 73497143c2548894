/**
 * Time and heap bytes of every hot loop in media/, a 20 ms frame, beside other ways of doing it.
 *
 * Run: `deno run -A bench/media_bench.ts` or `bun bench/media_bench.ts`; `--json` for the figures
 * alone, `--only resample` for groups whose name holds that text, `--ms 100` for the time of a case.
 *
 * @module
 */

import { measure } from "mitata";
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { MEDIA_CASES } from "./media_cases.ts";
import { allocatedBytes } from "./media_heap.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    ms: { type: "string", default: "300" },
  },
});
const caseMs = Number(values.ms);
if (!(caseMs > 0)) throw new RangeError(`--ms is ${values.ms}, needs a number above 0`);

const bunVersion = process.versions.bun;
const runtime = bunVersion ? `bun ${bunVersion}` : `deno ${process.versions.deno}`;
const machine = `${cpus()[0]?.model ?? "unknown"} × ${cpus().length}, ${process.arch}`;

interface Result {
  readonly group: string;
  readonly name: string;
  readonly ours: boolean;
  readonly nsPerFrame: number;
  readonly nsPerFrameMin: number;
  readonly nsPerFrameP50: number;
  readonly nsPerFrameP99: number;
  readonly heapBytesPerFrame: number;
}

const results: Result[] = [];
let shownGroup = "";
if (!values.json) console.log(`${runtime} on ${machine}`);
for (const { group, name, ours, run } of MEDIA_CASES) {
  if (!group.includes(values.only)) continue;
  const { avg, min, p50, p99 } = await measure(run, { min_cpu_time: caseMs * 1e6 });
  const heapBytesPerFrame = Math.round(allocatedBytes(run) * 10) / 10;
  results.push({
    group,
    name,
    ours,
    nsPerFrame: round(avg),
    nsPerFrameMin: round(min),
    nsPerFrameP50: round(p50),
    nsPerFrameP99: round(p99),
    heapBytesPerFrame,
  });
  if (values.json) continue;
  if (group !== shownGroup) {
    console.log(`\n${group.padEnd(44)}   ns avg      min      p50      p99   bytes`);
  }
  shownGroup = group;
  const figures = [avg, min, p50, p99].map((ns) => ns.toFixed(0).padStart(9)).join("");
  const label = `${ours ? "*" : " "} ${name}`.padEnd(44);
  console.log(`${label}${figures}${heapBytesPerFrame.toFixed(0).padStart(8)}`);
}

if (values.json) {
  console.log(JSON.stringify({ bench: "media", runtime, machine, results }, null, 2));
} else {
  console.log("\n* earshot's own. Bytes: JavaScript heap allocated a frame, over 100,000 frames.");
}

function round(ns: number): number {
  return Math.round(ns * 10) / 10;
}
