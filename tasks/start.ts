/**
 * Builds the binary if the source is newer, and becomes it as far as a shell can tell: signals are
 * passed on once each, and the exit code is the binary's.
 *
 * A terminal sends Ctrl-C to every process of its group, and `deno task` passes on to us what it gets
 * itself. The binary takes a second signal for "at once", so it has a group of its own and hears of
 * signals from here alone.
 *
 * @module
 */

import { BINARY, build, isStale } from "./build.ts";

/** One Ctrl-C reaches us by several ways within this time; nobody presses twice as fast. */
const SAME_SIGNAL_MS = 250;
const LOOK_FOR_NPX_MS = 500;

if (isStale()) {
  console.log("Building dist/earshot …");
  await build();
}
const child = new Deno.Command(BINARY, {
  args: Deno.args,
  stdin: "inherit",
  stdout: "inherit",
  stderr: "inherit",
  detached: true,
}).spawn();

let passedOnAtMs = -Infinity;
function passOn(signal: "SIGINT" | "SIGTERM"): void {
  const nowMs = performance.now();
  if (nowMs - passedOnAtMs < SAME_SIGNAL_MS) return;
  passedOnAtMs = nowMs;
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
Deno.addSignalListener("SIGINT", () => passOn("SIGINT"));
Deno.addSignalListener("SIGTERM", () => passOn("SIGTERM"));
// The terminal is gone.
Deno.addSignalListener("SIGHUP", () => passOn("SIGTERM"));

/** The parent of a process, where the system tells; null when it is gone or nobody knows. */
function parentOf(pid: number): number | null {
  try {
    // proc_pid_stat(5): pid, name in parentheses, state, parent.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

// npx doesn't pass SIGTERM on: its shell ends, and `deno task` goes on without knowing it. When
// `deno task` has another parent than at the start, whoever ran npx wanted all of it to end.
if (Deno.env.get("npm_command") === "exec") {
  const shell = parentOf(Deno.ppid);
  const look = setInterval(() => {
    if (parentOf(Deno.ppid) === shell) return;
    clearInterval(look);
    passOn("SIGTERM");
  }, LOOK_FOR_NPX_MS);
}

Deno.exit((await child.status).code);
