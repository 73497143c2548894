/**
 * What a whole call costs the relay in the middle: server CPU for a 20 ms frame, and the delay that
 * it adds each way, for earshot's binary beside a relay that only copies bytes. Rounds alternate
 * within one run, because two runs on a shared machine do not compare.
 *
 * Run: `bun bench/relay_bench.ts --calls 20,150 --seconds 10 --rounds 2`
 *
 * @module
 */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Contender, type RoundResult, runRound } from "./relay/round.ts";
import { ServerProcess } from "./relay/server_process.ts";

const root = fileURLToPath(new URL("..", import.meta.url).href);

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "20,150" },
    seconds: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "10" },
    rounds: { type: "string", default: "2" },
    binary: { type: "string", default: `${root}dist/earshot` },
    only: { type: "string", default: "direct,copy,earshot" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`Usage: bun bench/relay_bench.ts [options]
  --calls 20,150    calls at once, one block of rounds for each number
  --seconds 10      measured time of a round
  --warm-up 10      seconds before it, in which the server's JIT settles
  --rounds 2        how often the contenders alternate
  --only direct,copy,earshot
  --binary PATH     dist/earshot by default
  --json            the rounds as JSON instead of the table`);
  process.exit(0);
}

const bun = "Bun" in globalThis ? process.execPath : `${root}node_modules/.bin/bun`;

const CONTENDERS: Record<string, Contender> = {
  // Its delays are the harness's own: sockets, event loop and timers of the process that measures.
  direct: { name: "direct", start: () => null },
  copy: {
    name: "copy",
    start: (port, brainPort) =>
      new ServerProcess(bun, [
        `${root}bench/relay/copy_relay.ts`,
        String(port),
        `ws://127.0.0.1:${brainPort}/copy`,
      ], {}),
  },
  earshot: {
    name: "earshot",
    start: (port, brainPort, calls) =>
      new ServerProcess(values.binary, [], {
        PORT: String(port),
        HOST: "127.0.0.1",
        OPENAI_REALTIME_URL: `ws://127.0.0.1:${brainPort}/v1/realtime`,
        OPENAI_API_KEY: "test",
        EARSHOT_BRAIN: "openai",
        EARSHOT_TURNS: "server",
        EARSHOT_LOG: "off",
        EARSHOT_MAX_CALLS: String(calls + 10),
      }),
  },
};

const callCounts = values.calls.split(",").map((text) => wholeNumber("--calls", text));
const seconds = wholeNumber("--seconds", values.seconds);
const warmUp = wholeNumber("--warm-up", values["warm-up"]);
const rounds = wholeNumber("--rounds", values.rounds);
const contenders = values.only.split(",").map((name) => {
  const found = CONTENDERS[name];
  if (!found) {
    throw new RangeError(`--only is ${name}, wanted ${Object.keys(CONTENDERS).join(", ")}`);
  }
  return found;
}).filter((contender) => {
  if (contender.name !== "earshot" || existsSync(values.binary)) return true;
  console.error(`${values.binary} does not exist: build it first (deno task build). Left out.`);
  return false;
});

const results: RoundResult[] = [];
if (!values.json) printHead();
for (const calls of callCounts) {
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const result = await runRound(contender, calls, seconds, warmUp);
      results.push(result);
      if (!values.json) printRound(result);
    }
  }
  if (!values.json) printRatio(results.filter((result) => result.calls === calls));
}
if (values.json) console.log(JSON.stringify(results, null, 2));
process.exit(0);

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${flag} is ${text}, wanted a whole number of at least 1`);
  }
  return value;
}

function printHead(): void {
  console.log(
    `Relay bench on ${availableParallelism()} cores: ${seconds} s a round after ${warmUp} s of warm-up, ` +
      `${rounds} rounds; one process makes the load, one relays.\n`,
  );
  console.log(
    "calls  relay     CPU µs/frame  server %  load %  others %  up p50/p99/max ms    " +
      "down p50/p99/max ms  msgs down/s  marks/s  RSS MiB  late p99 ms",
  );
}

function printRound(r: RoundResult): void {
  const delays = (ms: readonly number[]) =>
    ms.map((value) => value.toFixed(2)).join("/").padEnd(19);
  const cpuKnown = r.contender !== "direct";
  console.log([
    String(r.calls).padStart(5),
    r.contender.padEnd(8),
    (cpuKnown ? r.cpuPerFrameUs.toFixed(1) : "-").padStart(12),
    (cpuKnown ? r.serverCpuPercent.toFixed(0) : "-").padStart(8),
    (cpuKnown ? r.loadCpuPercent.toFixed(0) : "-").padStart(6),
    (cpuKnown ? r.othersCpuPercent.toFixed(0) : "-").padStart(8),
    delays(r.up),
    delays(r.down),
    (r.messagesDown / seconds).toFixed(0).padStart(11),
    (r.marks / seconds).toFixed(0).padStart(7),
    (cpuKnown ? r.memoryMib.toFixed(0) : "-").padStart(7),
    r.lateP99Ms.toFixed(1).padStart(11),
  ].join("  "));
  for (const doubt of r.doubts) console.log(`       ! ${doubt}`);
}

/** The middle of an odd number of rounds, the mean of the two middle ones of an even number. */
function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

function printRatio(results: RoundResult[]): void {
  const of = (name: string, value: (r: RoundResult) => number) =>
    median(results.filter((result) => result.contender === name).map(value));
  const earshot = of("earshot", (r) => r.cpuPerFrameUs);
  const copy = of("copy", (r) => r.cpuPerFrameUs);
  if (!(earshot > 0) || !(copy > 0)) return console.log();
  const up = of("earshot", (r) => r.up[1]!) - of("copy", (r) => r.up[1]!);
  const down = of("earshot", (r) => r.down[1]!) - of("copy", (r) => r.down[1]!);
  console.log(
    `       earshot / copy: ${(earshot / copy).toFixed(2)} times the CPU ` +
      `(${earshot.toFixed(1)} / ${copy.toFixed(1)} µs), p99 ${signed(up)} ms up, ` +
      `${signed(down)} ms down (medians of ${rounds} rounds)\n`,
  );
}

function signed(ms: number): string {
  return `${ms < 0 ? "-" : "+"}${Math.abs(ms).toFixed(2)}`;
}
