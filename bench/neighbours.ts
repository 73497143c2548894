/**
 * Whether calls notice that others fail: 100 calls, and in every other stretch of time ten of them
 * are under faults. The other 90 are compared with themselves in the quiet stretches of the same run.
 *
 * Run: `deno run -A bench/neighbours.ts --calls 100 --faulty 10 --seconds 160`; `--write` for
 * `docs/reliability.md`. Exits with 1 when a healthy call failed, or when p99 rose by more than a tenth.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { sharedTicker } from "../cli/phone/ticker.ts";
import { writeSection } from "../tasks/sections.ts";
import { lineTo } from "../tests/calls/line.ts";
import { startFaultBrain } from "../tests/faults/fault_brain.ts";
import { sleep, type SoakCall, soakCall } from "./faults/soak_call.ts";
import { percentile } from "./turns/figures.ts";
import { Random } from "./vad/random.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "100" },
    faulty: { type: "string", default: "10" },
    seconds: { type: "string", default: "160" },
    seed: { type: "string", default: "one" },
    write: { type: "boolean", default: false },
  },
});
/** Each stretch, quiet or not. The first one of all only fills the seats. */
const STRETCH_MS = 20_000, CALL_MS = 25_000, FAULTY_CALL_MS = 4000;
const MOST_RISE = 1.1;

const brain = await startFaultBrain({ thinkMs: 200, streamRate: 3 });
const line = await lineTo("binary", brain.url, { EARSHOT_MAX_CALLS: "1000", EARSHOT_LOG: "off" });
const startMs = performance.now();
const endMs = startMs + Number(values.seconds) * 1000;
const stretch = (atMs: number) => Math.floor((atMs - startMs) / STRETCH_MS);
const isFaulty = (atMs: number) => stretch(atMs) % 2 === 0;
const seats = Number(values.calls), faultySeats = Number(values.faulty);
const healthy: SoakCall[] = [];
let count = 0, struck = 0;

async function seat(n: number): Promise<void> {
  await sleep(n * 100);
  while (performance.now() < endMs - 5000) {
    const random = new Random(`${values.seed} ${count++}`);
    const nowMs = performance.now();
    // Those that may fail call often, so that what they do in a stretch is over with it.
    const mayFail = n < faultySeats;
    const faulty = mayFail && isFaulty(nowMs) && stretch(nowMs) > 0;
    const lengthMs = Math.min(mayFail ? FAULTY_CALL_MS : CALL_MS, endMs - nowMs);
    const call = await soakCall(line, brain, random, lengthMs, faulty);
    if (!mayFail) healthy.push(call);
    else if (faulty) struck++;
  }
}

await Promise.all(Array.from({ length: seats }, (_, n) => seat(n)));
await line.close();
await brain.close();

const waits = healthy.flatMap((call) => call.waits).filter(({ atMs }) => stretch(atMs) > 0);
const spread = (faulty: boolean) => {
  const own = waits.filter(({ atMs }) => isFaulty(atMs) === faulty).map(({ ms }) => ms);
  return { n: own.length, p50: percentile(own, 50), p99: percentile(own, 99) };
};
const quiet = spread(false), under = spread(true);
const failures = healthy.map(({ failure }) => failure).filter(Boolean);
const ratio = under.p99 / quiet.p99;
const row = (name: string, { n, p50, p99 }: typeof quiet) =>
  `| ${name} | ${n} | ${p50.toFixed(0)} ms | ${p99.toFixed(0)} ms |`;
const lines = [
  `${seats} calls; while ${faultySeats} of them are under faults (${struck} calls were), the other ` +
  `${seats - faultySeats} wait for an answer's first word ${
    ratio.toFixed(2)
  } times as long (p99) as ` +
  `in the quiet stretches of the same run; ${failures.length} of them failed.`,
  "",
  "| | answers | p50 | p99 |",
  "| --- | --- | --- | --- |",
  row("quiet", quiet),
  row(`beside ${faultySeats} calls under faults`, under),
  "",
  `The phones' own clock was late by ${sharedTicker.lateness().p99Ms.toFixed(1)} ms (p99).`,
];
console.log(lines.join("\n"));
for (const failure of new Set(failures)) console.log(`FAIL ${failure}`);
if (values.write) writeSection("docs/reliability.md", "neighbours", lines.join("\n"));
process.exit(failures.length > 0 || ratio > MOST_RISE ? 1 : 0);
