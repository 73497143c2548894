import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { lineTo } from "../calls/line.ts";
import { FaultCall, wordsOfCaller } from "./fault_call.ts";
import { startFaultBrain } from "./fault_brain.ts";
import { ANSWER_WORDS, answersHeard, wordAudio, wordsIn, wordsWithin, wordText } from "./words.ts";

/** An answer's sound, word by word. */
function said(question: number, words: readonly number[]): Uint8Array<ArrayBuffer> {
  const pieces = words.map((word) =>
    word === 0 ? new Uint8Array(1600).fill(0xff) : wordAudio(question, word)
  );
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

describe("numbered words", () => {
  it("tell what was heard once, twice, in part and never, and how long it was silent", () => {
    const heard = said(7, [1, 2, 0, 2, 4, 5, 6, 7, 8]);
    const [answer] = answersHeard(heard);
    assertEquals(answer!.question, 7);
    assertEquals(answer!.times, [1, 2, 0, 1, 1, 1, 1, 1]);
    assertEquals(answer!.silenceMs, 200);
    assertEquals(answer!.againMs, wordAudio(7, 2).length / 8);
    const cut = answersHeard(said(3, [1, 2]).subarray(0, wordAudio(3, 1).length + 800));
    assertEquals(cut[0]!.times.slice(0, 3), [1, 0, 0]);
  });

  it("are counted in a text, whoever joined it", () => {
    const text = wordText(12, 1) + wordText(12, 2) + wordText(12, 3);
    assertEquals(wordsIn(text), { question: 12, words: 3 });
    assertEquals(wordsIn(`${wordText(1, 1)}${wordText(1, 2)} ${text}`), { question: 12, words: 3 });
    assertEquals(wordsIn("Sorry?"), null);
    assertEquals(wordsWithin(wordAudio(1, 1).length / 8), 1);
    assertEquals(wordsWithin(wordAudio(1, 1).length / 8 - 10), 0);
  });
});

describe("a call that counts, with a brain that works", () => {
  it("hears each word of each answer once, and the brain each frame of the caller's once", async () => {
    const brain = await startFaultBrain({ thinkMs: 100, hangsUp: (question) => question === 400 });
    const line = await lineTo("binary", brain.url, { EARSHOT_TRANSCRIBE: "gpt-realtime-whisper" });
    try {
      const call = new FaultCall(line.phone);
      await call.dial();
      assert(await call.heard(0, ANSWER_WORDS, 8000), "the greeting");
      for (const question of [5, 400]) {
        const asked = call.ask("question_open", question);
        assert(await call.heard(question, ANSWER_WORDS, 10_000), "the answer");
        const answer = call.answerTo(question)!;
        assertEquals(answer.times, Array(ANSWER_WORDS).fill(1));
        assertLess(answer.longestSilenceMs, 100);
        assertGreater(answer.fromMs - asked.endedAtMs, 200);
        const counted = brain.counting.answers.findLast((one) => one.question === question)!;
        assertEquals(wordsOfCaller(asked, counted.frames), { lost: 0, twice: 0 });
        assertEquals(brain.linkOf(call.number), brain.links[0]);
      }
      const end = await call.phone.ended;
      assertEquals(end.by, "api");
      assertEquals(call.phrases(), []);
    } finally {
      await line.close();
      await brain.close();
    }
  });
});
