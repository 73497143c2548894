/**
 * What a process holds, as the kernel counts it (Linux).
 *
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One look at it. */
export interface Held {
  readonly rssMib: number;
  readonly sockets: number;
  /** Other open files, timers of the kernel among them. */
  readonly files: number;
  readonly threads: number;
}

export function held(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN);
  let sockets = 0, files = 0;
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${name}`).startsWith("socket:")) sockets++;
      else files++;
    } catch {
      // It was closed meanwhile.
    }
  }
  return { rssMib: field("VmRSS") / 1024, sockets, files, threads: field("Threads") };
}
