/**
 * Sounds that are no interruption, while the agent speaks: coughs, clicks, "mm-hm", and the agent's
 * own echo. The answer has to go on, and nothing of it may be lost. Then real interruptions on the
 * same lines, also by a caller who is 10 dB quieter than the agent.
 *
 * Run: `deno run -A bench/turns/false_alarms.ts --bursts 40 --turns server,local,echo`, where `echo`
 * is `server` turns with the embedded brain, which hears all that the line brings.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { Phone } from "../../cli/phone/phone.ts";
import type { TestServer } from "../../tests/server.ts";
import type { SpeechName } from "../../tests/speech/speech.ts";
import { Random } from "../vad/random.ts";
import { percentile, summary, tell } from "./figures.ts";
import { runsOf, seamsOf } from "./heard.ts";
import { call, metric, sleep, startBenchServer, talksTo } from "./server.ts";
import { click, type Clip, fixture, type Line, type LineSettings } from "./line.ts";
import { type Conversation, startStrictBrain } from "./strict_brain.ts";

const { values } = parseArgs({
  options: {
    bursts: { type: "string", default: "40" },
    calls: { type: "string", default: "10" },
    turns: { type: "string", default: "server,local,echo" },
    seed: { type: "string", default: "1" },
    "noise-dbfs": { type: "string", default: "-60" },
  },
});
const bursts = Number(values.bursts), calls = Number(values.calls);
const BURSTS_AN_ANSWER = 2;

/** What comes back of the agent's own voice. */
const ECHOES = [undefined, 20, 12] as const;
const WORDS: readonly SpeechName[] = ["question_open", "question_hear", "stop_wait"];

type Kind = "cough" | "mm-hm" | "click" | "double click" | "only echo";
const KINDS: readonly Kind[] = ["cough", "mm-hm", "click", "double click", "only echo"];

function burst(kind: Kind, random: Random): Clip | null {
  if (kind === "cough") return fixture("cough");
  if (kind === "mm-hm") return fixture("mm_hm");
  if (kind === "only echo") return null;
  const one = click(random.between(2, 12), random.between(-20, -3), random);
  if (kind === "click") return one;
  const two = click(random.between(2, 12), random.between(-20, -3), random);
  const pcm = new Int16Array(one.pcm.length + two.pcm.length);
  pcm.set(one.pcm);
  pcm.set(two.pcm, one.pcm.length);
  return { pcm, startMs: one.startMs, endMs: one.pcm.length / 8 + two.endMs };
}

interface Outcome {
  readonly kind: Kind;
  readonly echoDb: number | undefined;
  readonly kept: boolean;
  /** Clears while the burst sounded and for a second after it. */
  readonly holds: number;
}

interface Answer {
  readonly echoDb: number | undefined;
  /** What is missing (or was heard twice, negative) at each seam. */
  readonly seams: readonly number[];
  readonly missingMs: number;
}

for (const turns of values.turns.split(",")) {
  if (turns === "echo") await embeddedBrain();
  else {
    await falseAlarms(turns);
    await doubleTalk(turns);
  }
}
process.exit(0);

function lineOf(i: number, random: Random, what: string): LineSettings {
  const lossDb = ECHOES[i % ECHOES.length];
  const delayMs = Math.round(random.between(60, 180));
  return {
    seed: `${values.seed} ${what} ${i}`,
    noiseDbfs: Number(values["noise-dbfs"]),
    ...(lossDb && { echo: { lossDb, delayMs } }),
  };
}

async function falseAlarms(turns: string): Promise<void> {
  const random = new Random(`false alarms ${values.seed}`);
  const brain = await startStrictBrain({
    seed: `${values.seed} ${turns}`,
    itemsMs: (random) => [Math.round(random.between(9000, 10_000))],
  });
  const server = await startBenchServer({ ...talksTo(brain.url), EARSHOT_TURNS: turns });
  const outcomes: Outcome[] = [], answers: Answer[] = [];
  try {
    const callers = [];
    for (let i = 0; i < calls; i++) {
      const settings = lineOf(i, random, turns);
      const { phone, line } = await call(server, settings);
      const conversation = await phone.waitFor(() => brain.conversations[i], 5000, "its brain");
      const own = new Random(`${values.seed} ${random.next()}`);
      const kinds = Array.from(
        { length: Math.floor(bursts * (i + 1) / calls) - Math.floor(bursts * i / calls) },
        (_, n) => KINDS[(i + n * 3) % KINDS.length]!,
      );
      callers.push(
        cough(phone, line, conversation, kinds, own, settings.echo?.lossDb, outcomes, answers),
      );
    }
    await Promise.all(callers);
    await reportAlarms(turns, outcomes, answers, brain.conversations, server);
  } finally {
    await server.stop();
    await brain.close();
  }
}

