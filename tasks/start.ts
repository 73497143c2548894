/**
 * Builds the binary if the source is newer, and becomes it as far as a shell can tell: signals are
 * passed on, and the exit code is the binary's.
 *
 * @module
 */

import { BINARY, build, isStale } from "./build.ts";

if (isStale()) {
  console.log("Building dist/earshot …");
  await build();
}
const child = new Deno.Command(BINARY, {
  args: Deno.args,
  stdin: "inherit",
  stdout: "inherit",
  stderr: "inherit",
}).spawn();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  });
}
Deno.exit((await child.status).code);
