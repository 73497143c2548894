/**
 * Ordinary life in real time: callers with their habits on the compiled binary, many at once, and
 * what became of each thing that they said.
 *
 * Run: `deno run -A bench/turns/life.ts --conversations 200 --at-once 50 --turns server --mood calm`.
 * Moods are `calm`, `moody`, and `echo`, which is the embedded brain. `--seed "server calm 17"` runs
 * one conversation alone, `--only "mm-hm"` one behaviour.
 *
 * @module
 */

import process from "node:process";
import { Phone } from "../../probe/phone.ts";
import { sharedTicker } from "../../probe/ticker.ts";
import type { TestServer } from "../../tests/server.ts";
import { FIRST_ANSWER_SOURCE } from "./answering.ts";
import { startHouse, talksTo } from "./house.ts";
import { life } from "./life/behaviours.ts";
import { LifeCaller } from "./life/caller.ts";
import { echoLog } from "./life/echo_log.ts";
import { type CallLog, logOf } from "./life/log.ts";
import { at, BRAINS, report, type Round, rounds, score, values } from "./life/options.ts";
import { stampedVoice } from "./life/sounds.ts";
import { Tally } from "./life/table.ts";
import { startStrictBrain, type StrictBrain } from "./strict_brain.ts";

const LONGEST_MS = 600_000;
const only = values.only ?? null;
/** One after the other, so that the n-th call is the brain's n-th conversation. */
let dialling: Promise<unknown> = Promise.resolve();

for (const round of rounds()) await play(round);
process.exit(0);

async function play({ turns, mood, from, count }: Round): Promise<void> {
  const brain = mood === "echo" ? null : await startStrictBrain({
    ...BRAINS[mood],
    seed: `${turns} ${mood}`,
    firstCall: from,
    voice: stampedVoice(FIRST_ANSWER_SOURCE),
  });
  const server = await startHouse({
    ...(brain ? talksTo(brain.url) : { EARSHOT_BRAIN: "echo" }),
    EARSHOT_TURNS: turns,
  });
  const tally = new Tally();
  sharedTicker.resetLateness();
  try {
    let next = from;
    const seat = async () => {
      while (next < from + count) {
        score(await converse(at(next++, turns, mood), server, brain), mood, tally);
      }
    };
    const seats = Math.min(count, Number(values["at-once"]));
    await Promise.all(Array.from({ length: seats }, seat));
  } finally {
    await server.stop();
    await brain?.close();
  }
  const lateMs = sharedTicker.lateness().p99Ms.toFixed(1);
  report(
    `${count} conversations on the binary, ${values["at-once"]} at once, ${turns} turns, ` +
      `${mood} brain; the phones' own clock was late by ${lateMs} ms (p99)`,
    tally,
  );
}

async function converse(
  seed: string,
  server: TestServer,
  brain: StrictBrain | null,
): Promise<CallLog> {
  const caller = new LifeCaller(seed, (c) => life(c, only));
  const phone = new Phone({
    webhookUrl: `${server.url}/twilio/voice`,
    fillFrame: caller.fillFrame,
    keepHeardMs: LONGEST_MS,
  });
  const { heard, firstHeardAfter } = {
    heard: (fromMs: number, toMs: number) => phone.heard(fromMs, toMs),
    firstHeardAfter: (fromMs: number) => phone.firstHeardAfter(fromMs),
  };
  const dialled = dialling.then(async () => {
    const n = brain?.conversations.length ?? 0;
    // A conversation is known before it is needed: the first answer is later than the link.
    caller.brain = () => brain?.conversations[n] ?? null;
    caller.attach({
      now: () => phone.now(),
      startedAtMs: () => phone.stream.startedAtMs,
      heard,
      press: (digit) => phone.press(digit),
    });
    const outcome = await phone.dial();
    if (outcome !== "streaming") throw new Error(`No call: ${phone.describe()}`);
    if (brain) await phone.waitFor(() => brain.conversations[n], 10_000, "its brain");
    return n;
  });
  dialling = dialled.catch(() => {});
  const n = await dialled;
  await phone.waitFor(() => caller.over || phone.end, LONGEST_MS, "the end of the conversation");
  const ended = caller.over ? "" : phone.end!.by;
  const fromMs = phone.times.streamStartedAtMs;
  const phoneSide = { heard, firstHeardAfter };
  const log = logOf(seed, caller, phoneSide, fromMs, brain?.conversations[n] ?? null, ended);
  await phone.hangUp();
  return brain ? log : echoLog(log, phoneSide, fromMs, caller.nowMs);
}
