/**
 * The scoring of ordinary life, on conversations made by hand: what it must call wrong, and what not.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import type { Answer } from "../bench/turns/answering.ts";
import type { CallerItem } from "../bench/turns/caller_audio.ts";
import type { Need, Utterance } from "../bench/turns/life/caller.ts";
import type { CallLog } from "../bench/turns/life/log.ts";
import { phrasesIn } from "../bench/turns/life/phrases_heard.ts";
import { CallScore, type Limits, type Verdict } from "../bench/turns/life/score.ts";
import { Counts } from "../bench/turns/life/counts.ts";
import { Tally } from "../bench/turns/life/tally.ts";
import { BLOCK_BYTES, readStamps, runsOfStamps, stamp } from "../bench/turns/stamps.ts";

const FRAMES = 40, SOURCE = 1024;

/** A question from 1000 to 2000 ms. */
const question = (): Utterance => ({
  number: 1,
  what: "question_order",
  kind: "speech",
  fromMs: 1000,
  endMs: 2000,
  voicedFrames: FRAMES,
});

const item = (frames: number, deletedAtMs = NaN): CallerItem => ({
  id: "user_1",
  committedAtMs: 2200,
  text: "",
  frames: new Map([[1, frames]]),
  deletedAtMs,
});

const answer = (n: number, covers: readonly CallerItem[]): Answer => ({
  id: `resp_${n}`,
  request: null,
  mood: null,
  covers,
  fromMs: 2200,
  toMs: 3000,
  status: "completed",
  items: [{ id: `item_${n}`, source: SOURCE + n, ms: 1000 }],
});

const run = (n: number, fromMs: number, fromBlock = 0, toBlock = 99) => ({
  source: SOURCE + n,
  fromBlock,
  toBlock,
  fromMs,
  toMs: fromMs + 10 * (toBlock + 1 - fromBlock),
});

const CALM: Limits = { lateMs: 3000, tellingExcuses: false };
const MOODY: Limits = { lateMs: 8000, tellingExcuses: true };

function verdict(log: Partial<CallLog>, need: Partial<Need> = {}, limits = CALM): Verdict {
  const said = [question()];
  const runs = log.runs ?? [];
  const score = new CallScore({
    seed: "by hand",
    callId: "",
    needs: [{
      behaviour: "plain",
      utterances: said,
      wants: "answer",
      over: null,
      interrupts: false,
      ...need,
    }],
    utterances: said,
    runs,
    phrases: [],
    answers: [],
    items: [],
    refusals: [],
    ended: "",
    soundAfter: (ms) => runs.find(({ toMs }) => toMs > ms)?.fromMs ?? null,
    ...log,
  }, limits);
  return score.verdicts[0]!;
}

const judge = (log: Partial<CallLog>, need: Partial<Need> = {}) => [...verdict(log, need).faults];

describe("the scoring of ordinary life", () => {
  const whole = item(FRAMES);

  it("finds nothing wrong with one answer in time", () => {
    const log = { items: [whole], answers: [answer(0, [whole])], runs: [run(0, 2700)] };
    assertEquals(judge(log), []);
  });

  it("tells silence, other words, and a hang-up apart", () => {
    assertEquals(judge({ items: [whole] }), ["silent", "lost"]);
    const words = { items: [whole], soundAfter: () => 3000 };
    assertEquals(judge(words), ["unanswered", "lost"]);
    assertEquals(judge({ ...words, ended: "server" }), ["ended", "lost"]);
  });

  it("sees answers that come late or twice", () => {
    const answers = [answer(0, [whole]), answer(1, [whole])];
    const late = { items: [whole], answers, runs: [run(0, 6000)] };
    assertEquals(judge(late), ["late"]);
    assertEquals(judge({ ...late, runs: [run(0, 2700), run(1, 4000)] }), ["double"]);
  });

  it("sees speech that was deleted, or of which half is missing", () => {
    for (const one of [item(FRAMES, 5000), item(FRAMES / 2)]) {
      const log = { items: [one], answers: [answer(0, [one])], runs: [run(0, 2700)] };
      assertEquals(judge(log), ["lost"]);
    }
  });

  it("sees words that are cut, heard twice, dropped, or begun again", () => {
    const heard = (runs: CallLog["runs"], need: Partial<Need>) =>
      judge({ items: [whole], answers: [answer(0, [whole])], runs }, { over: SOURCE, ...need });
    const goesOn = { wants: "goes_on" } as const;
    assertEquals(heard([run(0, 500)], goesOn), []);
    assertEquals(heard([run(0, 500, 0, 49), run(0, 1300, 50)], goesOn), []);
    assertEquals(heard([run(0, 500, 0, 49), run(0, 1300, 60)], goesOn), ["cut"]);
    assertEquals(heard([run(0, 500, 0, 49), run(0, 1300, 40)], goesOn), ["repeated"]);
    assertEquals(heard([run(0, 500, 0, 49)], goesOn), ["dropped"]);
    const interrupts = { interrupts: true } as const;
    const stutters = (runs: CallLog["runs"]) => heard(runs, interrupts).includes("stutter");
    assertEquals(stutters([run(0, 500, 0, 52), run(0, 1300, 53, 60)]), true);
    assertEquals(stutters([run(0, 500, 0, 54), run(0, 1050, 55, 60)]), false);
  });

  it("waits from the last cough on", () => {
    const cough: Utterance = { ...question(), number: 2, kind: "noise", fromMs: 2600, endMs: 3000 };
    const log = { items: [whole], answers: [answer(0, [whole])], runs: [run(0, 5500)] };
    assertEquals(judge(log), ["late"]);
    const utterances = [question(), cough];
    assertEquals(judge({ ...log, utterances }, { utterances }), []);
  });
});

