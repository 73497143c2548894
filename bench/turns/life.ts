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
import { sharedTicker } from "../../cli/phone/ticker.ts";
import { FIRST_ANSWER_SOURCE } from "./answering.ts";
import { startBenchServer, talksTo } from "./server.ts";
import { life } from "./life/behaviours.ts";
import { at, BRAINS, report, type Round, rounds, score, values } from "./life/options.ts";
import { converse, type Setup } from "./life/real.ts";
import { stampedVoice } from "./life/sounds.ts";
import { Tally } from "./life/tally.ts";
import { startStrictBrain } from "./strict_brain.ts";

const only = values.only ?? null;
for (const round of rounds()) await play(round);
process.exit(0);

async function play({ turns, mood, from, count }: Round): Promise<void> {
  const brain = mood === "echo" ? null : await startStrictBrain({
    ...BRAINS[mood],
    seed: `${turns} ${mood}`,
    firstCall: from,
    voice: stampedVoice(FIRST_ANSWER_SOURCE),
  });
  const server = await startBenchServer({
    ...(brain ? talksTo(brain.url) : { EARSHOT_BRAIN: "echo" }),
    EARSHOT_TURNS: turns,
  });
  const setup: Setup = { server, brain, dialling: Promise.resolve() };
  const tally = new Tally();
  sharedTicker.resetLateness();
  try {
    let next = from;
    const seat = async () => {
      while (next < from + count) {
        const seed = at(next++, turns, mood);
        score(await converse(seed, (caller) => life(caller, only), setup), mood, tally);
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
