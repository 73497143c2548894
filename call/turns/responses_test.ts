import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

test("an answer that the brain begins before it says what it has heard cuts ours to what was heard", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", 6000);
  talk.pass(1000);
  talk.heard(1000);
  // Only the brain's detector hears the caller, and its answer overtakes its own news.
  talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "second" });
  talk.pass(900);
  const endMs = talk.nowMs;
  talk.tell({ type: "caller_stopped", by: "brain", endMs, itemId: "second", playing: [] });
  talk.created("r2");
  assertEquals(talk.all("truncate"), [{ type: "truncate", itemId: "i1", audioEndMs: 1000 }]);
  assertEquals(talk.count("delete_item"), 0);
  assertEquals(talk.count("cancel_response"), 1);
});

test("what the caller said belongs to the answer to what a tool returns", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: false });
  talk.done("r1");
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["tool"]);
  // It is refused for good reasons: the question is still there to be answered.
  assertEquals(talk.state.answers.at(-1)!.utterances.map(({ items }) => items), [["question"]]);
});

test("a brain that answers by itself with local turns answers once", () => {
  const talk = new Talk({ turns: "local" });
  talk.voice(800);
  const asked = talk.asked;
  talk.tell({ type: "committed", itemId: "question", playing: [] });
  talk.created("own");
  talk.tell({ type: "refused", name: asked, why: "active", retryAfterMs: 0 });
  talk.sounds("own", "i1");
  talk.done("own");
  talk.heardOut();
  talk.pass(3000);
  assertEquals(talk.count("create_response"), 1);
  assertEquals(talk.state.awaiting, []);
});

test("what was called off before it was created doesn't take the brain's own answer for itself", () => {
  const talk = new Talk();
  // Nobody knows yet whether this brain gives names back.
  talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
  talk.spoken(800, "words");
  talk.created("own");
  assertEquals(talk.count("cancel_response"), 0);
});
