/**
 * What one decision costs: every step of the recorded calls, from the state that it was made in, with
 * the search for the next deadline.
 *
 * Run: `node_modules/bun/bin/bun.exe bench/step_bench.ts`, or `deno run -A bench/step_bench.ts`
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { nextDeadline } from "../call/turns/deadlines.ts";
import { step } from "../call/turns/machine.ts";
import type { RecordedSettings, RecordedStep } from "../call/recording.ts";
import type { CallEvent } from "../call/turns/events.ts";
import { type CallState, openingState } from "../call/turns/state.ts";

const FOLDER = new URL("../tests/recordings/", import.meta.url);
const ROUNDS = 3000;

interface Decision {
  readonly state: CallState;
  readonly event: CallEvent;
  readonly atMs: number;
}

const decisions: Decision[] = [];
for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"))) {
  const lines = readFileSync(new URL(name, FOLDER), "utf8").trim().split("\n");
  const [{ startedAtMs, ...settings }, ...steps] = lines.map((line) => JSON.parse(line)) as [
    RecordedSettings,
    ...RecordedStep[],
  ];
  let state = openingState(settings, startedAtMs);
  for (const { event, atMs } of steps) {
    decisions.push({ state, event, atMs });
    state = step(state, event, atMs).state;
  }
}

/** Times of single decisions, in ns: a mean would hide what one caller in a hundred waits for. */
const ns = new Float64Array(ROUNDS * decisions.length);
let at = 0;
for (let round = 0; round < ROUNDS + 200; round++) {
  for (const { state, event, atMs } of decisions) {
    const startMs = performance.now();
    nextDeadline(step(state, event, atMs).state);
    // The first rounds warm up.
    if (round >= 200) ns[at++] = (performance.now() - startMs) * 1e6;
  }
}
ns.sort();
const percentile = (p: number) => (ns[Math.floor((ns.length - 1) * p)]! / 1000).toFixed(2);
console.log(
  `${decisions.length} decisions of recorded calls, ${ROUNDS} times each: p50 ${
    percentile(0.5)
  }, ` +
    `p99 ${percentile(0.99)}, p99.9 ${percentile(0.999)} µs`,
);
