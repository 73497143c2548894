import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

/** A goodbye is played, and somebody makes a sound over it when the agent wants to hang up. */
function soundAtHangUp(ms: number): Talk {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", 6000);
  talk.pass(2000);
  talk.heard(2000);
  talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
  talk.pass(100);
  talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
  talk.done("r1");
  talk.pass(ms - 100);
  return talk;
}

test("nobody is hung up on who may be breaking in", () => {
  const talk = soundAtHangUp(800);
  assertEquals(talk.state.phase, "open");
  assertEquals(talk.count("drop"), 1);
  // The call of the tool stays in the conversation, so the model is told.
  assertEquals(talk.all("tool_output").map(({ outcome }) => outcome), ["interrupted"]);
});

test("after a false alarm the agent hangs up as it meant to, when its words are heard", () => {
  const talk = soundAtHangUp(150);
  const endMs = talk.nowMs;
  talk.tell({ type: "caller_stopped", by: "local", endMs, playing: [] });
  assertEquals(talk.state.phase, "open");
  talk.pass(400);
  assertEquals(talk.state.phase, "open");
  talk.heardOut();
  assertEquals([talk.state.phase, talk.state.endReason], ["closed", "agent_hung_up"]);
});

test("who types while the agent wants to hang up, and somebody may be breaking in, is answered", () => {
  const talk = soundAtHangUp(150);
  talk.tell({ type: "caller_stopped", by: "local", endMs: talk.nowMs, playing: [] });
  talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
  assertEquals(talk.state.phase, "open");
  assertEquals(talk.all("tool_output").map(({ outcome }) => outcome), ["interrupted"]);
});

/** Of a goodbye, `heardMs` of `ofMs` were heard; all of it came long ago, with the wish to hang up. */
function goodbye(heardMs: number, ofMs: number, settings = {}): Talk {
  const talk = new Talk(settings);
  if (talk.state.settings.turns === "local") talk.voice(800);
  else talk.spoken(800, "question");
  talk.created("r1", talk.state.settings.turns === "local" ? talk.asked : "");
  talk.sounds("r1", "bye", ofMs);
  talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
  talk.done("r1");
  talk.pass(heardMs);
  talk.heard(heardMs);
  return talk;
}

for (const turns of ["server", "local"] as const) {
  test(`a goodbye that is still to be heard can be broken into, with ${turns} turns`, () => {
    const talk = goodbye(2000, 8000, { turns });
    if (turns === "server") talk.spoken(1500, "wait");
    else talk.voice(1500);
    assertEquals(talk.state.phase, "open");
    assertEquals(talk.count("drop"), 1);
    assertEquals(talk.all("tool_output").map(({ outcome }) => outcome), ["interrupted"]);
    talk.answered("r2", turns === "server" ? "" : talk.asked);
    assertEquals(talk.state.awaiting, []);
  });

  test(`"bye" into the end of a goodbye is no reason to stay, with ${turns} turns`, () => {
    const talk = goodbye(7600, 8000, { turns });
    talk.voice(350);
    talk.pass(400);
    assertEquals(talk.count("drop"), 0);
    talk.heardOut();
    assertEquals([talk.state.phase, talk.state.endReason], ["closed", "agent_hung_up"]);
  });
}

test("a goodbye that is heard out ends the call, though the brain never says that it is over", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "bye", 3000);
  talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
  talk.tell({ type: "audio_done", responseId: "r1" });
  talk.heardOut();
  assertEquals(talk.state.phase, "closed");
});

/** The agent hangs up without a word: a goodbye is asked for. */
function wordlessHangUp(): Talk {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
  talk.done("r1");
  return talk;
}

/** Of which 1200 ms were heard. */
function saysGoodbye(talk: Talk): void {
  talk.created("r2", talk.asked);
  talk.sounds("r2", "bye", 4000);
  talk.done("r2");
  talk.pass(1200);
  talk.heard(1200);
}

test("whoever speaks into the goodbye that a wordless hang-up needed is there", () => {
  const talk = wordlessHangUp();
  saysGoodbye(talk);
  talk.spoken(1200, "wait");
  assertEquals(talk.state.phase, "open");
  talk.answered("r3");
  assertEquals(talk.state.awaiting, []);
});

test("a cough into that goodbye ends the call for the reason that it had", () => {
  const talk = wordlessHangUp();
  saysGoodbye(talk);
  talk.voice(120);
  talk.pass(400);
  talk.heardOut();
  talk.pass(1);
  assertEquals([talk.state.phase, talk.state.endReason], ["closed", "agent_hung_up"]);
});

test("a goodbye that the brain ignores is asked for again", () => {
  const talk = wordlessHangUp();
  talk.pass(3000);
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["goodbye", "goodbye"]);
});
