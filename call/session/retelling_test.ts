import test from "node:test";
import { assertEquals } from "@std/assert";
import { PCM_24K, PCMU } from "../../media/format.ts";
import { Transcript } from "../transcript.ts";
import { type Answer, type CallState, openingState, type Utterance } from "../turns/state.ts";
import { PLAIN } from "../../tests/turns/profiles.ts";
import { Retelling } from "./retelling.ts";
import { VoiceMemory } from "./voice_memory.ts";

const voice = (id: number, onsetMs: number, endMs: number, items: string[] = []): Utterance => ({
  id,
  by: "voice",
  onsetMs,
  endMs,
  items,
  taken: false,
  brainAnswersSinceMs: null,
  uncommitted: false,
  unsentRef: 0,
});

const answer = (its: Partial<Answer>): Answer => ({
  id: 9,
  kind: "turn",
  utterances: [],
  responseId: "r",
  items: ["a1"],
  sinceMs: 0,
  sounds: true,
  spoken: false,
  usedTool: false,
  early: false,
  cancelled: false,
  over: false,
  ...its,
});

function setUp(state: Partial<CallState> = {}, keepVoiceMs = 0) {
  const transcript = new Transcript();
  const memory = new VoiceMemory(PCMU);
  memory.keepFromMs = 0;
  for (let n = 1; n <= 500; n++) memory.push(new Uint8Array(160).fill(n % 256), n * 20);
  const retelling = new Retelling(transcript, memory, PCMU, keepVoiceMs);
  return { transcript, memory, retelling, state: { ...openingState(PLAIN, 0), ...state } };
}

/** Roles with words, or with the ms of their voice. */
const read = (requests: string[], bytesPerMs = 8) =>
  requests.map((request) => {
    const { type, item, item_id } = JSON.parse(request);
    if (type !== "conversation.item.create") return [type, item_id];
    const [{ text, audio }] = item.content;
    return [item.role, text ?? Math.round(Uint8Array.fromBase64(audio).length / bytesPerMs)];
  });

test("tells the lines in their order, and as voice what nobody has answered and written down", () => {
  const { transcript, retelling, state } = setUp({ awaiting: [voice(3, 5000, 6000, ["c2"])] });
  transcript.agentSaid("a0", "How can I help?", true);
  transcript.callerSpoke("c1");
  transcript.agentSaid("a1", "We are open.", true);
  transcript.callerSpoke("c2");
  retelling.lost(state, []);
  assertEquals(read(retelling.tell(state, PCMU)), [
    ["assistant", "How can I help?"],
    ["assistant", "We are open."],
    ["user", 1500],
  ]);
});

test("what was said while there was no session is told with the rest", () => {
  const { retelling, state } = setUp();
  retelling.lost(state, []);
  const later = { ...state, awaiting: [voice(3, 5000, 6000)] };
  assertEquals(read(retelling.tell(later, PCMU)), [["user", 1500]]);
});

test("a voice is told in the format of the brain that hears it", () => {
  const { retelling, state } = setUp({ awaiting: [voice(3, 5000, 6000)] });
  retelling.lost(state, []);
  assertEquals(read(retelling.tell(state, PCM_24K), 48), [["user", 1500]]);
});

test("of an answer that was cut, the words are told that its sound had time for", () => {
  const { transcript, retelling, state } = setUp({
    answers: [answer({ utterances: [voice(3, 5000, 6000, ["c1"])] })],
  });
  transcript.agentSaid("a0", "A sentence of forty characters, or nearly", true);
  transcript.lasts("a0", 4000); // this agent says ten characters a second
  transcript.callerSpoke("c1");
  transcript.agentSaid("a1", "We have a table at eight and one at nine", true);
  retelling.lost(state, [{ itemId: "a1", heardMs: 300, receivedMs: 2000 }]);
  assertEquals(read(retelling.tell(state, PCMU)).slice(1), [
    ["user", 1500],
    ["assistant", "We have a table at"],
  ]);
});

