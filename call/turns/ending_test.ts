import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

/** Nobody has said anything, the agent has asked, and now it says goodbye. */
function goodbye(turns: "server" | "local" = "server"): Talk {
  const talk = new Talk({ silencePromptMs: 5000, turns });
  talk.pass(5000);
  talk.answered("r1", talk.asked);
  talk.pass(5000);
  assertEquals(talk.state.endReason, "caller_silent");
  return talk;
}

for (const turns of ["server", "local"] as const) {
  test(`whoever speaks into the goodbye to a silent caller is there, with ${turns} turns`, () => {
    const talk = goodbye(turns);
    talk.created("r2", talk.asked);
    talk.sounds("r2", "bye", 3000);
    talk.done("r2");
    talk.pass(500);
    talk.heard(500);
    if (turns === "server") talk.spoken(900, "wait");
    else talk.voice(900);
    assertEquals([talk.state.phase, talk.state.endReason], ["open", null]);
    assertEquals(talk.count("drop"), 1);
    talk.answered("r3", turns === "local" ? talk.asked : "");
    assertEquals(talk.state.awaiting, []);
    talk.pass(4000);
    assertEquals(talk.state.phase, "open");
  });
}

test("who speaks before the goodbye has begun is answered, and there is no goodbye", () => {
  const talk = goodbye();
  const asked = talk.asked;
  talk.spoken(900, "wait");
  talk.created("r2", asked);
  talk.done("r2");
  talk.pass(1000);
  assertEquals(talk.all("create_response").map(({ kind }) => kind).slice(-1), ["turn"]);
  assertEquals(talk.state.owes, []);
});

test("a cough into the goodbye changes nothing but the time", () => {
  const talk = goodbye();
  talk.created("r2", talk.asked);
  talk.sounds("r2", "bye", 5000);
  talk.done("r2");
  talk.pass(500);
  talk.heard(500);
  talk.voice(120);
  talk.pass(400);
  talk.heardOut();
  talk.pass(1);
  assertEquals([talk.state.phase, talk.state.endReason], ["closed", "caller_silent"]);
});

test("a goodbye that is refused for a minute is not waited for", () => {
  const talk = goodbye();
  talk.tell({ type: "refused", name: talk.asked, why: "failed", retryAfterMs: 60_000 });
  assertEquals([talk.state.phase, talk.state.endReason], ["closed", "caller_silent"]);
});

test("what is typed into the goodbye is answered too", () => {
  const talk = goodbye();
  talk.created("r2", talk.asked);
  talk.sounds("r2", "bye", 3000);
  talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
  assertEquals(talk.state.phase, "open");
  talk.done("r2");
  talk.answered("r3", talk.asked);
  assertEquals(talk.state.awaiting, []);
});

test("a goodbye can't be spoken into when the brain is gone", () => {
  const talk = goodbye();
  talk.created("r2", talk.asked);
  talk.sounds("r2", "bye", 3000);
  talk.tell({ type: "brain_failed" });
  talk.voice(900);
  assertEquals([talk.state.phase, talk.state.endReason], ["ending", "brain_failed"]);
});

test("nobody is idle who speaks", () => {
  const talk = new Talk({ idleLimitMs: 5000 });
  talk.pass(2000);
  talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
  talk.pass(10_000);
  assertEquals(talk.state.phase, "open");
  talk.tell({ type: "caller_stopped", by: "local", endMs: talk.nowMs - 200, playing: [] });
  talk.pass(4000);
  assertEquals(talk.state.phase, "open");
});
