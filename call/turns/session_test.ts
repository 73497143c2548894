import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { EventOf } from "./events.ts";
import { Talk, types } from "./test_talk.ts";

const lose = (talk: Talk) => talk.tell({ type: "brain_lost" });
const stands = (talk: Talk) => talk.tell({ type: "brain_ready" });
const kinds = (talk: Talk) => talk.all("create_response").map(({ kind }) => kind);
const phrases = (talk: Talk) => talk.all("say").map(({ phrase }) => phrase);

/** A question was answered so far that 4 s came, and 1.5 s of them were heard. */
function answering(): Talk {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1");
  talk.pass(1500);
  talk.heard(1500);
  return talk;
}

describe("a session that is lost", () => {
  it("owes its answer to the next one, which is asked once", () => {
    const talk = new Talk();
    talk.spoken(800, "question");
    talk.created("r1");
    lose(talk);
    talk.pass(400);
    assertEquals(kinds(talk), []);
    assertEquals(types(stands(talk)), ["create_response"]);
    talk.answered("r2", talk.asked);
    talk.pass(5000);
    assertEquals(kinds(talk), ["turn"]);
  });

  it("leaves what came of an answer to be heard, and its rest to the next one", () => {
    const talk = answering();
    assertEquals(types(lose(talk)), []);
    talk.pass(300);
    stands(talk);
    talk.heardOut();
    talk.answered("r2", talk.asked);
    talk.pass(5000);
    assertEquals(kinds(talk), ["go_on"]);
  });

  it("has nothing to go on with of an answer that came whole", () => {
    const talk = answering();
    talk.tell({ type: "audio_done", responseId: "r1" });
    lose(talk);
    talk.pass(300);
    stands(talk);
    talk.heardOut();
    talk.pass(5000);
    assertEquals(kinds(talk), []);
  });

  it("doesn't keep the caller from breaking into what plays on", () => {
    const talk = answering();
    lose(talk);
    talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
    assertEquals(types(talk.pass(800)), ["drop", "truncate"]);
    talk.pass(200);
    talk.tell({ type: "caller_stopped", by: "local", endMs: talk.nowMs, playing: [] });
    stands(talk);
    assert(talk.state.speaking, "the next session hears these words from their beginning");
    assertEquals(kinds(talk), [], "and whoever interrupts wants no rest of it");
  });

  it("takes what was typed meanwhile with it to the next one, once", () => {
    const talk = new Talk();
    lose(talk);
    talk.tell({ type: "caller_wrote", ref: 7, playing: [] });
    assertEquals(talk.count("send_text"), 0);
    assertEquals(types(stands(talk)), ["send_text", "create_response"]);
    lose(talk);
    talk.pass(300);
    stands(talk);
    assertEquals(talk.count("send_text"), 1);
    assertEquals(kinds(talk), ["turn", "turn"]);
  });

  it("may have been deaf: what it didn't hear, the next one hears", () => {
    const talk = new Talk();
    talk.voice(800);
    assertEquals(types(talk.pass(700)), ["suspect_session"]);
    lose(talk);
    talk.pass(200);
    stands(talk);
    assertEquals(talk.state.speaking?.onsetMs, 0);
    assertEquals(types(talk.committed("question")), ["begin_turn"]);
    assertEquals(kinds(talk), []);
  });

  it("is not asked for what was being said, though it had heard it end", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_started", by: "brain", onsetMs: 0, itemId: "question" });
    talk.voice(800);
    talk.tell({
      type: "caller_stopped",
      by: "brain",
      endMs: 800,
      heardToMs: 1000,
      itemId: "question",
      playing: [],
    });
    lose(talk);
    talk.pass(200);
    stands(talk);
    // It is deaf as well.
    talk.pass(5000);
    assertEquals(kinds(talk), ["unheard"]);
  });

  it("calls no tool any more: the next one does", () => {
    const talk = new Talk({ turns: "local" });
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.pass(800);
    talk.tell({ type: "caller_maybe_done", endMs: 800 });
    talk.created("r1", talk.asked);
    talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: false });
    talk.done("r1");
    lose(talk);
    talk.tell({ type: "caller_stopped", by: "local", endMs: 800, playing: [] });
    stands(talk);
    talk.pass(200);
    assertEquals(talk.count("tool_output"), 0);
    assertEquals(kinds(talk), ["turn", "turn"]);
  });

  it("has said goodbye, and that is not undone", () => {
    const talk = answering();
    talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
    lose(talk);
    assertEquals(talk.heardOut().at(-1), { type: "close", reason: "agent_hung_up", hangUp: true });
  });

  it("greets no second time", () => {
    const talk = new Talk({ greets: true });
    talk.created("r1", talk.asked);
    talk.sounds("r1", "i1");
    talk.tell({ type: "audio_done", responseId: "r1" });
    lose(talk);
    talk.heardOut();
    stands(talk);
    talk.pass(5000);
    assertEquals(kinds(talk), ["greeting"]);
  });

  it("is replaced in a pause, and nobody notices", () => {
    const talk = new Talk({ silencePromptMs: 7000 });
    talk.spoken(800, "question");
    talk.answered("r1");
    assertEquals([...lose(talk), ...stands(talk)], []);
    assertEquals(talk.state.failures, 0);
  });
});

