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
  assertEquals(talk.state.phase, "ending");
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
