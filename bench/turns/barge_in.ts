/**
 * Barge-ins at random moments under many calls at once: how soon the agent falls silent, whether the
 * brain's memory is cut where that caller stopped hearing, and whether two answers ever meet.
 *
 * Run: `deno run -A bench/turns/barge_in.ts --calls 20 --barge-ins 40 --turns server,local`
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import type { Phone } from "../../cli/phone/phone.ts";
import { sharedTicker } from "../../cli/phone/ticker.ts";
import type { SpeechName } from "../../tests/speech/speech.ts";
import { Random } from "../vad/random.ts";
import { summary, tell } from "./figures.ts";
import { lastHeard, runsOf } from "./heard.ts";
import { call, sleep, startBenchServer, talksTo } from "./server.ts";
import { fixture, type Line } from "./line.ts";
import { type Conversation, startStrictBrain } from "./strict_brain.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "20" },
    "barge-ins": { type: "string", default: "40" },
    turns: { type: "string", default: "server,local" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const calls = Number(values.calls), bargeIns = Number(values["barge-ins"]);

/** What callers interrupt with. */
const WORDS: readonly SpeechName[] = [
  "question_open",
  "question_hear",
  "question_order",
  "stop_wait",
];
/** Phones whose marks come up to 300 ms late, and phones that never send any, in each ten. */
const LATE_IN_TEN = 3, MUTE_IN_TEN = 1;

interface BargeIn {
  readonly words: SpeechName;
  readonly onsetMs: number;
  /** NaN when there was none. */
  readonly clearMs: number;
  /** What the brain was told of items, against what the phone had played of them, ms. */
  readonly errorsMs: number[];
  /** An item was heard in part, and the brain was not told. */
  readonly untold: number;
  readonly marks: string;
}

let overlaps = 0, violations = 0, clearsInAll = 0;
for (const turns of values.turns.split(",")) await round(turns);
process.exit(0);

async function round(turns: string): Promise<void> {
  const random = new Random(`barge-in ${values.seed}`);
  const brain = await startStrictBrain({ seed: `${values.seed} ${turns}` });
  const server = await startBenchServer({ ...talksTo(brain.url), EARSHOT_TURNS: turns });
  sharedTicker.resetLateness();
  try {
    const callers = [];
    for (let i = 0; i < calls; i++) {
      const marks = i % 10 < LATE_IN_TEN
        ? "late"
        : i % 10 < LATE_IN_TEN + MUTE_IN_TEN
        ? "none"
        : "";
      const late = new Random(`marks ${values.seed} ${i}`);
      const { phone, line } = await call(
        server,
        { seed: `${values.seed} ${i}`, noiseDbfs: -60 },
        {
          // The mark that measures the way comes back in time: what is late then can't be known.
          markLatenessMs: (name) =>
            marks === "none"
              ? Infinity
              : marks === "late" && name !== "probe"
              ? late.between(0, 300)
              : 0,
        },
      );
      const conversation = await phone.waitFor(() => brain.conversations[i], 5000, "its brain");
      const share = Math.floor((bargeIns * (i + 1)) / calls) - Math.floor((bargeIns * i) / calls);
      const own = new Random(`${values.seed} caller ${random.next()}`);
      callers.push(interrupt(phone, line, conversation, share, own, marks));
    }
    report(turns, (await Promise.all(callers)).flat(), brain.conversations);
  } finally {
    await server.stop();
    await brain.close();
  }
}

