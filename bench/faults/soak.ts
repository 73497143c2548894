/**
 * Calls that come and go for a while, and what the server holds meanwhile and afterwards.
 *
 * @module
 */

import { lineTo } from "../../tests/calls/line.ts";
import { startFaultBrain } from "../../tests/faults/fault_brain.ts";
import { percentile } from "../turns/figures.ts";
import { Random } from "../vad/random.ts";
import type { Sample } from "./plot.ts";
import { type Held, held } from "./process_watch.ts";
import { sleep, type SoakCall, soakCall } from "./soak_call.ts";

export interface SoakOptions {
  readonly minutes: number;
  /** Live at one time. */
  readonly calls: number;
  /** How long a call lasts, ms. */
  readonly callMs: number;
  /** Share of calls to which something happens. */
  readonly faults: number;
  readonly seed: string;
}

export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly calls: readonly SoakCall[];
  /** Memory in the second minute and in the last one, MiB; of a short run, in its thirds. */
  readonly earlyMib: number;
  readonly lateMib: number;
  /** Held before the first call and after the last one. */
  readonly before: Held;
  readonly after: Held;
  /** Calls that the server still counts when all have hung up; sessions of the brain still open. */
  readonly callsLeft: number;
  readonly linksLeft: number;
  /** Of the answers of calls that nothing happened to, ms. */
  readonly waitMs: { readonly p50: number; readonly p99: number };
  /** Lines of the log that tell of a bug. */
  readonly crashes: number;
}

const SAMPLE_MS = 2000;
/** What a process may still hold when all has been let go: the way to Twilio's API is kept open. */
const SETTLE_MS = 15_000;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { minutes, calls: seats, callMs, faults, seed } = options;
  const brain = await startFaultBrain({ thinkMs: 200, streamRate: 3 });
  const line = await lineTo("binary", brain.url, {
    EARSHOT_MAX_CALLS: "1000",
    EARSHOT_HISTORY_CALLS: "50",
  });
  const { server } = line;
  const startedMs = performance.now();
  const endMs = startedMs + minutes * 60_000;
  const before = held(server.pid);
  const samples: Sample[] = [];
  const calls: SoakCall[] = [];
  let live = 0, count = 0;
  const sampler = setInterval(() => {
    const { rssMib, sockets } = held(server.pid);
    samples.push({ atSeconds: (performance.now() - startedMs) / 1000, rssMib, sockets, live });
  }, SAMPLE_MS);
  const seat = async (n: number) => {
    // Their ends are spread as their beginnings are.
    await sleep(n / seats * Math.min(callMs, minutes * 20_000));
    while (performance.now() < endMs - 5000) {
      const random = new Random(`${seed} ${count++}`);
      const lengthMs = Math.min(random.between(0.7, 1.3) * callMs, endMs - performance.now());
      live++;
      calls.push(await soakCall(line, brain, random, lengthMs, random.next() < faults));
      live--;
    }
  };
  try {
    await Promise.all(Array.from({ length: seats }, (_, n) => seat(n)));
    clearInterval(sampler);
    const linksOpen = () => brain.links.filter(({ closedAtMs }) => Number.isNaN(closedAtMs)).length;
    let callsLeft = NaN;
    for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += 500) {
      callsLeft = (await (await fetch(`${server.url}/health`)).json()).calls.live;
      if (callsLeft === 0 && linksOpen() === 0) break;
      await sleep(500);
    }
    await sleep(1000);
    const [early, late] = windows(samples, minutes);
    const waits = calls.filter(({ faulty }) => !faulty).flatMap(({ waits }) =>
      waits.map(({ ms }) => ms)
    );
    return {
      samples,
      calls,
      earlyMib: early,
      lateMib: late,
      before,
      after: held(server.pid),
      callsLeft,
      linksLeft: linksOpen(),
      waitMs: { p50: percentile(waits, 50), p99: percentile(waits, 99) },
      crashes: server.output().match(/unhandled|uncaught|internal_error/gi)?.length ?? 0,
    };
  } finally {
    clearInterval(sampler);
    await line.close();
    await brain.close();
  }
}

/** The middle value of the second minute and of the last; of a short run, of the last two thirds. */
function windows(samples: readonly Sample[], minutes: number): [number, number] {
  const lastS = minutes * 60;
  const [early, late] = minutes >= 4 ? [[60, 120], [lastS - 60, lastS]] : [
    [lastS / 3, lastS * 2 / 3],
    [lastS * 2 / 3, lastS],
  ];
  const middle = ([fromS, toS]: number[]) =>
    percentile(
      samples.filter(({ atSeconds }) => atSeconds >= fromS! && atSeconds < toS!).map((one) =>
        one.rssMib
      ),
      50,
    );
  return [middle(early!), middle(late!)];
}

/** What is not as it should be. */
export function soakProblems(result: SoakResult, mostGrowth: number): string[] {
  const { calls, earlyMib, lateMib, before, after, callsLeft, linksLeft, crashes } = result;
  const problems: string[] = [];
  const failed = new Map<string, number>();
  for (const { faulty, failure } of calls) {
    if (!faulty && failure) failed.set(failure, (failed.get(failure) ?? 0) + 1);
  }
  for (const [failure, times] of failed) problems.push(`${times} healthy calls failed: ${failure}`);
  if (!(lateMib <= earlyMib * mostGrowth)) {
    problems.push(`memory grew from ${earlyMib.toFixed(0)} to ${lateMib.toFixed(0)} MiB`);
  }
  if (callsLeft > 0) problems.push(`${callsLeft} calls are left`);
  if (linksLeft > 0) problems.push(`${linksLeft} sessions of the brain are left`);
  // One connection to us for /health, and one to Twilio's API, are kept alive for the next request.
  const sockets = after.sockets - before.sockets;
  if (sockets > 4) problems.push(`${sockets} sockets are left`);
  if (after.files > before.files + 2) problems.push(`${after.files - before.files} files are left`);
  if (crashes > 0) problems.push(`${crashes} errors of our own in the log`);
  return problems;
}
