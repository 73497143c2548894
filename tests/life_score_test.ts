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
import { CallScore } from "../bench/turns/life/score.ts";
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

function judge(log: Partial<CallLog>, need: Partial<Need> = {}) {
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
    answers: [],
    items: [],
    refusals: [],
    ended: "",
    soundAfter: (ms) => runs.find(({ toMs }) => toMs > ms)?.fromMs ?? null,
    ...log,
  }, 3000);
  return score.verdicts.map(({ faults }) => [...faults])[0];
}

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
    assertEquals(
      heard([run(0, 500, 0, 52), run(0, 1300, 53, 60)], interrupts)?.includes("stutter"),
      true,
    );
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
