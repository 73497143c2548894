/**
 * The same endpoint with and without an early request: how long a caller waits from the true end of
 * their speech to the first sound of the answer, how often they are cut off in a pause, and what the
 * answers cost that were taken back.
 *
 * Run: `deno run -A bench/turns/speculation.ts --calls 8 --turns-each 6 --silence 600 --speculate 200`
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { SpeechName } from "../../tests/speech/speech.ts";
import { Random } from "../vad/random.ts";
import { percentile, summary, tell } from "./figures.ts";
import { call, metric, sleep, startBenchServer } from "./server.ts";
import { type Clip, fixture } from "./line.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "8" },
    "turns-each": { type: "string", default: "6" },
    silence: { type: "string", default: "600" },
    speculate: { type: "string", default: "200" },
    think: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
  },
});
const PARTS: readonly SpeechName[] = ["question_open", "question_hear", "question_order"];

interface Turn {
  /** From the true end of speech to the first audio of the answer; the echo opens with a breath. */
  readonly waitMs: number;
  readonly cutOff: boolean;
}

/** One sentence, or two halves with a pause for thought between them. */
function utterance(random: Random): Clip {
  const first = fixture(random.pick(PARTS));
  if (random.next() < 0.5) return first;
  const second = fixture(random.pick(PARTS));
  // What the fixtures have around their speech is part of the pause.
  const paddingMs = first.pcm.length / 8 - first.endMs + second.startMs;
  const gap = Math.round((random.between(250, 480) - paddingMs) * 8);
  const pcm = new Int16Array(first.pcm.length + gap + second.pcm.length);
  pcm.set(first.pcm);
  pcm.set(second.pcm, first.pcm.length + gap);
  return { pcm, startMs: first.startMs, endMs: (first.pcm.length + gap) / 8 + second.endMs };
}

async function arm(speculateMs: number): Promise<{ turns: Turn[]; tokens: number }> {
  const server = await startBenchServer({
    EARSHOT_BRAIN: "echo",
    EARSHOT_THINK_MS: values.think,
    EARSHOT_TURNS: "local",
    EARSHOT_SILENCE_MS: values.silence,
    EARSHOT_SPECULATE_MS: String(speculateMs),
    EARSHOT_GREETING: "",
  });
  const turns: Turn[] = [];
  try {
    const talk = async (i: number) => {
      const random = new Random(`speculation ${values.seed} ${i}`);
      const { phone, line } = await call(server, { seed: `${values.seed} ${i}`, noiseDbfs: -60 });
      await sleep(500 + random.between(0, 500));
      for (let n = 0; n < Number(values["turns-each"]); n++) {
        const words = utterance(random);
        const beganMs = phone.now();
        const { endAtMs } = await line.say(words, 0, random.index(160));
        const cutOff = phone.heardAudio(beganMs, endAtMs);
        const sound = await phone.waitFor(
          () =>
            phone.stream.received.toArray().find(({ event, atMs }) =>
              event === "media" && atMs > endAtMs
            ),
          10_000,
          "an answer",
        );
        turns.push({ waitMs: sound.atMs - endAtMs, cutOff });
        await phone.waitForAudio(10_000, endAtMs);
        await phone.waitForSilence(1000, 30_000);
      }
      await phone.hangUp();
    };
    await Promise.all(Array.from({ length: Number(values.calls) }, (_, i) => talk(i)));
    return { turns, tokens: await metric(server, "earshot_discarded_tokens_total") };
  } finally {
    await server.stop();
  }
}

const plain = await arm(0);
const early = await arm(Number(values.speculate));
console.log(
  `\n${values.calls} calls, an endpoint of ${values.silence} ms, a brain of ${values.think} ms`,
);
for (const [name, { turns, tokens }] of [["waiting", plain], ["speculating", early]] as const) {
  const whole = turns.filter(({ cutOff }) => !cutOff).map(({ waitMs }) => waitMs);
  tell(`${name}: end of speech → first sound`, summary(whole));
  tell("  cut off in a pause", `${turns.filter(({ cutOff }) => cutOff).length} of ${turns.length}`);
  tell("  tokens of answers taken back", String(tokens));
}
const median = ({ turns }: { turns: Turn[] }) => percentile(turns.map(({ waitMs }) => waitMs), 50);
tell("sooner by, at the median", `${(median(plain) - median(early)).toFixed(0)} ms`);
process.exit(0);
