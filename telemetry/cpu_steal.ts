/**
 * The share of CPU time that the hypervisor gave to others while we wanted it: the sign of a shared
 * CPU that is being throttled. From `/proc/stat` (proc_stat(5), field `steal`).
 *
 * @module
 */

import { readFile } from "node:fs/promises";

/** CPU time since boot, in the kernel's ticks. */
export interface CpuTicks {
  readonly steal: number;
  /** All states: user, nice, system, idle, iowait, irq, softirq, steal. */
  readonly total: number;
}

/**
 * Reads the `cpu` line: `cpu user nice system idle iowait irq softirq steal guest guest_nice`. Guest
 * time is inside user time, so it is left out of the total.
 *
 * @returns Null when there is no such line, or a kernel before 2.6.11 that has no steal field.
 */
export function parseProcStat(text: string): CpuTicks | null {
  const line = /^cpu +(.+)$/m.exec(text)?.[1];
  if (line === undefined) return null;
  const fields = line.trim().split(/ +/).slice(0, 8).map(Number);
  if (fields.length < 8 || fields.some((n) => !Number.isFinite(n))) return null;
  let total = 0;
  for (const field of fields) total += field;
  return { steal: fields[7]!, total };
}

/** Share of CPU time stolen between two looks, 0..1; null when no time passed. */
export function stealShare(before: CpuTicks, after: CpuTicks): number | null {
  const total = after.total - before.total;
  if (total <= 0) return null;
  return Math.min(1, Math.max(0, (after.steal - before.steal) / total));
}

/** Keeps the last few looks at `/proc/stat` and answers for the stretch they span. */
export class CpuStealMonitor {
  readonly #looks: CpuTicks[] = [];
  readonly #maxLooks: number;
  readonly #read: () => Promise<string>;
  #share: number | null = null;

  /** @param maxLooks Looks that are kept, at least 2; with one each 5 s, 7 span half a minute. */
  constructor(maxLooks = 7, read: () => Promise<string> = () => readFile("/proc/stat", "utf8")) {
    if (!Number.isInteger(maxLooks) || maxLooks < 2) {
      throw new RangeError(`Cannot watch CPU steal: maxLooks is ${maxLooks}, needs 2 or more`);
    }
    this.#maxLooks = maxLooks;
    this.#read = read;
  }

  /** The share of the stretch looked at, 0..1; null where the system does not tell. */
  get share(): number | null {
    return this.#share;
  }

  /** Looks once. Never throws: a system without `/proc/stat` leaves the share null. */
  async look(): Promise<void> {
    let ticks: CpuTicks | null = null;
    try {
      ticks = parseProcStat(await this.#read());
    } catch {
      // Not Linux, or no right to read it.
    }
    if (ticks === null) {
      this.#share = null;
      return;
    }
    this.#looks.push(ticks);
    if (this.#looks.length > this.#maxLooks) this.#looks.shift();
    if (this.#looks.length >= 2) this.#share = stealShare(this.#looks[0]!, ticks);
  }
}