describe("whoever waits for another session", () => {
  it("is told to wait, and at the end of the time that it is over", () => {
    const talk = new Talk();
    lose(talk);
    talk.voice(800);
    talk.pass(3000);
    assertEquals(phrases(talk), ["one_moment"]);
    talk.heardOut();
    talk.pass(7000);
    assertEquals(phrases(talk).at(-1), "apology");
  });

  it("is told nothing while nothing is owed to them", () => {
    const talk = new Talk();
    lose(talk);
    talk.pass(9900);
    assertEquals(phrases(talk), []);
  });

  it("hears what came of an answer to its end, however the others fail", () => {
    for (const fails of [true, false]) {
      const talk = answering();
      lose(talk);
      talk.pass(5000);
      if (fails) talk.tell({ type: "brain_failed" });
      talk.pass(15_000);
      assertEquals(phrases(talk), []);
      talk.heardOut();
      talk.pass(1);
      assertEquals(phrases(talk), ["apology"]);
    }
  });

  it("is not kept waiting by sessions that die of their question", () => {
    const talk = new Talk();
    talk.spoken(800, "question");
    for (let n = 0; n < 10 && !phrases(talk).includes("apology"); n++) {
      lose(talk);
      talk.pass(200);
      stands(talk);
      talk.pass(3000);
      talk.heardOut();
    }
    assertEquals(phrases(talk).at(-1), "apology");
    assertEquals(kinds(talk).length, 4);
  });

  it("is heard by a brain with other habits", () => {
    const talk = new Talk({ greets: true });
    talk.created("r1", talk.asked);
    lose(talk);
    talk.pass(200);
    stands(talk);
    // It gives no names back.
    assertEquals(types(talk.created("r2")), []);
  });
});

describe("a call that went on elsewhere before", () => {
  const resumed = (owes: EventOf<"call_resumed">["owes"]) => {
    const talk = new Talk({ greets: owes === "greeting" }, false);
    talk.tell({ type: "call_resumed", owes });
    stands(talk);
    return kinds(talk).join();
  };

  it("goes on with what it owes", () => {
    assertEquals(resumed("nothing"), "");
    assertEquals(resumed("greeting"), "greeting");
    assertEquals(resumed("answer"), "turn");
    assertEquals(resumed("go_on"), "go_on");
    assertEquals(resumed("welcome_back"), "welcome_back");
  });

  it("says goodbye when it was about to, and then ends", () => {
    const talk = new Talk({ greets: false }, false);
    talk.tell({ type: "call_resumed", owes: "goodbye" });
    stands(talk);
    assertEquals([kinds(talk).join(), talk.state.phase], ["goodbye", "ending"]);
    talk.pass(60_000);
    assertEquals([talk.state.phase, talk.state.endReason], ["closed", "agent_hung_up"]);
  });
});