describe("telling a caller why", () => {
  const whole = item(FRAMES);
  const phraseAt = (fromMs: number) => ({ fromMs, toMs: fromMs + 1400 });
  const lateAt = (fromMs: number): Partial<CallLog> => ({
    items: [whole],
    answers: [answer(0, [whole])],
    runs: [run(0, fromMs)],
  });
  const told = (log: Partial<CallLog>, limits = MOODY) => {
    const { faults, excused, toldMs } = verdict(log, {}, limits);
    return { faults: [...faults], excused: [...excused], toldMs };
  };

  it("excuses an answer that comes late, and is counted where nothing needs excusing", () => {
    const phrases = [phraseAt(6000)];
    const late = { ...lateAt(11_000), phrases };
    assertEquals(told(late), { faults: [], excused: ["late"], toldMs: 4000 });
    assertEquals(told({ ...lateAt(8000), phrases }), { faults: [], excused: [], toldMs: 4000 });
  });

  it("excuses the want of an answer, but not words that were deleted", () => {
    const phrases = [phraseAt(4000)];
    const soundAfter = () => 4000;
    const none = { items: [whole], soundAfter, phrases };
    assertEquals(told(none), { faults: [], excused: ["unanswered", "lost"], toldMs: 2000 });
    const gone = { ...none, items: [item(FRAMES, 3000)] };
    assertEquals(told(gone), { faults: ["lost"], excused: ["unanswered"], toldMs: 2000 });
  });

  it("excuses nothing when it comes too late, too early, or behind the answer", () => {
    assertEquals(told({ ...lateAt(12_500), phrases: [phraseAt(10_500)] }).faults, ["late"]);
    assertEquals(told({ ...lateAt(11_000), phrases: [phraseAt(1500)] }).faults, ["late"]);
    assertEquals(told({ ...lateAt(11_000), phrases: [phraseAt(12_500)] }).faults, ["late"]);
  });

  it("excuses neither a hang-up, nor silence, nor a brain that works", () => {
    const phrases = [phraseAt(4000)];
    const hangUp = { items: [whole], soundAfter: () => 4000, phrases, ended: "server" };
    assertEquals(told(hangUp).faults, ["ended", "lost"]);
    assertEquals(told({ ...lateAt(6000), phrases }, CALM).faults, ["late"]);
  });
});

describe("phrases of the server's own", () => {
  const LOUD = 0x05;
  /** Sound over a stretch, stamped or not, in two seconds of silence. */
  const heard = (fromMs: number, toMs: number, stamped: boolean) => {
    const bytes = new Uint8Array(2000 * 8).fill(0xff).fill(LOUD, fromMs * 8, toMs * 8);
    for (let at = fromMs * 8; stamped && at < toMs * 8; at += BLOCK_BYTES) {
      stamp(bytes, at, 1030, 1);
    }
    return phrasesIn(bytes, readStamps(bytes));
  };

  it("are sound without stamps, over some length", () => {
    assertEquals(heard(200, 1000, false), [{ fromMs: 200, toMs: 1000 }]);
    assertEquals(heard(200, 1000, true), []);
    assertEquals(heard(200, 500, false), []);
  });
});

describe("tallies", () => {
  it("add up to the same however the work was shared out", () => {
    const scores = [2700, 6000, 3100].map((fromMs) => ({
      verdicts: [verdict({
        items: [item(FRAMES)],
        answers: [answer(0, [item(FRAMES)])],
        runs: [run(0, fromMs)],
      })],
      greetings: 1,
    }));
    const together = new Tally(), merged = new Tally();
    for (const score of scores) {
      together.add(score, "", []);
      const alone = new Tally();
      alone.add(score, "", []);
      merged.merge(JSON.parse(JSON.stringify(alone)));
    }
    assertEquals(merged.toJSON(), together.toJSON());
    assertEquals(merged.conversations, 3);
  });

  it("know percentiles as nearest ranks", () => {
    const counts = new Counts([[30, 1], [10, 2], [20, 1]]);
    assertEquals([1, 50, 75, 100].map((percent) => counts.percentile(percent)), [10, 10, 20, 30]);
    assertEquals(new Counts().percentile(50), NaN);
  });
});

describe("stamps", () => {
  it("are found again however the sound is cut, and tell what is missing", () => {
    const bytes = new Uint8Array(20 * BLOCK_BYTES).fill(0xff);
    for (let i = 0; i < 20; i++) stamp(bytes, i * BLOCK_BYTES, 1030, i);
    const cut = new Uint8Array([...bytes.subarray(33, 800), ...bytes.subarray(1200)]);
    const runs = runsOfStamps(readStamps(cut));
    assertEquals(runs.map(({ source, fromBlock, toBlock }) => [source, fromBlock, toBlock]), [
      [1030, 1, 9],
      [1030, 15, 19],
    ]);
  });
});
