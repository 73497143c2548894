/**
 * The quick gate: format, lint, types, import direction, and the tests that stand beside the source.
 *
 * @module
 */

import { close, run, type Step } from "./steps.ts";

const deno = Deno.execPath();

/** Where unit tests stand beside their source. */
export const ROOMS = [
  "media",
  "vad",
  "legs",
  "brain",
  "call",
  "routes",
  "server",
  "telemetry",
  "probe",
  "deploy",
  "web",
  "tests/turns",
  "app_test.ts",
  "config_test.ts",
];

export const QUICK: Step[] = [
  { name: "format", command: [deno, "fmt", "--check"] },
  { name: "lint", command: [deno, "lint"] },
  { name: "imports run one way", command: [deno, "run", "-A", "tasks/imports.ts"] },
  { name: "types", command: [deno, "check", "--quiet", "."] },
  {
    name: "unit tests on Deno",
    command: [deno, "test", "-A", "--no-check", "--parallel", ...ROOMS],
  },
];

if (import.meta.main) {
  const tally = { passed: 0, failed: 0 };
  close(await run(QUICK, tally), tally);
}
