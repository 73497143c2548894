/**
 * Log lines on their way to standard error: gathered, bounded, written without holding up the event
 * loop, and not lost when the process ends.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import { setImmediate } from "node:timers";

/** Bytes of lines that may wait for a slow reader; past them, new lines are dropped and counted. */
const MAX_WAITING_BYTES = 1 << 20;

/** Writes some of `bytes` and says how many. */
export type WriteBytes = (bytes: Uint8Array) => Promise<number>;

/** Owns what was logged and not yet written. */
export class LineOutput {
  /** Lines that found no room. */
  dropped = 0;

  #lines: string[] = [];
  #waitingBytes = 0;
  #droppedTold = 0;
  #writing: Promise<void> | null = null;
  #scheduled = false;
  readonly #write: WriteBytes;
  readonly #writeSync: (text: string) => void;
  readonly #maxWaitingBytes: number;

  constructor(
    write: WriteBytes = writeStderr,
    writeSync: (text: string) => void = writeStderrSync,
    maxWaitingBytes = MAX_WAITING_BYTES,
  ) {
    this.#write = write;
    this.#writeSync = writeSync;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Queues one line, which must end in a line feed. All lines of one tick leave in one write. */
  push(line: string): void {
    if (this.#waitingBytes + line.length > this.#maxWaitingBytes) {
      this.dropped++;
      return;
    }
    this.#lines.push(line);
    this.#waitingBytes += line.length;
    if (this.#scheduled || this.#writing !== null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  /** Resolves when all that was pushed before has been written, or its reader is gone. */
  async flush(): Promise<void> {
    while (this.#lines.length > 0 || this.#writing !== null) {
      this.#start();
      await this.#writing;
    }
  }

  /** Writes what waits, now, for the process is ending. A write under way is left to the kernel. */
  flushSync(): void {
    if (this.#lines.length === 0) return;
    this.#writeSync(this.#take());
  }

  #start(): void {
    if (this.#writing !== null || this.#lines.length === 0) return;
    this.#writing = this.#drain().finally(() => this.#writing = null);
  }

  async #drain(): Promise<void> {
    while (this.#lines.length > 0) {
      const text = this.#take();
      const bytes = new TextEncoder().encode(text);
      let sent = 0;
      try {
        while (sent < bytes.length) sent += await this.#write(bytes.subarray(sent));
      } catch {
        // Nobody reads our errors any more (EPIPE). There is no one to tell, and a call must not end
        // because its log did.
      } finally {
        this.#waitingBytes -= text.length;
      }
      if (this.dropped > this.#droppedTold) {
        const count = this.dropped - this.#droppedTold;
        this.#droppedTold = this.dropped;
        this.onDropped(count);
      }
    }
  }

  /** Told, once there is room again, how many lines were dropped. */
  onDropped: (count: number) => void = () => {};

  #take(): string {
    const text = this.#lines.join("");
    this.#lines = [];
    return text;
  }
}

interface DenoStderr {
  readonly stderr: { write(bytes: Uint8Array): Promise<number> };
}

// Deno 2.9.6 writes fd 2 on the loop's own thread, by fs.write and process.stderr alike: 400 kB into a
// pipe whose reader slept for a second held the loop for 956 ms. Its own `stderr.write` did not
// (0.3 ms), nor does fs.write on Bun 1.4.5 or in a compiled binary (0.4 ms).
const deno = (globalThis as { Deno?: DenoStderr }).Deno;

function writeStderr(bytes: Uint8Array): Promise<number> {
  if (deno !== undefined) return deno.stderr.write(bytes);
  return new Promise((resolve, reject) => {
    const attempt = () =>
      fs.write(2, bytes, 0, bytes.length, null, (error, written) => {
        if (error === null) resolve(written);
        // A terminal that another program set to non-blocking, and that is full.
        else if (error.code === "EAGAIN") setTimeout(attempt, 10);
        else reject(error);
      });
    attempt();
  });
}

function writeStderrSync(text: string): void {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  try {
    while (sent < bytes.length) sent += fs.writeSync(2, bytes, sent);
  } catch {
    // The reader is gone or full, and the process is ending.
  }
}

/** The output that every log line of this process goes to. */
export const stderrOutput: LineOutput = new LineOutput();
process.on("exit", () => stderrOutput.flushSync());
