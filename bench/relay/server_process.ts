/**
 * A server under test as a child process, and what it costs: its CPU time by the kernel's account,
 * beside that of the whole machine, so that a noisy neighbour is seen.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** The kernel counts CPU time in these; it has been 100 a second on every Linux for decades. */
const TICKS_PER_SECOND = 100;

/** CPU time so far, ms. */
export interface CpuMs {
  /** User and system time of the server, all threads. */
  readonly server: number;
  /** The same of this process, which makes the load. */
  readonly load: number;
  /** All busy time of the machine, steal included. */
  readonly machine: number;
  /** Time that the hypervisor gave to others. */
  readonly steal: number;
}

/** A running server. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #stderr = "";

  /** @param env Added to a small environment of its own: nothing of the shell's settings leaks in. */
  constructor(command: string, args: string[], env: Record<string, string>) {
    const { PATH, HOME } = process.env;
    this.#child = spawn(command, args, {
      env: { PATH: PATH ?? "", HOME: HOME ?? "", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr!.on("data", (chunk: Uint8Array) => {
      this.#stderr = (this.#stderr + String(chunk)).slice(-2000);
    });
    this.#gone = new Promise((resolve) => {
      this.#child.on("exit", () => resolve());
      this.#child.on("error", (error) => {
        this.#stderr += error.message;
        resolve();
      });
    });
  }

  /**
   * Waits until the server answers HTTP.
   *
   * @throws {Error} When it exits before, or after 10 s; with the end of what it wrote.
   */
  async ready(origin: string): Promise<void> {
    let gone = false;
    this.#gone.then(() => gone = true);
    for (let tries = 0; tries < 200; tries++) {
      if (gone) throw new Error(`The server ended at once: ${this.#stderr}`);
      try {
        await (await fetch(origin, { method: "GET" })).text();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error(`The server did not answer at ${origin}: ${this.#stderr}`);
  }

  cpuMs(): CpuMs {
    const all = readFileSync("/proc/stat", "utf8").split("\n", 1)[0]!.trim().split(/\s+/).slice(1);
    const [user, nice, system, , , irq, softirq, steal] = all.map(Number);
    const perTick = 1000 / TICKS_PER_SECOND;
    return {
      server: processCpuMs(this.#child.pid!),
      load: processCpuMs(process.pid),
      machine: (user! + nice! + system! + irq! + softirq! + steal!) * perTick,
      steal: steal! * perTick,
    };
  }

  /** Resident memory, MiB. */
  memoryMib(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024;
  }

  /** Ends it: politely, then by force after 2 s. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2000);
    await this.#gone;
    clearTimeout(timer);
  }
}

/** utime + stime of /proc/<pid>/stat (fields 14 and 15; the name in field 2 may hold spaces). */
function processCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * (1000 / TICKS_PER_SECOND);
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
