/**
 * `deno task start` as a shell sees it: a Ctrl-C goes to the whole process group, a supervisor's
 * SIGTERM to one process, and neither may hang up on a live call or leave the binary behind.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { within } from "../runtime/within.ts";
import { build, isStale } from "../tasks/build.ts";
import { BrowserClient } from "./calls/browser.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));
const timedOut = (what: string) => (): never => {
  throw new Error(`Not in time: ${what}`);
};

/** Every process that it has started, and that those have; Linux alone tells. */
function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children.split(" ").filter(Boolean).map(Number)
      .flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

/** `deno task start` as the leader of a process group, as a terminal's shell would start it. */
async function start(command: readonly string[], env: Record<string, string> = {}) {
  if (isStale()) await build();
  const [program, ...args] = command;
  const child = spawn(program!, args, {
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
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (piece) => output += piece);
  }
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const until = async (pattern: RegExp, timeoutMs: number): Promise<string> => {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(output);
      if (found) return found[1] ?? found[0];
      if (performance.now() > deadlineMs) throw new Error(`No ${pattern} in:\n${output}`);
      await sleep(20);
    }
  };
  const host = `127.0.0.1:${await until(/http:\/\/localhost:(\d+)/, 30_000)}`;
  const family = descendantsOf(child.pid!);
  return {
    pid: child.pid!,
    host,
    exited,
    until,
    output: () => output,
    /** What the terminal does at Ctrl-C. */
    ctrlC: () => process.kill(-child.pid!, "SIGINT"),
    async isUp() {
      try {
        await (await fetch(`http://${host}/ready`)).body?.cancel();
        return true;
      } catch {
        return false;
      }
    },
    async untilDown() {
      const deadlineMs = performance.now() + 5000;
      while (await this.isUp()) {
        if (performance.now() > deadlineMs) throw new Error("The binary still holds its port");
        await sleep(50);
      }
    },
    /** Whatever is left of it. */
    async close() {
      for (const pid of [...family, child.pid!]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended.
        }
      }
      await exited;
    },
  };
}

const TASK = [Deno.execPath(), "task", "start"];

async function call(host: string): Promise<BrowserClient> {
  const caller = new BrowserClient(`ws://${host}/browser/stream`);
  await caller.opened();
  await caller.until(({ type }) => type === "ready");
  return caller;
}

/** The agent says this. */
const says = (caller: BrowserClient, words: string) =>
  caller.until(({ type, role, text }) =>
    type === "transcript" && role === "agent" && String(text).includes(words)
  );

test("Ctrl-C under the task drains: the live call is answered, then all of it ends with 0", async () => {
  const task = await start(TASK);
  try {
    const caller = await call(task.host);
    task.ctrlC();
    await task.until(/Draining/, 5000);
    await sleep(500);
    caller.send({ type: "text", text: "Are you still there?" });
    await says(caller, "still there");
    assertEquals(caller.closed, null);
    caller.send({ type: "bye" });
    assertEquals(await within(10_000, task.exited, timedOut("the end of the task")), 0);
    await task.untilDown();
  } finally {
    await task.close();
  }
});

test("the second Ctrl-C under the task doesn't wait", async () => {
  const task = await start(TASK);
  try {
    const caller = await call(task.host);
    task.ctrlC();
    await task.until(/Draining/, 5000);
    await sleep(500);
    assertEquals(caller.closed, null);
    task.ctrlC();
    await within(5000, task.exited, timedOut("the end of the task"));
    await task.untilDown();
    assert(caller.closed !== null);
  } finally {
    await task.close();
  }
});

test("SIGTERM to the task drains, and leaves nothing behind", async () => {
  const task = await start(TASK);
  try {
    const caller = await call(task.host);
    process.kill(task.pid, "SIGTERM");
    await task.until(/Draining/, 5000);
    caller.send({ type: "text", text: "Are you still there?" });
    await says(caller, "still there");
    caller.send({ type: "bye" });
    await within(10_000, task.exited, timedOut("the end of the task"));
    await task.untilDown();
  } finally {
    await task.close();
  }
});

test("npx that is ended takes the binary along: it drains, though nobody passes the signal on", {
  skip: Deno.build.os !== "linux" && "only Linux tells the parent of a parent",
}, async () => {
  // What `npx -y deno task start` is made of: npm says so in the environment, and its shell waits.
  const shell = ["sh", "-c", `"${Deno.execPath()}" task start; exit 0`];
  const task = await start(shell, { npm_command: "exec" });
  try {
    process.kill(task.pid, "SIGTERM");
    await task.until(/Draining/, 5000);
    await task.untilDown();
  } finally {
    await task.close();
  }
});

test("the task's exit code is the binary's", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "start"],
    env: { PORT: "no port" },
    stderr: "piped",
    stdout: "null",
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "PORT");
});
