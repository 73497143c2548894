/**
 * What a caller hears when the machine of their call goes: real calls on the real binary, behind a
 * proxy, with a brain and callers that count. Each round some calls talk at an instance, each at a
 * moment of its own, and then it is drained with a deadline that has come, or killed. A window above
 * 8000 ms lets a moved call wait for a gap between two turns.
 *
 * ```sh
 * deno run -A bench/moves_bench.ts --how moved --rounds 10 --calls 20 --seed 1
 * deno run -A bench/moves_bench.ts --how killed
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { type FaultCall, wordsOfCaller } from "../tests/faults/fault_call.ts";
import { ANSWER_WORDS } from "../tests/faults/words.ts";
import { Fleet } from "../tests/moves/fleet.ts";
import { seeded } from "../tests/random.ts";

const { values } = parseArgs({
  options: {
    how: { type: "string", default: "moved" },
    rounds: { type: "string", default: "10" },
    calls: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    window: { type: "string", default: "5000" },
  },
});
const moved = values.how === "moved";
const next = seeded(Number(values.seed));
const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms));

/** What networks cost: an upgrade to a brain, and Twilio's own time for an update. */
const LATENCY = { upgradeMs: 100, actsAfterMs: 100 };
/** The slowest that anything may be before it counts as never. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 600;

interface Outcome {
  /** What the call was doing. */
  readonly moment: "resting" | "caller speaks" | "thinking" | "agent speaks";
  /** Without any stream. */
  readonly deafMs: number;
  /** Silence that the caller heard beyond what they hear in a call that stays. */
  readonly pauseMs: number;
  readonly callerWordsLost: number;
  readonly agentWordsLost: number;
  readonly agentWordsTwice: number;
  /** The next question was answered too. */
  readonly wentOn: boolean;
}

/** Talks until the machine goes, and says what came of it. */
async function converse(fleet: Fleet, call: FaultCall, goesAt: Promise<number>): Promise<Outcome> {
  await sleep(next() * 2000);
  await call.dial();
  if (!await call.heard(0, ANSWER_WORDS, PATIENCE_MS)) throw new Error("no greeting");
  let goneAtMs = Infinity;
  void goesAt.then((atMs) => goneAtMs = atMs);
  const latencies: number[] = [];
  let asked = call.ask();
  for (;;) {
    await asked.said;
    await call.heard(asked.question, ANSWER_WORDS, PATIENCE_MS);
    if (goneAtMs < Infinity) break;
    const answer = call.answerTo(asked.question);
    if (answer) latencies.push(answer.fromMs - asked.endedAtMs);
    await sleep(next() * PAUSE_MS);
    if (goneAtMs < Infinity) break;
    asked = call.ask();
  }
  const { phone } = call;
  await phone.waitFor(() => phone.streams.length > 1 || phone.end, PATIENCE_MS, "another stream");
  if (phone.end) throw new Error(`The call ended: ${phone.describe()}`);
  const [first, second] = phone.streams;
  const lostAtMs = first!.end!.atMs;
  const usualMs = latencies.sort((a, b) => a - b)[latencies.length >> 1] ?? 700;
  const answer = call.answerTo(asked.question);
  const wasAnswered = answer && answer.toMs < lostAtMs && answer.times.at(-1)! > 0;
  const moment = wasAnswered
    ? "resting"
    : answer && answer.fromMs < lostAtMs
    ? "agent speaks"
    : !(asked.endedAtMs < lostAtMs)
    ? "caller speaks"
    : "thinking";
  let pauseMs = 0;
  if (!moved) pauseMs = await phone.waitForAudio(PATIENCE_MS, lostAtMs + 50) - lostAtMs;
  else if (moment === "agent speaks") pauseMs = answer!.longestSilenceMs;
  else if (moment !== "resting") {
    pauseMs = Math.max(0, (answer?.fromMs ?? Infinity) - asked.endedAtMs - usualMs);
  }
  // Each session knows the part that it was told.
  const came = new Map<number, number>();
  for (const { question, frames } of fleet.brain.counting.answers) {
    if (question !== asked.question) continue;
    for (const [frame, times] of frames) came.set(frame, Math.max(times, came.get(frame) ?? 0));
  }
  const times = answer?.times ?? Array<number>(ANSWER_WORDS).fill(0);
  await phone.waitForSilence(300, PATIENCE_MS);
  const last = call.ask();
  const wentOn = await call.heard(last.question, ANSWER_WORDS, PATIENCE_MS);
  await phone.hangUp();
  return {
    moment,
    deafMs: second!.startedAtMs - lostAtMs,
    pauseMs,
    callerWordsLost: wordsOfCaller(asked, came).lost,
    agentWordsLost: times.filter((n) => n === 0).length,
    agentWordsTwice: times.filter((n) => n > 1).length,
    wentOn,
  };
}

const outcomes: Outcome[] = [];
let failed = 0;
const fleet = await Fleet.start(2, {
  EARSHOT_DRAIN_MS: values.window,
  EARSHOT_MOVE_MS: values.window,
}, LATENCY);
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    const { promise, resolve } = Promise.withResolvers<number>();
    const calls = Array.from({ length: Number(values.calls) }, () => fleet.phone());
    const talks = calls.map((call) => converse(fleet, call, promise));
    await sleep(13_000 + next() * 3000);
    const going = fleet.leave();
    process.kill(going.pid, moved ? "SIGTERM" : "SIGKILL");
    resolve(performance.now());
    for (const settled of await Promise.allSettled(talks)) {
      if (settled.status === "fulfilled") outcomes.push(settled.value);
      else {
        failed++;
        console.error(String(settled.reason));
      }
    }
    await going.exited;
    fleet.forget(going);
    await fleet.add();
    console.error(`round ${round + 1}: ${outcomes.length} calls, ${failed} failed`);
  }
} finally {
  await fleet.close();
}

const share = (values: number[], p: number) => {
  const sorted = values.toSorted((a, b) => a - b);
  return String(Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)]!));
};
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
console.log(
  `| ${values.how} while | calls | pause p50 | p95 | max, ms | no stream p50 | p95, ms | ` +
    "caller's words lost | agent's lost | twice | went on |\n" + `|---|${"---:|".repeat(10)}`,
);
for (const moment of ["resting", "caller speaks", "thinking", "agent speaks", null] as const) {
  const own = outcomes.filter((one) => moment === null || one.moment === moment);
  if (own.length === 0) continue;
  const pauses = own.map((one) => one.pauseMs), deaf = own.map((one) => one.deafMs);
  console.log(`| ${
    [
      moment ?? "all",
      own.length,
      share(pauses, 0.5),
      share(pauses, 0.95),
      share(pauses, 1),
      share(deaf, 0.5),
      share(deaf, 0.95),
      sum(own.map((one) => one.callerWordsLost)),
      sum(own.map((one) => one.agentWordsLost)),
      sum(own.map((one) => one.agentWordsTwice)),
      own.filter((one) => one.wentOn).length,
    ].join(" | ")
  } |`);
}
console.log(`\n${failed} calls failed. Seed ${values.seed}.`);
process.exit(failed > 0 ? 1 : 0);
