/**
 * The machine: CPU, memory, open files, clock, and how punctual the event loop is. It is watched for
 * a moment while nothing else is done, so all of this is of an idle doctor: how it is under calls,
 * `/health` and `/metrics` tell.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import os from "node:os";
import { CpuStealMonitor } from "../../telemetry/cpu_steal.ts";
import { LoopDelayMonitor } from "../../telemetry/loop_delay.ts";
import { type Finding, findingsOf, showMs, type Visit } from "./finding.ts";

const { good, poor, skipped } = findingsOf("This machine");

const LIMITS = {
  /** Share of the CPU's time that the host takes; `/health` warns from here too. */
  steal: 0.1,
  /** One frame: what stops for longer is heard. */
  stallMs: 20,
  /** Half a frame, one time in a hundred; as in `/health`. */
  loopP99Ms: 10,
  /** Twice and a bit of what the binary takes when idle (53 MiB on Bun 1.4.5). */
  freeMiB: 128,
  /** Stream tokens live 60 s, and may be made by one machine and read by another. */
  clockMs: 5000,
};
/** Share of the time of watching for which a core is kept busy, to see whether anyone takes it away. */
const SPIN_SHARE = 0.2;
/** Files besides sockets: listener, log, and the runtime's own. */
const SPARE_FILES = 64;

export async function* checkMachine(visit: Visit): AsyncGenerator<Finding> {
  const loop = new LoopDelayMonitor(Math.max(1000, visit.watchMs * 2));
  const steal = new CpuStealMonitor();
  const throttledBefore = await throttledMs();
  await steal.look();
  loop.start();
  await new Promise((resolve) => setTimeout(resolve, visit.watchMs));
  await steal.look();
  const delay = loop.summary();
  loop.stop();
  const stall = spin(visit.watchMs * SPIN_SHARE);
  const throttledAfter = await throttledMs();

  yield cpuFinding(throttledBefore, throttledAfter);
  yield stealFinding(steal.share);
  yield stallFinding(stall);
  yield loopFinding(delay);
  yield await memoryFinding();
  yield await filesFinding(visit);
  yield clockFinding(visit);
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}

/** How long a container's CPU quota has held us back so far; null where there is none. */
async function throttledMs(): Promise<number | null> {
  const text = await read("/sys/fs/cgroup/cpu.stat");
  const us = /^throttled_usec (\d+)$/m.exec(text ?? "")?.[1];
  return us === undefined ? null : Number(us) / 1000;
}

function cpuFinding(before: number | null, after: number | null): Finding {
  const cores = os.availableParallelism();
  const model = os.cpus()[0]?.model.replaceAll(/\s+/g, " ").trim() || "CPU";
  const heldMs = before === null || after === null ? 0 : after - before;
  const [load = 0] = os.loadavg();
  const measured = `${cores} × ${model}, load ${load.toFixed(2)}`;
  const values = { cores, load, throttledMs: heldMs };
  if (heldMs > 0) {
    return poor("CPU", `${measured}; its quota held it back for ${showMs(heldMs)}`, {
      advice: "Raise the container's CPU quota: audio can't wait for the next period",
      values,
    });
  }
  if (load > cores) {
    return poor("CPU", measured, { advice: "More wants to run than there are cores", values });
  }
  return good("CPU", measured, { values });
}

function stealFinding(share: number | null): Finding {
  if (share === null) return skipped("CPU steal", "this system does not tell");
  const measured = `${(share * 100).toFixed(1)} %`;
  const values = { share };
  return share <= LIMITS.steal ? good("CPU steal", measured, { values }) : poor(
    "CPU steal",
    measured,
    { advice: "The host gives this CPU to others: take a dedicated one", values },
  );
}

interface Stall {
  readonly forMs: number;
  readonly longestMs: number;
  readonly lostMs: number;
}

/**
 * Keeps one core busy, and looks for the longest time in which it was not ours. Shared CPUs that have
 * spent their burst stop for up to 75 ms of every 80 (Fly's documentation on CPU performance).
 */
function spin(forMs: number): Stall {
  const startMs = performance.now();
  let lastMs = startMs;
  let longestMs = 0;
  let lostMs = 0;
  while (lastMs - startMs < forMs) {
    const nowMs = performance.now();
    const gapMs = nowMs - lastMs;
    if (gapMs > 1) lostMs += gapMs;
    if (gapMs > longestMs) longestMs = gapMs;
    lastMs = nowMs;
  }
  return { forMs, longestMs, lostMs };
}