/** One caller: listens, breaks in, listens again. */
async function interrupt(
  phone: Phone,
  line: Line,
  conversation: Conversation,
  times: number,
  random: Random,
  marks: string,
): Promise<BargeIn[]> {
  const done: BargeIn[] = [];
  let fromMs = phone.times.streamStartedAtMs;
  for (let n = 0; n < times; n++) {
    await phone.waitForAudio(15_000, fromMs);
    await sleep(random.between(300, 5000));
    const words = random.pick(WORDS);
    const cutsBefore = conversation.cuts.length;
    const spoken = await line.say(fixture(words), 0, random.index(160));
    const clears = phone.stream.clears.toArray();
    const clearMs = clears.find((atMs) => atMs >= spoken.onsetAtMs) ?? NaN;
    // The brain's answer to this begins at the earliest when the words are over.
    fromMs = spoken.endAtMs;
    await sleep(400);
    const cuts = conversation.cuts.slice(cutsBefore);
    const heardAt = (atMs: number) => {
      const clearedMs = phone.stream.clears.toArray().findLast((at) => at <= atMs) ?? atMs;
      return lastHeard(conversation.audio, phone.heard(clearedMs - 4000, clearedMs));
    };
    const errorsMs = cuts.map(({ atMs, itemId, audioEndMs }) => {
      const last = heardAt(atMs);
      const order = [...conversation.audio.keys()];
      const playedMs = !last || order.indexOf(itemId) > order.indexOf(last.source)
        ? 0
        : last.source === itemId
        ? last.ms
        : conversation.audio.get(itemId)!.length / 8;
      return (Number.isNaN(audioEndMs) ? 0 : audioEndMs) - playedMs;
    });
    const last = heardAt(clearMs);
    const told = last === null || cuts.some(({ itemId }) => itemId === last.source);
    done.push({
      words,
      onsetMs: spoken.onsetAtMs,
      clearMs,
      errorsMs,
      untold: told ? 0 : 1,
      marks,
    });
  }
  await phone.waitForAudio(15_000, fromMs).catch(() => {});
  await sleep(500);
  await phone.hangUp();
  overlaps += overlapsIn(phone, conversation);
  violations += phone.stream.violations.total;
  clearsInAll += phone.stream.clears.total;
  return done;
}

/** Times that the caller was taken back to an answer after a later one had begun. */
function overlapsIn(phone: Phone, conversation: Conversation): number {
  const order = [...conversation.audio.keys()];
  const runs = runsOf(conversation.audio, phone.heard(phone.times.streamStartedAtMs));
  let latest = 0, count = 0;
  for (const { source } of runs) {
    const n = order.indexOf(source);
    if (n < latest) count++;
    latest = Math.max(latest, n);
  }
  return count;
}

function report(turns: string, all: readonly BargeIn[], conversations: Conversation[]): void {
  const cleared = all.filter(({ clearMs }) => !Number.isNaN(clearMs));
  const latencies = cleared.map(({ clearMs, onsetMs }) => clearMs - onsetMs);
  const errors = all.flatMap(({ errorsMs }) => errorsMs).map(Math.abs);
  const refusals = conversations.flatMap((conversation) => conversation.refusals);
  const lateness = sharedTicker.lateness();
  console.log(`\n${all.length} barge-ins, ${calls} calls at once, turns: ${turns}`);
  tell("onset of speech → clear", summary(latencies));
  for (const words of WORDS) {
    const own = cleared.filter((one) => one.words === words);
    tell(`  ${words}`, summary(own.map(({ clearMs, onsetMs }) => clearMs - onsetMs)));
  }
  tell("never cleared", String(all.length - cleared.length));
  tell("clears beyond one each", String(clearsInAll - cleared.length));
  tell("truncation error", summary(errors));
  for (const marks of ["", "late", "none"]) {
    const own = all.filter((one) => one.marks === marks).flatMap(({ errorsMs }) => errorsMs);
    tell(`  marks ${marks || "in time"}`, summary(own.map(Math.abs)));
  }
  tell(
    "heard in part, and the brain not told",
    String(all.reduce((n, { untold }) => n + untold, 0)),
  );
  tell("requests refused by the brain", String(refusals.length));
  for (const { code, detail } of refusals.slice(0, 5)) tell(`  ${code}`, detail);
  tell("overlaps of two answers", String(overlaps));
  tell("messages that Twilio would refuse", String(violations));
  tell("the phones' own clock was late by", `p99 ${lateness.p99Ms.toFixed(1)} ms`);
  if (values.json) console.log(JSON.stringify(all));
  overlaps = violations = clearsInAll = 0;
}
