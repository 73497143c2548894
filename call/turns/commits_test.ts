import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

test("a turn that we end for the brain is answered once, though the brain commits it by name", () => {
  const talk = new Talk();
  talk.tell({ type: "caller_started", by: "brain", onsetMs: 0, itemId: "long" });
  talk.voice(800);
  talk.pass(5000);
  assertEquals(talk.count("commit"), 1);
  const [, asked] = [talk.committed("long"), talk.asked];
  talk.answered("r1", asked);
  talk.pass(5000);
  assertEquals(talk.count("create_response"), 1);
  assertEquals(talk.state.awaiting, []);
});
