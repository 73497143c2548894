import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

test("what is said on after the brain has committed its beginning is still being said", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", 8000);
  talk.pass(2000);
  talk.heard(2000);
  talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
  talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "stop" });
  talk.pass(400);
  talk.committed("stop");
  // Our detector has heard no pause: past 700 ms it is an interruption, and goes on.
  talk.pass(400);
  assertEquals(talk.count("drop"), 1);
  assertEquals(talk.state.awaiting.map(({ items }) => items), [["stop"]]);
  assertEquals(talk.state.speaking?.items, []);
});