async function cough(
  phone: Phone,
  line: Line,
  conversation: Conversation,
  kinds: readonly Kind[],
  random: Random,
  echoDb: number | undefined,
  outcomes: Outcome[],
  answers: Answer[],
): Promise<void> {
  let fromMs = phone.times.streamStartedAtMs;
  for (let n = 0; n < kinds.length; n += BURSTS_AN_ANSWER) {
    const heardMs = await phone.waitForAudio(15_000, fromMs);
    const item = [...conversation.audio.keys()].at(-1)!;
    for (const kind of kinds.slice(n, n + BURSTS_AN_ANSWER)) {
      await sleep(random.between(600, 1800));
      const clearsBefore = phone.stream.clears.total;
      const sound = burst(kind, random);
      if (sound) await line.say(sound, 0, random.index(160));
      else await sleep(500);
      await sleep(1000);
      const kept = !conversation.cuts.some(({ itemId }) => itemId === item);
      outcomes.push({ kind, echoDb, kept, holds: phone.stream.clears.total - clearsBefore });
    }
    await phone.waitForSilence(1500, 20_000).catch(() => 0);
    if (!conversation.cuts.some(({ itemId }) => itemId === item)) {
      const source = new Map([[item, conversation.audio.get(item)!]]);
      const runs = runsOf(source, phone.heard(heardMs - 100));
      const lastMs = runs.at(-1)?.toMs ?? 0;
      answers.push({
        echoDb,
        seams: seamsOf(runs),
        missingMs: conversation.audio.get(item)!.length / 8 - lastMs,
      });
    }
    fromMs = (await line.say(fixture("question_order"))).endAtMs;
  }
  await phone.hangUp();
}

async function reportAlarms(
  turns: string,
  outcomes: readonly Outcome[],
  answers: readonly Answer[],
  conversations: readonly Conversation[],
  server: TestServer,
): Promise<void> {
  console.log(
    `\n${outcomes.length} bursts while the agent speaks, ${calls} calls, turns: ${turns}`,
  );
  const share = (of: readonly Outcome[]) =>
    `${of.filter(({ kept }) => kept).length} of ${of.length} went on, ` +
    `${of.reduce((sum, { holds }) => sum + holds, 0)} holds`;
  tell("all", share(outcomes));
  for (const kind of KINDS) tell(`  ${kind}`, share(outcomes.filter((one) => one.kind === kind)));
  for (const echoDb of ECHOES) {
    const name = echoDb ? `echo −${echoDb} dB` : "no echo";
    tell(`  ${name}`, share(outcomes.filter((one) => one.echoDb === echoDb)));
  }
  const seams = answers.flatMap((answer) => answer.seams);
  tell("seams in answers that went on", String(seams.length));
  tell("  content missing", summary(seams.filter((ms) => ms > 0)));
  tell("  content repeated", summary(seams.filter((ms) => ms < 0).map((ms) => -ms)));
  tell("  missing at their ends", summary(answers.map(({ missingMs }) => missingMs)));
  tell(
    "false alarms by the server's count",
    String(await metric(server, "earshot_barge_in_false_alarms_total")),
  );
  tell("requests refused", String(conversations.flatMap(({ refusals }) => refusals).length));
  const said = conversations.map(({ responses }) => responses.length);
  tell("answers per call", `p50 ${percentile(said, 50)}, most ${percentile(said, 100)}`);
}

/** The embedded brain says back what it heard, so the line's own bytes are what has to be heard. */
async function embeddedBrain(): Promise<void> {
  const random = new Random(`embedded brain ${values.seed}`);
  const server = await startBenchServer({ EARSHOT_BRAIN: "echo", EARSHOT_TURNS: "server" });
  const outcomes: Outcome[] = [], answers: Answer[] = [];
  let answered = 0;
  const one = async (i: number, kinds: readonly Kind[], settings: LineSettings) => {
    const { phone, line } = await call(server, settings);
    const own = new Random(`${values.seed} echo ${i}`);
    const echoDb = settings.echo?.lossDb;
    for (let n = 0; n < kinds.length; n += BURSTS_AN_ANSWER) {
      await phone.waitForSilence(1500, 20_000);
      const fromMs = line.sent().length / 8;
      const said = await line.say(speech(own));
      const untilMs = line.sent().length / 8 - (phone.now() - said.endAtMs);
      const heardMs = await phone.waitForAudio(15_000, said.endAtMs);
      let endedAt = -1;
      for (const kind of kinds.slice(n, n + BURSTS_AN_ANSWER)) {
        await sleep(own.between(600, 1800));
        const clearsBefore = phone.stream.clears.total;
        const sound = burst(kind, own);
        if (sound) await line.say(sound, 0, own.index(160));
        else await sleep(500);
        await sleep(1000);
        const holds = phone.stream.clears.total - clearsBefore;
        outcomes.push({ kind, echoDb, kept: true, holds });
      }
      await phone.waitForSilence(1500, 20_000).catch(() => endedAt = 0);
      const runs = runsOf(new Map([["line", line.sent()]]), phone.heard(heardMs - 100));
      // What the brain gives back begins with a moment from before the words.
      const answer = runs.filter((run) => run.toMs > fromMs && run.fromMs < untilMs);
      const missingMs = untilMs - (answer.at(-1)?.toMs ?? fromMs);
      if (missingMs > 100 || endedAt === 0) {
        // The answer was ended by one of its bursts; which one makes no difference to the count.
        outcomes[outcomes.length - 1] = { ...outcomes.at(-1)!, kept: false };
      } else answers.push({ echoDb, seams: seamsOf(answer), missingMs: Math.max(0, missingMs) });
      if (runs.some(({ fromMs: at }) => at > untilMs + 500)) answered++;
    }
    await phone.hangUp();
  };
  try {
    const callers = [];
    for (let i = 0; i < calls; i++) {
      const share = Math.floor(bursts * (i + 1) / calls) - Math.floor(bursts * i / calls);
      const kinds = Array.from({ length: share }, (_, n) => KINDS[(i + n * 3) % KINDS.length]!);
      callers.push(one(i, kinds, lineOf(i, random, "embedded")));
      await sleep(50);
    }
    await Promise.all(callers);
    await reportAlarms("server, embedded brain", outcomes, answers, [], server);
    tell("bursts that were answered", String(answered));
  } finally {
    await server.stop();
  }
}