function stallFinding({ forMs, longestMs, lostMs }: Stall): Finding {
  const measured = `longest stop ${showMs(longestMs)} in ${showMs(forMs)} of work`;
  const values = { longestMs, lostMs };
  return longestMs <= LIMITS.stallMs ? good("CPU stalls", measured, { values }) : poor(
    "CPU stalls",
    measured,
    { advice: "A frame of audio has 20 ms: a shared or crowded CPU can't keep that", values },
  );
}

function loopFinding({ p50, p99, max }: ReturnType<LoopDelayMonitor["summary"]>): Finding {
  if (p50 === null || p99 === null || max === null) return skipped("event loop", "not measured");
  const measured = `late by p50 ${showMs(p50)}, p99 ${showMs(p99)}`;
  const values = { p50Ms: p50, p99Ms: p99, maxMs: max };
  return p99 <= LIMITS.loopP99Ms ? good("event loop", measured, { values }) : poor(
    "event loop",
    measured,
    { advice: "Timers come late even without calls: too little CPU", values },
  );
}

const toMiB = (bytes: number) => Math.round(bytes / 1_048_576);

async function memoryFinding(): Promise<Finding> {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(await read("/proc/meminfo") ?? "")?.[1];
  let freeMiB = kib === undefined ? toMiB(os.freemem()) : Math.round(Number(kib) / 1024);
  let of = `${toMiB(os.totalmem())} MiB`;
  // A container's own bound, "max" when it has none.
  const limit = Number(await read("/sys/fs/cgroup/memory.max") ?? NaN);
  const used = Number(await read("/sys/fs/cgroup/memory.current") ?? NaN);
  if (Number.isFinite(limit) && Number.isFinite(used) && toMiB(limit - used) < freeMiB) {
    freeMiB = toMiB(limit - used);
    of = `the container's ${toMiB(limit)} MiB`;
  }
  const measured = `${freeMiB} MiB free of ${of}`;
  const values = { freeMiB };
  return freeMiB >= LIMITS.freeMiB ? good("memory", measured, { values }) : poor(
    "memory",
    measured,
    { advice: `Free or add some: less than ${LIMITS.freeMiB} MiB risks the whole process`, values },
  );
}

async function filesFinding({ config }: Visit): Promise<Finding> {
  const limits = await read("/proc/self/limits");
  const found = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits ?? "");
  if (!found || found[1] === "unlimited") return good("open files", "no limit is known");
  const most = Number(found[1]);
  // A caller's socket and a brain's for each call.
  const maxCalls = config?.EARSHOT_MAX_CALLS ?? 0;
  const needed = 2 * maxCalls + (config?.EARSHOT_MAX_LISTENERS ?? 0) + SPARE_FILES;
  const measured = `at most ${most}, ${needed} needed for ${maxCalls} calls`;
  const values = { most, needed };
  return most >= needed ? good("open files", measured, { values }) : poor("open files", measured, {
    advice: "Raise the limit (ulimit -n) or lower EARSHOT_MAX_CALLS",
    values,
  });
}

/** These run on the very clock that is to be checked. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** HTTP's `Date` is cut to the second, so half of one is added, and nothing finer is claimed. */
function clockFinding({ clocks }: Visit): Finding {
  const others = clocks.filter(({ host }) => !LOOPBACK.test(host));
  const drifts = others.map(({ host, theirMs, sentMs, heardMs }) => ({
    host,
    driftMs: (sentMs + heardMs) / 2 - (theirMs + 500),
    doubtMs: 500 + (heardMs - sentMs) / 2,
  }));
  const best = drifts.sort((a, b) => a.doubtMs - b.doubtMs)[0];
  if (!best) return skipped("clock", "no other machine told its time");
  const { host, driftMs, doubtMs } = best;
  const values = { driftMs, doubtMs };
  if (Math.abs(driftMs) <= doubtMs) {
    return good("clock", `agrees with ${host} within ${showMs(doubtMs)}`, { values });
  }
  const side = driftMs > 0 ? "ahead of" : "behind";
  const measured = `${(Math.abs(driftMs) / 1000).toFixed(1)} s ${side} ${host}`;
  return Math.abs(driftMs) <= LIMITS.clockMs
    ? good("clock", measured, { values })
    : poor("clock", measured, {
      advice: "Set it by NTP: stream tokens and certificates go by it",
      values,
    });
}
