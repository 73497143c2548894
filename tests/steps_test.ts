/** A gate always ends: what hangs is ended and named, what was left behind is ended too. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { newTally, run, type Step } from "../tasks/steps.ts";

async function gate(step: Omit<Step, "name">): Promise<{ good: boolean; printed: string }> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    return { good: await run([{ name: "step", ...step }], newTally()), printed: lines.join("\n") };
  } finally {
    console.log = log;
  }
}

/** Whether a process is left whose command line has this word. */
async function runs(word: string): Promise<boolean> {
  const { code } = await new Deno.Command("pgrep", { args: ["-f", word] }).output();
  return code === 0;
}

test("a step that hangs is ended with all that it started, and its last words are shown", async () => {
  const { good, printed } = await gate({
    command: ["bash", "-c", "echo last words; sleep 98761 & sleep 98761"],
    limitSeconds: 1,
  });
  assertEquals(good, false);
  assert(printed.includes("last words"));
  assert(printed.includes("still running after 1 s"));
  assertEquals(await runs("sleep 9876[1]"), false);
});

test("a process that a step left behind fails the step instead of holding the gate", async () => {
  const { good, printed } = await gate({ command: ["bash", "-c", "sleep 98762 & exit 0"] });
  assertEquals(good, false);
  assert(printed.includes("still held its output"));
  assertEquals(await runs("sleep 9876[2]"), false);
});

test("a step that does well is counted", async () => {
  const { good } = await gate({ command: ["bash", "-c", "echo fine"] });
  assertEquals(good, true);
});