test("who breaks into what plays on is believed: the line is told again, as far as it was heard", () => {
  const { transcript, retelling, state } = setUp();
  transcript.agentSaid("a1", "We have a table at eight and one at nine", true);
  retelling.lost(state, [{ itemId: "a1", heardMs: 300, receivedMs: 4000 }]);
  const [told] = retelling.tell(state, PCMU);
  const { id } = JSON.parse(told!).item;
  transcript.cut("a1", 2000, 4000);
  assertEquals(read(retelling.correct("a1")), [
    ["conversation.item.delete", id],
    ["assistant", "We have a table at"],
  ]);
  transcript.remove("a1");
  assertEquals(read(retelling.correct("a1")).length, 1, "nothing of it was heard after all");
});

test("a second loss tells the same again, under names of its own", () => {
  const { transcript, retelling, state } = setUp({ awaiting: [voice(3, 5000, 6000)] });
  transcript.agentSaid("a1", "Hello", true);
  retelling.lost(state, []);
  const first = retelling.tell(state, PCMU);
  retelling.lost(state, []);
  const second = retelling.tell(state, PCMU);
  assertEquals(read(second), read(first));
  const ids = [...first, ...second].map((text) => JSON.parse(text).item.id);
  assertEquals(new Set(ids).size, 4);
});

test("once nothing waits for an answer, no voice is told any more", () => {
  const { retelling, state } = setUp({ awaiting: [voice(3, 5000, 6000)] });
  retelling.lost(state, []);
  retelling.answered();
  assertEquals(retelling.tell({ ...state, awaiting: [] }, PCMU), []);
});

test("another machine is told what was heard by then, and what the agent owes", () => {
  const { transcript, retelling, state } = setUp({
    soundSinceMs: 100,
    answers: [answer({ utterances: [voice(3, 5000, 6000)] })],
    speaking: voice(5, 9000, 9000),
  });
  transcript.callerSaid("t1", "When?");
  transcript.agentSaid("a1", "We have a table at eight and one at nine", true);
  const playing = [{ itemId: "a1", heardMs: 1300, receivedMs: 2600 }];
  const context = retelling.context(state, playing, 77);
  assertEquals(context.lines, [
    { role: "caller", text: "When?" },
    { role: "agent", text: "We have a table at" },
  ]);
  assertEquals([context.owes, context.startedAtMs], ["go_on", 77]);
  assertEquals(context.unanswered.map(({ ended }) => ended), [true, false]);

  const there = setUp();
  there.retelling.resume(context);
  const told = read(there.retelling.tell(there.state, PCMU));
  assertEquals(told.slice(0, 2), [["user", "When?"], ["assistant", "We have a table at"]]);
  assertEquals(told[2], ["user", 1500]);
  assertEquals(told.length, 3, "what is still being said is heard again instead");
});

test("what was answered is kept as a voice, the last of it, unless somebody wrote it down", () => {
  const said = [1, 2, 3, 4].map((n) => voice(n, n * 2000, n * 2000 + 500, [`c${n}`]));
  const { transcript, retelling, state } = setUp({}, 2100);
  for (const [n, utterance] of said.entries()) {
    transcript.callerSpoke(`c${n + 1}`);
    retelling.answering({ ...state, answers: [answer({ utterances: [utterance] })] });
    transcript.agentSaid(`a${n + 1}`, `Answer ${n + 1}`, true);
    if (n === 2) transcript.callerSaid("c3", "The third");
    retelling.answered();
  }
  retelling.lost(state, []);
  assertEquals(read(retelling.tell(state, PCMU)), [
    ["assistant", "Answer 1"],
    ["user", 1000],
    ["assistant", "Answer 2"],
    ["user", "The third"],
    ["assistant", "Answer 3"],
    ["user", 1000],
    ["assistant", "Answer 4"],
  ]);
});
