/**
 * The real server as a child process: from source on Deno or Bun, or the compiled binary.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

export type Target = "deno" | "bun" | "binary";

const COMMANDS: Record<Target, [string, ...string[]]> = {
  deno: ["deno", "run", "-A", "main.ts"],
  bun: ["node_modules/bun/bin/bun.exe", "main.ts"],
  // Another build can be tested in its place.
  binary: [process.env.EARSHOT_TEST_BINARY || "dist/earshot"],
};

/** A running earshot. */
export interface TestServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly host: string;
  readonly pid: number;
  /** Everything it wrote: the greeting, then log lines. */
  output(): string;
  signal(name: "SIGTERM" | "SIGINT"): void;
  /** Its exit code, once it has ended by itself. */
  readonly exited: Promise<number | null>;
  /** Ends it at once. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const MAX_OUTPUT = 2_000_000;

/** Starts on a free port of loopback. Only what `env` says is set, besides the path. */
export async function startServer(
  target: Target,
  env: Record<string, string> = {},
): Promise<TestServer> {
  const [command, ...args] = COMMANDS[target];
  const isDeno = "Deno" in globalThis;
  const child: ChildProcess = spawn(
    target === "deno" && isDeno ? process.execPath : command,
    args,
    {
      cwd: fileURLToPath(new URL("..", import.meta.url).href),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...(process.env.DENO_DIR && { DENO_DIR: process.env.DENO_DIR }),
        PORT: "0",
        HOST: "127.0.0.1",
        EARSHOT_LOG: "json",
        NO_COLOR: "1",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const port = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${target} did not start:\n${output}`)),
      START_TIMEOUT_MS,
    );
    const read = (piece: unknown) => {
      output = (output + piece).slice(-MAX_OUTPUT);
      const found = /http:\/\/localhost:(\d+)/.exec(output);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]!);
    };
    child.stdout!.on("data", read);
    child.stderr!.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`${target} ended with ${code} before it listened:\n${output}`));
    });
  });
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://${host}`,
    host,
    pid: child.pid!,
    output: () => output,
    // Not child.kill: Deno then reports the signal instead of the exit code of a clean end.
    signal: (name) => process.kill(child.pid!, name),
    exited,
    async stop() {
      if (child.exitCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}