/** Nine seconds without a pause that would end a turn. */
function speech(random: Random): Clip {
  const names: SpeechName[] = ["question_open", "question_hear", "question_order"];
  const clips = random.shuffled([...names, ...names, "question_open" as const]).map(fixture);
  const pcm = new Int16Array(clips.reduce((sum, clip) => sum + clip.pcm.length, 0));
  let at = 0;
  for (const clip of clips) {
    pcm.set(clip.pcm, at);
    at += clip.pcm.length;
  }
  const last = clips.at(-1)!;
  return {
    pcm,
    startMs: clips[0]!.startMs,
    endMs: (pcm.length - last.pcm.length) / 8 + last.endMs,
  };
}

async function doubleTalk(turns: string): Promise<void> {
  const random = new Random(`double talk ${values.seed}`);
  const brain = await startStrictBrain({
    seed: `${values.seed} ${turns} double`,
    itemsMs: (random) => [Math.round(random.between(9000, 10_000))],
  });
  const server = await startBenchServer({ ...talksTo(brain.url), EARSHOT_TURNS: turns });
  const results: { echoDb: number | undefined; gainDb: number; ms: number; ended: boolean }[] = [];
  try {
    const callers = [];
    for (let i = 0; i < 12; i++) {
      const settings = lineOf(i, random, `${turns} double`);
      const gainDb = Math.floor(i / ECHOES.length) % 2 === 0 ? 0 : -10;
      const { phone, line } = await call(server, settings);
      const conversation = await phone.waitFor(() => brain.conversations[i], 5000, "its brain");
      const own = new Random(`${values.seed} ${random.next()}`);
      callers.push((async () => {
        let fromMs = phone.times.streamStartedAtMs;
        for (let n = 0; n < 3; n++) {
          await phone.waitForAudio(15_000, fromMs);
          const item = [...conversation.audio.keys()].at(-1)!;
          await sleep(own.between(500, 5000));
          const spoken = await line.say(fixture(own.pick(WORDS)), gainDb, own.index(160));
          await sleep(300);
          const clearMs = phone.stream.clears.toArray().find((ms) => ms >= spoken.onsetAtMs) ?? NaN;
          const ended = conversation.cuts.some(({ itemId }) => itemId === item);
          results.push({
            echoDb: settings.echo?.lossDb,
            gainDb,
            ms: clearMs - spoken.onsetAtMs,
            ended,
          });
          fromMs = phone.now();
          if (!ended) {
            fromMs = (await phone.waitForSilence(1500, 20_000).catch(() => 0), phone.now());
          }
          if (!ended) fromMs = (await line.say(fixture("question_order"))).endAtMs;
        }
        await phone.hangUp();
      })());
    }
    await Promise.all(callers);
  } finally {
    await server.stop();
    await brain.close();
  }
  console.log(`\n${results.length} real interruptions, turns: ${turns}`);
  for (const gainDb of [0, -10]) {
    for (const echoDb of ECHOES) {
      const own = results.filter((one) => one.gainDb === gainDb && one.echoDb === echoDb);
      const name = `caller ${gainDb} dB, ${echoDb ? `echo −${echoDb} dB` : "no echo"}`;
      const ended = own.filter((one) => one.ended).length;
      // One that fell into a pause for something else has no clear of its own.
      const clears = own.map((one) => one.ms).filter((ms) => !Number.isNaN(ms));
      tell(name, `${ended} of ${own.length} heard; clear ${summary(clears)}`);
    }
  }
}
